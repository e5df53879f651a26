"""Forty requests get the same answers from the target as from fresh local processes with the embedded store.

Against processes this shows that an answer depends on nothing but the request; against containers, that they
answer as processes do, and a Qdrant server as its engine does. normal_form.py says what may differ.
"""

import json
from collections.abc import Iterator

import httpx2
import pytest

from tests.contract.conftest import TIMEOUT, index_again
from tests.contract.forty_requests import FORTY, Request
from tests.contract.normal_form import difference, normal_form
from tests.fixtures.targets import Target, processes

pytestmark = pytest.mark.timeout(300)  # the first one may have to start two systems and wait for two indexes


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    """One client for both systems."""
    with httpx2.Client(timeout=TIMEOUT, trust_env=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def reference(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Processes of our own, with an empty store and a copy of test-codebase."""
    with processes(pytestconfig, tmp_path_factory.mktemp("reference")) as running:
        yield running


@pytest.fixture(scope="module")
def systems(target: Target, reference: Target) -> tuple[Target, Target]:
    """The target and the reference, both just after an index run that had nothing left to do."""
    for system in (target, reference):
        with httpx2.Client(base_url=system.rag_url, timeout=TIMEOUT, trust_env=False) as rag:
            index_again(rag)
    return target, reference


def test_there_are_forty() -> None:
    """Forty different requests are compared, each under a name of its own."""
    assert len(FORTY) == 40
    assert len({request.name for request in FORTY}) == 40
    assert len({(each.service, each.method, each.path, repr(each.body)) for each in FORTY}) == 40


@pytest.mark.parametrize("request_", FORTY, ids=lambda request_: request_.name)
def test_the_answer_is_the_same(
    systems: tuple[Target, Target], client: httpx2.Client, request_: Request
) -> None:
    """The target's status, promised headers and body are those of the reference, and the status is right."""
    target, reference = systems
    theirs, expected = send(client, target, request_), send(client, reference, request_)
    found = difference(normal_form(theirs), normal_form(expected), target.name)
    if found:
        pytest.fail(f"{request_.method} {request_.path} is answered differently:\n{found}", pytrace=False)
    assert expected.status_code == request_.status, expected.text


def send(client: httpx2.Client, system: Target, request: Request) -> httpx2.Response:
    """The answer of `system`; both get the same request id and host, which come back in both."""
    urls = {"embedding": system.embedding_url, "llm": system.llm_url, "rag": system.rag_url}
    body = request.body
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return client.request(
        request.method,
        urls[request.service],
        content=body,
        headers={
            "content-type": "application/json",
            "x-request-id": "same-answers",
            "host": "code-rag.localhost",
        },
        extensions={"target": request.path.encode()},  # as written: a client would tidy the path up
    )
