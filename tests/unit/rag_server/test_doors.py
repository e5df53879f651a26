"""What rag-server adds to the doors of every service: the page's warning, and the name in PUBLIC_URL."""

from pathlib import Path

from tests.unit.rag_server.live_app import an_app, live


async def test_the_page_warns_where_strangers_may_call(codebase: Path) -> None:
    """The page has the warning without a key on an address that others reach, and else a place for it."""
    async with live(an_app(codebase, host="0.0.0.0")) as http:  # noqa: S104
        exposed = (await http.get("/")).text
    async with live(an_app(codebase, host="0.0.0.0", api_key="key-1")) as http:  # noqa: S104
        guarded = (await http.get("/")).text

    assert '<p id="exposed">No key is needed here, and HOST=0.0.0.0' in exposed
    assert '<p id="exposed" hidden></p>' in guarded


async def test_the_host_of_the_public_url_is_a_name(codebase: Path) -> None:
    """Browsers call by it, so it takes no second setting."""
    async with live(an_app(codebase, public_url="https://Code.example:8443/rag")) as http:
        named = [await http.get("/livez", headers={"host": name}) for name in ("code.example", "b.example")]

    assert [answer.status_code for answer in named] == [200, 421]
