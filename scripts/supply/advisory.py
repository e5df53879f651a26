"""Advisories in the form of OSV (https://ossf.github.io/osv-schema), and whether one is about a version."""

from collections.abc import Iterator
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pydantic import BaseModel

ECOSYSTEM = "PyPI"
KINDS = ("introduced", "fixed", "last_affected")


class Range(BaseModel):
    """Versions between events, each of which has one of `KINDS` and a version."""

    type: str
    events: list[dict[str, str]] = []

    def holds(self, version: Version) -> bool:
        """Whether a version is affected, as the algorithm of the OSV schema decides it."""
        affected = False
        for kind, at in sorted(self._events(), key=lambda event: event[1]):
            if kind == "introduced" and version >= at:
                affected = True
            elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
                affected = False
        return affected

    def _events(self) -> Iterator[tuple[str, Version]]:
        for event in self.events:
            for kind in KINDS:
                if kind in event:
                    yield kind, Version(event[kind])


class Package(BaseModel):
    """A package by its name in an ecosystem."""

    name: str
    ecosystem: str


class Affected(BaseModel):
    """The versions of a package that an advisory is about."""

    package: Package
    ranges: list[Range] = []
    versions: list[str] = []

    def holds(self, name: str, version: str) -> bool:
        """Whether a version of a package is affected; raises InvalidVersion for what is no version."""
        if self.package.ecosystem != ECOSYSTEM or canonicalize_name(self.package.name) != name:
            return False
        ordered = [each for each in self.ranges if each.type in ("ECOSYSTEM", "SEMVER")]
        return version in self.versions or any(each.holds(Version(version)) for each in ordered)


class Advisory(BaseModel):
    """A known weakness."""

    id: str
    modified: str = ""
    aliases: list[str] = []
    summary: str = ""
    withdrawn: str | None = None
    affected: list[Affected] = []

    def holds(self, name: str, version: str) -> bool:
        """Whether it is about this version of a package; a range that cannot be read counts as if it were."""
        if self.withdrawn:
            return False
        try:
            return any(each.holds(name, version) for each in self.affected)
        except InvalidVersion:
            return any(canonicalize_name(each.package.name) == name for each in self.affected)

    def slim(self) -> dict[str, Any]:
        """What is kept of it: versions are listed only where no range says them."""
        kept = self.model_dump(exclude_defaults=True)
        for each in kept.get("affected", []):
            each["ranges"] = [one for one in each.get("ranges", []) if one["type"] != "GIT"]
            if each["ranges"]:
                each.pop("versions", None)
        return kept
