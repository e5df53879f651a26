"""The file of callers' keys: what it may say, and that it is read again when it changes."""

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from code_rag.servicekit.keys.entry import MOST_KEYS, KeysInvalid, parse
from code_rag.servicekit.keys.key_file import LONGEST_BYTES, KeyFile
from code_rag.servicekit.settings import SettingsError
from tests.fixtures.hand_clock import HandClock
from tests.fixtures.keys import key_table


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with the key of anna."""
    path = tmp_path / "keys.toml"
    path.write_text(key_table("anna"))
    return path


def test_an_entry_has_its_limits() -> None:
    """A limit that is left out is none."""
    entry = parse(key_table("anna", tokens_per_minute=20_000).encode())["anna"]
    assert (entry.requests_per_minute, entry.tokens_per_minute) == (None, 20_000)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "must hold [keys.NAME] tables"),
        ("[keys]\n[key.anna]\n", "must hold [keys.NAME] tables, and nothing beside"),
        ("keys = 1", "keys: Input should be a valid dictionary"),
        ("[keys.anna", "not TOML"),
        ("[keys.anna]", "keys.anna.sha256: Field required"),
        ('[keys.anna]\nsha256 = "abc"', "keys.anna.sha256: String should match"),
        (key_table("Anna"), "keys.Anna: a name has up to 64 characters"),
        (key_table("API_KEY"), "keys.API_KEY: a name has"),
        (key_table("anna", request_per_minute=1), "keys.anna.request_per_minute: Extra inputs"),
        (key_table("anna", requests_per_minute=0), "keys.anna.requests_per_minute: Input should be gr"),
        (key_table("anna") + 'tokens_per_minute = "9"', "keys.anna.tokens_per_minute: Input should be a val"),
        (key_table("anna") + key_table("anna").replace("anna", "ben"), "anna and ben are the same key"),
        ("".join(key_table(f"k{n}") for n in range(MOST_KEYS + 1)), "1,001 keys, and 1,000 are the most"),
    ],
)
def test_a_mistake_in_the_file_is_named(content: str, said: str) -> None:
    """The sentence says which table and field is wrong, and repeats no hash."""
    with pytest.raises(KeysInvalid) as error:
        parse(content.encode())
    assert said in str(error.value)
    assert sha256(b"anna-key").hexdigest() not in str(error.value)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: f"[keys]\n{text}".encode())))
def test_any_content_is_entries_or_a_sentence(content: bytes) -> None:
    """No file, whatever is in it, makes the parser fail in another way than by its own error."""
    try:
        said = f"keys: {len(parse(content))}."
    except KeysInvalid as error:
        said = str(error)
    assert said.endswith(".")


@pytest.mark.parametrize("content", [None, b"\xff", b"[keys.anna]", b" " * (LONGEST_BYTES + 1)])
def test_an_unusable_file_stops_the_start(tmp_path: Path, content: bytes | None) -> None:
    """A service does not start with keys that it cannot read: the sentence names the variable."""
    path = tmp_path / "keys.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match="API_KEYS_FILE: "):
        KeyFile(path)


def test_a_folder_in_its_place_stops_the_start(tmp_path: Path) -> None:
    """Anything but a file is refused with the system's reason."""
    with pytest.raises(SettingsError, match="Is a directory"):
        KeyFile(tmp_path)


def moved_link(path: Path, content: str) -> None:
    """Changes the file as a cluster does for a mounted Secret: it moves a link to another folder."""
    for name in ("one", "two"):
        (path.parent / name).mkdir()
    (path.parent / "one/keys.toml").write_text(path.read_text())
    (path.parent / "two/keys.toml").write_text(content)
    (path.parent / "data").symlink_to("one")
    path.unlink()
    path.symlink_to("data/keys.toml")
    (path.parent / "next").symlink_to("two")
    (path.parent / "next").rename(path.parent / "data")


def renamed(path: Path, content: str) -> None:
    """Puts another file in its place."""
    (path.parent / "next").write_text(content)
    (path.parent / "next").rename(path)


@pytest.mark.parametrize("change", [Path.write_text, renamed, moved_link])
def test_a_changed_file_is_read_again(file: Path, change: object) -> None:
    """Edited in place, replaced, or behind a moved link: a second later its new keys count."""
    clock = HandClock()
    keys = KeyFile(file, clock)
    before = keys.entries()
    change(file, key_table("ben"))  # type: ignore[operator]
    assert keys.entries() is before
    clock.now += 1
    assert list(keys.entries()) == ["ben"]


def test_a_file_that_became_invalid_keeps_the_keys_and_says_so(file: Path) -> None:
    """The last good keys stay, `/health` is degraded, the log says it once; a good file ends that."""
    clock = HandClock()
    keys = KeyFile(file, clock)
    file.write_text("[keys.anna]")
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            clock.now += 1
            assert list(keys.entries()) == ["anna"]
    assert [line["reason"] for line in lines] == ["keys.anna.sha256: Field required."]
    found = asyncio.run(keys.check())
    assert (found.status, "Field required" in found.detail) == ("degraded", True)
    file.write_text(key_table("anna"))
    clock.now += 1
    assert asyncio.run(keys.check()).status == "ok"


def test_a_file_that_is_gone_keeps_the_keys(file: Path) -> None:
    """A file that is removed withdraws no key: to withdraw all of them takes an empty `[keys]`."""
    clock = HandClock()
    keys = KeyFile(file, clock)
    file.unlink()
    clock.now += 1
    assert (asyncio.run(keys.check()).status, list(keys.entries())) == ("degraded", ["anna"])
    file.write_text("[keys]")
    clock.now += 1
    assert (asyncio.run(keys.check()).status, list(keys.entries())) == ("ok", [])
