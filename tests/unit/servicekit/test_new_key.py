"""The command that makes a key."""

from hashlib import sha256

import pytest

from code_rag.servicekit.keys.entry import parse
from code_rag.servicekit.new_key import main


def test_the_table_opens_for_the_key(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is a table with the key's hash and limits; only standard error has the key."""
    main(["anna", "--requests-per-minute", "60", "--tokens-per-minute", "20000"])
    out, err = capsys.readouterr()
    key = err.split()[-1]
    entry = parse(out.encode())["anna"]
    assert (entry.requests_per_minute, entry.tokens_per_minute) == (60, 20_000)
    assert entry.sha256 == sha256(key.encode()).hexdigest()
    assert (len(key) > 40, key in out) == (True, False)


def test_two_keys_go_into_one_file(capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed for two names can be joined, and the keys differ."""
    main(["anna"])
    main(["ben"])
    assert list(parse(capsys.readouterr().out.encode())) == ["anna", "ben"]


@pytest.mark.parametrize(
    "arguments", [[], ["Anna"], ["a.b"], ["x]\n[keys.y"], ["anna", "--tokens-per-minute", "0"]]
)
def test_what_the_file_may_not_say_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong name or limit ends with 2 and a sentence, and no key is made."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert (ended.value.code, capsys.readouterr().out) == (2, "")
