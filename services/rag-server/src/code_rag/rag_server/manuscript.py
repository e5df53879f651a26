"""What a model has written of an answer, as it may be shown."""

from collections.abc import Iterable, Sequence

from code_rag.rag_server.answer import Finish, Token, Usage
from code_rag.rag_server.citing.sentences import CheckedSentences
from code_rag.rag_server.prompting.instructions import EXAMPLE_ANSWER, is_copied
from code_rag.rag_server.screening import Screen
from code_rag.servicekit.wire.evidence import Block


class Manuscript:
    """One answer about `blocks`; `shown` are the texts that the model was given."""

    def __init__(self, blocks: Sequence[Block] = (), shown: Iterable[str] = (), model: str = "") -> None:
        self.blocks = tuple(blocks)
        self.model = model
        self.text = ""
        self.finish_reason: Finish = "stop"
        self.failure = ""
        """Why it is not complete, or why there is none."""
        self.clipped = ""
        """What to do about a prompt that was read in part."""
        self.usage: Usage | None = None
        self.is_fallback = False
        """Whether `model` stands in for another one that failed."""
        self.withheld = ""
        """Why nothing is shown of what the model wrote."""
        self._given = "\n".join(shown)
        self._screen = Screen(blocks, (self._given,))
        self._held = ""  # it may still become a copy of the worked example

    @property
    def held_words(self) -> int:
        """How many words are written and not yet shown."""
        return len(self._held.split())

    @property
    def removals(self) -> Iterable[tuple[str, str]]:
        """What was removed, by what it counts as, with a sentence on it."""
        return self._screen.removals.notes()

    def add(self, token: Token) -> str:
        """Take the next piece; what may be shown now."""
        self.model, self.usage = token.model or self.model, token.usage or self.usage
        self.is_fallback = self.is_fallback or token.is_fallback
        if token.finish != "stop":  # what is counted comes after the end
            self.finish_reason = token.finish
        return self._show(self._screen.feed(token.text))

    def finish(self, failure: str = "") -> str:
        """The rest of the text, once the model is done or has failed; without any text it has failed."""
        shown = self._rest()
        if self._held:
            shown, self.text = self._held, self.text + self._held
        self.failure = failure
        if not (failure or self.withheld or self.text.strip()):
            self.failure = "llm-server sent an empty answer."
        if is_copied(self.text, self._given):
            self.text, self.failure = "", "the model repeated its instructions in place of an answer."
            return ""
        return shown

    def _rest(self) -> str:
        return self._show(self._screen.finish())

    def _show(self, text: str) -> str:
        self._held += text
        if not self.text and EXAMPLE_ANSWER.startswith(self._held.strip()):
            return ""
        shown, self._held = self._held, ""
        self.text += shown
        return shown


class CheckedManuscript(Manuscript):
    """What a small model has written: its sentences that hold against the blocks; quotes stand below them."""

    def __init__(self, blocks: Sequence[Block], shown: Iterable[str], model: str, question: str) -> None:
        super().__init__(blocks, shown, model)
        self._sentences = CheckedSentences(blocks, self._given, question)

    @property
    def held_words(self) -> int:
        """How many words are written of the sentence that is not yet complete."""
        return self._sentences.held_words

    @property
    def removals(self) -> Iterable[tuple[str, str]]:
        """What was removed, sentences that do not hold among it."""
        removed = self._sentences.note()
        return [*super().removals, *([("unsupported sentence", removed)] if removed else [])]

    def _rest(self) -> str:
        shown = self._show(self._screen.finish()) + super()._show(self._sentences.finish())
        self.withheld = "" if self.text else self._sentences.note()
        return shown

    def _show(self, text: str) -> str:
        return super()._show(self._sentences.feed(text))
