"""A language model that gets no secrets: what people paste may hold some, what is indexed does not."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass

from code_rag.rag_server.answer import AS_IT_LIKES, LanguageModel, Sampling, Token
from code_rag.rag_server.ports import ChatModel
from code_rag.rag_server.redaction import redact


@dataclass(frozen=True, slots=True)
class RedactedChat:
    """Passes everything on to `model`, messages without their secrets."""

    model: ChatModel

    async def writes(self) -> LanguageModel | None:
        """The model that writes, if there is one."""
        return await self.model.writes()

    def stream(
        self, messages: Sequence[Mapping[str, str]], sampling: Sampling = AS_IT_LIKES
    ) -> AsyncGenerator[Token, None]:
        """The answer in pieces as it is written, as `ChatModel.stream` gives it."""
        return self.model.stream([_redacted(message) for message in messages], sampling)

    async def ping(self) -> str:
        """Return when the service is healthy, with the name of its model."""
        return await self.model.ping()

    async def close(self) -> None:
        """Close all connections."""
        await self.model.close()


def _redacted(message: Mapping[str, str]) -> Mapping[str, str]:
    return {**message, "content": redact(message["content"]).text}
