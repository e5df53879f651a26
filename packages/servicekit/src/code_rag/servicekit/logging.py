"""One structured log for our code and its libraries, with the request id in every line."""

import logging
import sys

import structlog
from structlog.typing import Processor

from code_rag.servicekit.settings import Environment, LogLevel


def configure_logging(service: str, level: LogLevel, environment: Environment) -> None:
    """Send every log line to stderr: as text in the environment `local`, as JSON in the others."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_service(service),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderer(environment)],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for verbose in ("httpx", "httpx2", "httpcore", "httpcore2", "watchfiles"):
        logging.getLogger(verbose).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        cache_logger_on_first_use=True,
    )


def _renderer(environment: Environment) -> list[Processor]:
    if environment == "local":
        # Plain tracebacks: rich ones print local variables, which may hold keys and source code.
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _add_service(service: str) -> Processor:
    def add(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = service
        return event

    return add
