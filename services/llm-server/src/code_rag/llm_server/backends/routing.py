"""Answers from the servers of the models in LLM_MODELS, and from the environment's for all other names."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing

from code_rag.llm_server.backends.base import Call, ChatBackend, Json, listed
from code_rag.llm_server.backends.resuming import Differs, Written, beyond
from code_rag.llm_server.backends.turns import Route, Turns, of_entry
from code_rag.llm_server.backends.upstream_stream import Progress
from code_rag.llm_server.upstream_metrics import UpstreamMetrics
from code_rag.servicekit.errors import NotFound, ServiceError
from code_rag.servicekit.health import CheckResult

MOST_HELD = 16
"""Chunks that came before an answer's text."""


class RoutingBackend:
    """A name of the file goes to its server, and to its fallbacks where that fails before the answer starts.

    An answer names the model of the file that wrote it: the one that was asked for, or a fallback.
    """

    def __init__(
        self, routes: Mapping[str, Route], others: ChatBackend | None, default: str, metrics: UpstreamMetrics
    ) -> None:
        """`routes` by name; `others` answers for all other names, of which `default` may be one."""
        self._routes = routes
        self._others = others
        self._default = default
        self._metrics = metrics

    async def complete(self, call: Call) -> Json:
        """The completion of the first server that answers."""
        if not (turns := self._turns(call)):
            return await self._unlisted(call).complete(call)
        while True:
            asked = turns.ask()
            try:
                answer = await turns.route.backend.complete(asked)
                turns.answers(asked)
                return answer | {"model": turns.route.entry.name}
            except ServiceError as error:
                turns.fail(asked, error)
            finally:
                turns.ended(asked)

    async def stream(self, call: Call) -> AsyncGenerator[Json]:
        """The chunks of the first server that starts to answer; if they break off, the same text's rest."""
        if not (turns := self._turns(call)):
            async with aclosing(self._unlisted(call).stream(call)) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        written = Written()
        while True:
            asked = turns.ask()
            chunks = _from_text_on(turns.route.backend.stream(asked))
            try:
                async with aclosing(beyond(written.text, chunks)) as rest:
                    async for chunk in rest:
                        turns.answers(asked)
                        yield written.add(chunk) | {"model": turns.route.entry.name}
                return
            except ServiceError as error:
                turns.fail(asked, error, written)
            except Differs:
                raise turns.failure() from None
            finally:
                turns.ended(asked)

    async def models(self) -> list[Json]:
        """The default, the others of the file, then what the environment's server lists."""
        mine = await asyncio.gather(*map(_listed, self._routes.values()))
        theirs = await self._others.models() if self._others else []
        every = [*mine, *(model for model in theirs if model["id"] not in self._routes)]
        return sorted(every, key=lambda model: model["id"] != self._default)

    async def check(self) -> CheckResult:
        """What is wrong with any of the servers; which there are, if nothing is."""
        checks = [_checked(route) for route in self._routes.values()]
        if self._others:
            checks.append(self._others.check())
        results = await asyncio.gather(*checks)
        wrong = [result.detail for result in results if result.status != "ok"]
        return CheckResult(
            "degraded" if wrong else "ok", "; ".join(wrong or [result.detail for result in results])
        )

    async def close(self) -> None:
        """Close the connections to all servers."""
        for route in self._routes.values():
            await route.backend.close()
        if self._others:
            await self._others.close()

    def _turns(self, call: Call) -> Turns | None:
        """The models of the file that may answer; None for a name that is not in it."""
        asked = self._routes.get(call.request.get("model") or self._default)
        return Turns(call, [*self._chain(asked)], self._metrics) if asked else None

    def _chain(self, asked: Route) -> Iterable[Route]:
        """The model, then its fallbacks and theirs, each once."""
        chain: dict[str, Route] = {}
        waiting = [asked]
        while waiting:
            route = waiting.pop(0)
            if route.entry.name in chain:
                continue
            chain[route.entry.name] = route
            waiting = [*(self._routes[name] for name in route.entry.fallbacks), *waiting]
        return chain.values()

    def _unlisted(self, call: Call) -> ChatBackend:
        if self._others:
            return self._others
        raise NotFound(
            f"There is no model {call.request.get('model')!r}. There are: {', '.join(self._routes)}.",
            param="model",
            code="model_not_found",
        )


async def _from_text_on(chunks: AsyncGenerator[Json]) -> AsyncGenerator[Json]:
    """The chunks, none before there is text: what only says that a model thinks does not keep another out."""
    held: list[Json] = []
    progress = Progress(1)
    async with aclosing(chunks):
        async for chunk in chunks:
            if progress.started:
                yield chunk
                continue
            progress.add(chunk)
            held = [*held[-MOST_HELD:], chunk]
            if progress.started:
                for each in held:
                    yield each


async def _listed(route: Route) -> Json:
    """The model as it is listed, with the tokens that it takes: as the file or else its server says."""
    size = route.entry.context_tokens
    if not size:
        size = (await route.backend.models())[0].get("context_window")
    return listed(route.entry.name, **({"context_window": size} if size else {}))


async def _checked(route: Route) -> CheckResult:
    result = await route.backend.check()
    return CheckResult(result.status, f"{route.entry.name}: {of_entry(result.detail, route.entry)}")
