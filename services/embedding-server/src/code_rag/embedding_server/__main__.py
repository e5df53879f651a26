"""`python -m code_rag.embedding_server` serves until it is told to stop."""

from code_rag.embedding_server.app import create_app
from code_rag.embedding_server.settings import Settings
from code_rag.servicekit import server
from code_rag.servicekit.logging import configure_logging
from code_rag.servicekit.settings import settings_or_exit


def main() -> None:
    """Read the settings, then serve."""
    settings = settings_or_exit(Settings)
    configure_logging("embedding-server", settings.log_level, settings.environment)
    server.run(create_app(settings), settings)


if __name__ == "__main__":
    main()
