"""The last conversation of `coderag ask`, kept in the user's state folder so that `--continue` finds it."""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from pydantic import AwareDatetime, BaseModel, ValidationError

from code_rag.rag_server.answer_wire import AskTurn
from code_rag.rag_server.cli.failure import ExitCode, Failure
from code_rag.rag_server.cli.terminal import note

TURNS = 8
"""So many are kept, the last ones."""
TURN_CHARS = 4_000
"""Of each question and each answer."""
SHOWN_CHARS = 80


class Conversation(BaseModel):
    """The turns of one conversation with the server at `url`, oldest first, the last of them at `at`."""

    url: str
    at: AwareDatetime
    turns: list[AskTurn]

    @classmethod
    def new(cls, url: str) -> Self:
        """One without turns."""
        return cls(url=url, at=datetime.now(UTC), turns=[])

    def with_turn(self, question: str, answer: str) -> Self:
        """This conversation with one more turn."""
        turn = AskTurn(question=question[:TURN_CHARS], answer=answer[:TURN_CHARS])
        return self.model_copy(update={"at": datetime.now(UTC), "turns": [*self.turns, turn][-TURNS:]})

    def described(self) -> str:
        """When it was, and which question was the last."""
        if not self.turns:
            return "there is no conversation to continue; this question starts one"
        when = self.at.astimezone().strftime("%Y-%m-%d %H:%M")
        question = " ".join(self.turns[-1].question.split())
        shown = question if len(question) <= SHOWN_CHARS else f"{question[:SHOWN_CHARS]} …"
        return f"continues the conversation of {when} after “{shown}”; --new starts another"


class LastConversation:
    """The file that holds it, which only its owner reads."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of_user(cls) -> Self:
        """In the folder that the XDG specification names, which ignores a relative XDG_STATE_HOME."""
        state = Path(os.environ.get("XDG_STATE_HOME", ""))
        if not state.is_absolute():
            state = Path(os.environ.get("HOME", "/"), ".local", "state")
        return cls(state / "coderag" / "conversation.json")

    def continued(self, url: str) -> Conversation:
        """The conversation that is kept, which a note names; a new one if there is none.

        Raises Failure if it was with another server, which may answer about other code, or cannot be read.
        """
        try:
            last = Conversation.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            last = Conversation.new(url)
        except (OSError, ValidationError) as error:
            why = error.strerror if isinstance(error, OSError) else "its content is damaged"
            message = f"The last conversation in {self.path} cannot be read: {why}. Ask without --continue."
            raise Failure(message, ExitCode.REFUSED) from None
        if last.url != url:
            message = f"The last conversation was with {last.url}. Ask without --continue, or that by --url."
            raise Failure(message, ExitCode.REFUSED)
        note(last.described())
        return last

    def keep(self, conversation: Conversation) -> str:
        """Replace what is kept; why that failed, or an empty text."""
        # A file of its own, so that of two commands at once one is kept whole.
        written = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            written.touch(mode=0o600)
            written.write_text(conversation.model_dump_json(), encoding="utf-8")
            written.replace(self.path)
        except OSError as error:
            with suppress(OSError):
                written.unlink()
            return f"the conversation cannot be kept in {self.path.parent}: {error.strerror}"
        return ""
