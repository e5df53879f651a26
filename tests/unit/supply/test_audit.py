"""Locked packages are looked up in advisories: those with a known weakness are named."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scripts.supply.advisory import Advisory
from scripts.supply.audit import FILE, STALE_DAYS, Advisories, Refused, age, audit, findings, read, refresh
from scripts.supply.lock import Locked, locked, locks_of, shipped
from tests.unit.rag_server.serving import serving


def advisory(name: str, *events: dict[str, str], **more: Any) -> Advisory:
    """An advisory about versions of a package between events."""
    affected = {
        "package": {"name": name, "ecosystem": "PyPI"},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    return Advisory.model_validate({"id": "GHSA-1", "summary": "Bad", "affected": [affected]} | more)


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ("0.9", True),
        ("1.26.17", True),
        ("1.26.18", False),
        ("2.0.0", True),
        ("2.0.6", True),
        ("2.0.7", False),
    ],
)
def test_a_range_ends_where_it_is_fixed(version: str, affected: bool) -> None:
    """Two branches with a fix each, in any order: a version is affected below the fix of its branch."""
    events = ({"introduced": "2.0.0"}, {"fixed": "2.0.7"}, {"introduced": "0"}, {"fixed": "1.26.18"})
    assert advisory("urllib3", *events).holds("urllib3", version) is affected


@given(st.lists(st.integers(0, 20), min_size=2, max_size=2, unique=True), st.integers(0, 20))
def test_last_affected_is_affected(ends: list[int], version: int) -> None:
    """From the version where it came in to the last affected one, both included."""
    first, last = sorted(ends)
    found = advisory("a", {"introduced": str(first)}, {"last_affected": str(last)}).holds("a", str(version))
    assert found is (first <= version <= last)


def test_listed_versions_count_without_a_range() -> None:
    """Some advisories list versions only; other packages and withdrawn advisories do not count."""
    listed = {"package": {"name": "Some.Name", "ecosystem": "PyPI"}, "versions": ["1.0"]}
    found = Advisory(id="X", affected=[listed])
    assert found.holds("some-name", "1.0")
    assert not found.holds("some-name", "1.1")
    assert not found.holds("other", "1.0")
    assert not found.model_copy(update={"withdrawn": "2024-01-01"}).holds("some-name", "1.0")


def test_a_range_that_cannot_be_read_counts() -> None:
    """What is no version is reported rather than passed over."""
    assert advisory("a", {"introduced": "0"}, {"fixed": "whenever"}).holds("a", "1.0")


def test_a_weak_package_is_named(tmp_path: Path) -> None:
    """The check fails with the package, the advisory and what to do."""
    file = tmp_path / "advisories.json"
    found = advisory("h11", {"introduced": "0"}, {"fixed": "0.16.0"}, aliases=["CVE-2025-43859"])
    file.write_text(Advisories(advisories=[found]).model_dump_json())
    with pytest.raises(Refused, match=r"h11 0\.14\.0: GHSA-1, CVE-2025-43859: Bad\nRaise these versions"):
        audit(file, [Locked("h11", "0.14.0")])
    assert "no known weakness" in audit(file, [Locked("h11", "0.16.0")])


def test_the_locks_have_no_known_weakness() -> None:
    """No version in requirements/ is one that the advisories in the repository are about."""
    packages = locked(*locks_of(), everywhere=True)
    assert len(packages) > len(locked(*shipped())) > 50
    known = read(FILE).advisories
    assert len(known) >= 8
    assert list(findings(packages, known)) == []


def test_old_advisories_say_so() -> None:
    """Advisories that were never refreshed, or long ago, come with what to do."""
    today = date(2026, 11, 27)
    assert "never refreshed: run make audit REFRESH=1" in age(Advisories(), today)
    old = Advisories(refreshed=today - timedelta(STALE_DAYS + 1))
    assert "31 days old: run make audit REFRESH=1" in age(old, today)
    assert age(Advisories(refreshed=today), today) == "of 2026-11-27"


@contextmanager
def osv(answers: dict[str, list[dict[str, Any]]], status: int = 200) -> Iterator[str]:
    """A small osv.dev: a page for each of a package's answers."""

    async def query(request: Request) -> Response:
        asked = await request.json()
        pages = answers.get(asked["package"]["name"], [{}])
        at = int(asked.get("page_token", 0))
        more = {"next_page_token": str(at + 1)} if at + 1 < len(pages) else {}
        return JSONResponse(pages[at] | more, status_code=status)

    with serving(Starlette(routes=[Route("/v1/query", query, methods=["POST"])])) as url:
        yield url


def test_a_refresh_keeps_every_page(tmp_path: Path) -> None:
    """All pages of an answer are written, without the lists of versions that a range says."""
    file = tmp_path / "advisories.json"
    one = advisory("h11", {"introduced": "0"}, {"fixed": "0.16.0"}).model_dump()
    one["affected"][0]["versions"] = ["0.14.0"]
    two = one | {"id": "GHSA-2"}
    with osv({"h11": [{"vulns": [one]}, {"vulns": [two]}]}) as url:
        refresh(file, [Locked("h11", "0.14.0"), Locked("idna", "3.7")], url)
    written = read(file)
    assert [each.id for each in written.advisories] == ["GHSA-1", "GHSA-2"]
    assert written.refreshed is not None
    assert "0.14.0" not in file.read_text()


@pytest.mark.parametrize("status", [500, 404])
def test_a_failed_refresh_changes_nothing(tmp_path: Path, status: int) -> None:
    """Where osv.dev cannot be asked the file stays, and the message says so."""
    file = tmp_path / "advisories.json"
    file.write_text(json.dumps({"advisories": []}))
    before = file.read_bytes()
    with osv({}, status) as url, pytest.raises(Refused, match="the advisories stay as they are"):
        refresh(file, [Locked("h11", "0.14.0")], url)
    assert file.read_bytes() == before


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """A file that is no JSON stops the check, with how to write it again."""
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(Refused, match="make audit REFRESH=1"):
        read(tmp_path / "x.json")
