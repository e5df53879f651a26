"""Where a service finds the files of its model: a folder, the cache, a hub, packages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import structlog
from pydantic import Field

from code_rag.servicekit.settings import ServiceSettings, Url

log = structlog.get_logger(__name__)

Found = TypeVar("Found")


class SourceFailed(Exception):
    """One source does not have the model; the message says why."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where to look, in this order: `directory`, `cache_dir`, `hub` (None: not at all), packages."""

    cache_dir: Path
    directory: Path | None = None
    hub: str | None = "https://huggingface.co"


class HubSettings(ServiceSettings):
    """The variables of a service that may fetch its model from a hub."""

    hf_endpoint: Url = Field(
        "https://huggingface.co", description="Hugging Face hub, or a mirror, to fetch the model from."
    )
    hf_hub_offline: bool = Field(False, description="`1` skips the hub.")

    def sources(self, cache_dir: Path, directory: Path | None) -> Sources:
        """The two folders, and the hub unless it is to be skipped."""
        return Sources(cache_dir, directory, None if self.hf_hub_offline else self.hf_endpoint.rstrip("/"))


def first_of(
    attempts: Iterable[tuple[str, Callable[[], Found]]], failures: list[str]
) -> tuple[Found, str] | None:
    """What the first source brings, and its name; None where each raises SourceFailed.

    Why is added to `failures`, one text for each.
    """
    for source, attempt in attempts:
        try:
            return attempt(), source
        except SourceFailed as failure:
            log.warning("this source does not have the model", source=source, reason=str(failure))
            failures.append(f"{source}: {failure}")
    return None
