"""A service that is asked what it is."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from code_rag.rag_server.adapters.upstream import Upstream
from code_rag.servicekit.errors import UpstreamTimeout
from tests.fixtures.scripted_upstream import Reply, scripted_upstream


@pytest.mark.parametrize("look", [Upstream.ping, Upstream.model])
async def test_a_service_that_stands_still_is_noticed_soon(
    look: Callable[[Upstream], Awaitable[Any]],
) -> None:
    """A service that takes a request and says nothing is given up, long before an answer would be."""
    with scripted_upstream() as silent:
        silent.models = Reply(then="silence")
        upstream = Upstream("llm-server", silent.url, None, read_seconds=3_600, look_seconds=0.1)
        try:
            with pytest.raises(UpstreamTimeout):
                await look(upstream)
        finally:
            await upstream.close()
