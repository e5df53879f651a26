"""URLs in an answer: those that the code or the question names stay, as text that is no link."""

import re

from code_rag.rag_server.screening.removals import Removals

URL = re.compile(r"(?:(?:https?|ftps?|wss?)://|www\.)[!-;=?-Z\\^_a-~]*", re.IGNORECASE)
REMOVED = "link removed"
_AFTER = ".,;:!?'\"*_)}\\"
_LOOPBACK = re.compile(r"\w+://(?:localhost|127\.0\.0\.1)(?![\w.@-])(?!:[^/]*@)", re.IGNORECASE)


class Urls:
    """Decides by `known`, the text of everything that the model was shown."""

    def __init__(self, known: str, removals: Removals) -> None:
        self._known = known
        self._removals = removals

    def in_code(self, code: str) -> str:
        """Code in which every unknown URL is replaced."""
        return URL.sub(lambda found: self._judged(found[0], "{}"), code)

    def in_prose(self, url: str) -> tuple[str, str]:
        """The URL as inline code, or a note that it is removed, and what follows it."""
        bare = url.rstrip(_AFTER)
        return self._judged(bare, "`{}`"), url[len(bare) :]

    def _judged(self, url: str, kept: str) -> str:
        bare = url.rstrip(_AFTER)
        if bare in self._known or _LOOPBACK.match(bare):
            return kept.format(url)
        self._removals.links += 1
        return f"({REMOVED}){url[len(bare) :]}"
