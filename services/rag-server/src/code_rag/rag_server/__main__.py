"""`python -m code_rag.rag_server` serves until it is told to stop."""

import sys

from code_rag.rag_server.app import create_app
from code_rag.rag_server.ports import StoreUnusable
from code_rag.rag_server.settings import Settings
from code_rag.servicekit import server
from code_rag.servicekit.logging import configure_logging
from code_rag.servicekit.settings import settings_or_exit


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
