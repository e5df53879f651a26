"""Secrets are taken out of any text, in place, and hardly anything else is."""

import sysconfig
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from code_rag.rag_server.redaction import redact
from tests.fixtures.planted_secrets import TOKENS, Maker, Planted, planted

SEEDS = (17, 1_000, 424_242)
PACKAGES = ("fastapi", "starlette", "pydantic", "rich", "typer", "uvicorn")
PLANTED = list(planted())

PIECES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["\n", "\r\n", "---\n", "kind: Secret\n", "data:\n", "  a: b\n", "password = "]),
    st.sampled_from(["-----BEGIN " + "PRIVATE KEY-----", "-----END", "://u:", "@h", "'", '"', "\\n"]),
    st.sampled_from(["[redacted: x]", "[redacted: ", "\u0130", "\u2028", "\v", "\f", "\x85"]),
    st.sampled_from([each.text for each in PLANTED]),
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=12).map("".join)


@pytest.mark.parametrize("seed", SEEDS)
def test_planted_secrets_are_found(seed: int) -> None:
    """Of more than 120 secrets of more than 30 kinds at least 95 % are gone, every line of them."""
    secrets = list(planted(seed))
    assert len(secrets) >= 120
    assert len({each.kind for each in secrets}) >= 30
    missed = [each.kind for each in secrets if is_left(each)]
    assert len(missed) <= 0.05 * len(secrets), missed


def is_left(each: Planted) -> bool:
    text = redact(each.text).text
    return any(secret in text for secret in each.secrets)


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_is_found_whatever_is_around_it(kind: str) -> None:
    """A token that says who issued it is found in quotes, in a comment, after an escape and in prose."""
    token = TOKENS[kind](Maker(5))
    for line in (
        f"'{token}'",
        f"# {token}",
        f'"first\\n{token}"',
        f"We use {token}, for now.",
        f"a={token}&b=c",
    ):
        assert token not in redact(line).text


def test_real_packages_keep_their_text() -> None:
    """In six packages that nobody planted anything in, at most one of 2,000 lines changes."""
    site = Path(sysconfig.get_path("purelib"))
    files = [file for package in PACKAGES for file in sorted((site / package).rglob("*.py"))]
    texts = [file.read_text() for file in files]
    lines = sum(text.count("\n") for text in texts)
    found = Counter(secret.kind for text in texts for secret in redact(text).secrets)
    assert lines > 50_000
    assert found.total() <= lines / 2_000, found


@pytest.mark.parametrize(
    "line",
    [
        "password = get_password(user)",
        "password = settings.database.password1",
        'password = "${DB_PASSWORD}"',
        'PASSWORD = os.environ["DB_PASSWORD_2"]',
        "password: {{ vault_password_2 }}",
        "token = tokens[0]",
        'api_key = "your-api-key-here-1234"',
        'TOKEN_URL = "https://login.example.org/oauth2/v2.0/token"',
        'ACCESS_KEY_FILE = "/run/secrets/access_key_2"',
        "url = 'postgres://user:password@localhost/shop'",
        "url = f'https://{user}:{password}@host'",
        'algorithm = "RSA-OAEP-256"',
        "secret = hashlib.sha256(data).hexdigest()",
        "git checkout 3f786850e387550fdab836ed7e6dc881de23001b",
        'digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
        "AKIA" + "IOSFODNN7EXAMPLE",
        "def test_the_token_of_a_caller_is_compared_in_constant_time_2(): ...",
    ],
)
def test_what_only_names_a_secret_stays(line: str) -> None:
    """Variables, calls, templates, examples, addresses, hashes and names are no secrets."""
    assert redact(line).text == line


def test_the_place_and_the_kind_are_known_and_nothing_else() -> None:
    """Each secret is reported once by its line and kind; the marker stands where it stood."""
    token, password = TOKENS["GitHub"](Maker(1)), Maker(2).password()
    found = redact(f'A = 1\nB = "{token}"\n\nurl = "https://shop:{password}@db/x"  # {token}\n')
    assert [(secret.line, secret.kind) for secret in found.secrets] == [
        (2, "GitHub token"), (4, "password"), (4, "GitHub token"),
    ]  # fmt: skip
    assert found.text.split("\n")[1] == 'B = "[redacted: GitHub token]"'
    assert "https://shop:[redacted: password]@db/x" in found.text


def test_what_overlaps_goes_as_one_secret() -> None:
    """A token inside of a longer password leaves nothing of the password."""
    token, rest = TOKENS["AWS key id"](Maker(1)), Maker(2).password()
    found = redact(f'password = "{rest}/{token}/{rest}"')
    assert found.text == 'password = "[redacted: password]"'
    assert len(found.secrets) == 1


def test_what_a_long_secret_kept_from_being_seen_is_found() -> None:
    """A password too far from the command that takes it is found once the tokens between them are gone."""
    token, password = TOKENS["PyPI"](Maker(1)), Maker(2).password()
    found = redact(f"curl -H 'X: {token}' -H 'Y: {token}' -u shop:{password} https://h")
    assert found.text.endswith("-u shop:[redacted: password] https://h")
    assert len(found.secrets) == 3


def test_a_private_key_is_one_secret_of_many_lines() -> None:
    """Each line of a key goes, its borders and its lines stay, and it is counted once."""
    key = next(each for each in PLANTED if each.kind == "SSH key")
    found = redact(key.text)
    assert found.text.count("[redacted: private key]") == len(key.secrets)
    assert [secret.line for secret in found.secrets] == [2]
    assert "BEGIN" in found.text.splitlines()[0]


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_lines_stay_and_redacting_again_changes_nothing(text: str) -> None:
    """For any text: as many lines, those without a secret unchanged, and nothing is left to find."""
    found = redact(text)
    before, after = text.split("\n"), found.text.split("\n")
    assert len(after) == len(before)
    changed = {number for number, (a, b) in enumerate(zip(before, after, strict=True), 1) if a != b}
    assert {secret.line for secret in found.secrets} <= changed
    assert all("[redacted: " in after[number - 1] for number in changed)
    assert redact(found.text) == type(found)(found.text, ())
