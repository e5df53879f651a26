"""`python -m code_rag.llm_server.gguf` fetches the local model's file, and shows its progress."""

from code_rag.llm_server.gguf.failures import ModelMissing
from code_rag.llm_server.gguf.progress import Printed
from code_rag.llm_server.gguf.resolving import resolve, sources_of
from code_rag.llm_server.settings import Settings
from code_rag.servicekit.logging import configure_logging
from code_rag.servicekit.settings import settings_or_exit


def main() -> None:
    """Find or fetch the file as the environment says and print its source; exit with a message if none."""
    settings = settings_or_exit(Settings)
    configure_logging("llm-server", settings.log_level, settings.environment)
    try:
        found = resolve(settings.local_model, sources_of(settings), Printed())
    except ModelMissing as error:
        raise SystemExit(str(error)) from None
    print(f"{found.id} from {found.source}: {found.path}")


if __name__ == "__main__":
    main()
