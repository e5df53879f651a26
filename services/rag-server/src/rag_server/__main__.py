"""`python -m rag_server` serves until it is told to stop."""

import sys

from rag_server.app import create_app
from rag_server.ports import StoreUnusable
from rag_server.settings import Settings
from servicekit import server
from servicekit.logging import configure_logging
from servicekit.settings import settings_or_exit


def main() -> None:
    """Read the settings, then serve; a store that cannot be opened ends the start with one sentence."""
    settings = settings_or_exit(Settings)
    configure_logging("rag-server", settings.log_level, settings.environment)
    try:
        app = create_app(settings)
    except StoreUnusable as error:
        print(f"Cannot start: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    server.run(app, settings)


if __name__ == "__main__":
    main()
