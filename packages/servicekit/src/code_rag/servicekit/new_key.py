"""Makes a key for a caller: `python -m code_rag.servicekit.new_key NAME >> keys/keys.toml`.

The table for the file goes to standard output, the key itself to standard error: it is shown once, and the
file gets no more than its hash.
"""

import argparse
import hashlib
import secrets
import sys

from code_rag.servicekit.keys.entry import KeysInvalid, parse

PREFIX = "code-rag-"
"""So that people, and programs that look for keys in code, recognise one."""


def main(arguments: list[str] | None = None) -> None:
    """Print a new key and its table; ends with 2 for a name or a limit that the file may not have."""
    parser = argparse.ArgumentParser(
        prog="python -m code_rag.servicekit.new_key",
        description="Make a key. Standard error gets the key, standard output its table for API_KEYS_FILE.",
        allow_abbrev=False,
    )
    parser.add_argument("name", help="what the log and the metrics call its holder: a-z, 0-9, - and _")
    parser.add_argument(
        "--requests-per-minute", type=int, metavar="N", help="for each service; else no limit"
    )
    parser.add_argument("--tokens-per-minute", type=int, metavar="N", help="in llm-server; else no limit")
    given = parser.parse_args(arguments)
    key = PREFIX + secrets.token_urlsafe(32)
    table = _table(given.name, key, given.requests_per_minute, given.tokens_per_minute)
    try:
        parse(table.encode())
    except KeysInvalid as error:
        parser.error(str(error))
    print(table)
    print(f"The key of {given.name}, shown only now: {key}", file=sys.stderr)


def _table(name: str, key: str, requests: int | None, tokens: int | None) -> str:
    lines = [f"[keys.{name}]", f'sha256 = "{hashlib.sha256(key.encode()).hexdigest()}"']
    limits = {"requests_per_minute": requests, "tokens_per_minute": tokens}
    lines += [f"{limit} = {number}" for limit, number in limits.items() if number is not None]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
