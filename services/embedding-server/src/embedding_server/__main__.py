"""`python -m embedding_server` serves until it is told to stop."""

from embedding_server.app import create_app
from embedding_server.settings import Settings
from servicekit import server
from servicekit.logging import configure_logging
from servicekit.settings import settings_or_exit


def main() -> None:
    """Read the settings, then serve."""
    settings = settings_or_exit(Settings)
    configure_logging("embedding-server", settings.log_level, settings.environment)
    server.run(create_app(settings), settings)


if __name__ == "__main__":
    main()
