"""`make audit`: looks locked packages up in requirements/advisories.json; REFRESH=1 asks osv.dev first."""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import httpx2
from pydantic import BaseModel, ValidationError

from scripts.supply.advisory import ECOSYSTEM, Advisory
from scripts.supply.lock import FOLDER, Locked, locked, locks_of

FILE = FOLDER / "advisories.json"
OSV = "https://api.osv.dev"
STALE_DAYS = 30
TIMEOUT_SECONDS = 20


class Advisories(BaseModel):
    """The file: what is known of our packages, and when osv.dev was last asked."""

    refreshed: date | None = None
    advisories: list[Advisory] = []


class Refused(SystemExit):
    """The check failed, or could not be made; the message says why and what to do."""


def read(file: Path) -> Advisories:
    """The advisories in `file`; raises Refused where it cannot be read."""
    try:
        return Advisories.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise Refused(
            f"{file} cannot be read: {error}. Restore it, or write it again: make audit REFRESH=1"
        ) from error


def findings(packages: Iterable[Locked], advisories: Iterable[Advisory]) -> Iterator[str]:
    """A line for each advisory that is about a locked version."""
    known = list(advisories)
    for package in packages:
        for each in known:
            if each.holds(package.name, package.version):
                names = ", ".join([each.id, *each.aliases])
                yield f"{package.name} {package.version}: {names}: {each.summary}"


def refresh(file: Path, packages: Iterable[Locked], url: str = OSV) -> None:
    """Write what osv.dev knows of these packages, in any version; raises Refused, with `file` unchanged."""
    found: dict[str, Advisory] = {}
    try:
        with httpx2.Client(base_url=url, timeout=TIMEOUT_SECONDS) as client:
            for name in sorted({package.name for package in packages}):
                found |= {each.id: each for each in _known(client, name)}
    except (httpx2.HTTPError, ValidationError, ValueError) as error:
        raise Refused(
            f"{url} cannot be asked ({error}): the advisories stay as they are. It needs a network."
        ) from error
    slim = [found[key].slim() for key in sorted(found)]
    content = {"refreshed": datetime.now(UTC).date().isoformat(), "advisories": slim}
    scratch = file.with_suffix(".tmp")
    scratch.write_text(json.dumps(content, indent=1) + "\n")
    scratch.replace(file)


def _known(client: httpx2.Client, name: str) -> Iterator[Advisory]:
    query: dict[str, object] = {"package": {"name": name, "ecosystem": ECOSYSTEM}}
    while True:
        answer = client.post("/v1/query", json=query).raise_for_status().json()
        yield from map(Advisory.model_validate, answer.get("vulns", []))
        if not answer.get("next_page_token"):
            return
        query["page_token"] = answer["next_page_token"]


def age(advisories: Advisories, today: date) -> str:
    """How old the advisories are, and what to do where that is too old."""
    if advisories.refreshed is None:
        return "never refreshed: run make audit REFRESH=1 where there is a network"
    days = (today - advisories.refreshed).days
    old = f", {days} days old: run make audit REFRESH=1 where there is a network" if days > STALE_DAYS else ""
    return f"of {advisories.refreshed}{old}"


def audit(file: Path, packages: list[Locked]) -> str:
    """What was looked up in what; raises Refused, which lists the packages with a known weakness."""
    advisories = read(file)
    state = f"{len(advisories.advisories)} advisories, {age(advisories, datetime.now(UTC).date())}"
    if found := list(findings(packages, advisories.advisories)):
        raise Refused("\n".join([*found, f"Raise these versions: scripts/lock.sh. ({state})"]))
    return f"{len(packages)} locked packages: no known weakness ({state})."


def main() -> None:
    """Check all locks, after a refresh with --refresh."""
    packages = locked(*locks_of(), everywhere=True)
    if "--refresh" in sys.argv:
        refresh(FILE, packages)
    print(audit(FILE, packages))


if __name__ == "__main__":
    main()
