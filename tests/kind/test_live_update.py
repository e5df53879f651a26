"""Hot reload under Tilt, in the hardened pods: the same container serves each saved version of the source."""

import re
from collections.abc import Iterator

import pytest

from tests.fixtures.checkout import Checkout, open_stream, wait_restored, wait_served
from tests.fixtures.kind_cluster import OWN, ROOT, Cluster
from tests.fixtures.kind_tilt import URLS, tilt_up
from tests.fixtures.waiting import wait_for


@pytest.fixture(scope="module")
def checkout(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A copy of the tree with Tilt at work on it."""
    with tilt_up(
        tmp_path_factory.mktemp("checkout"), ROOT / "artifacts/kind/tilt-up.log", cluster
    ) as running:
        yield running


@pytest.mark.parametrize("service", OWN)
def test_an_edit_is_served_by_the_same_container(cluster: Cluster, checkout: Checkout, service: str) -> None:
    """A saved file is served with an event stream open, by the same pod, unrestarted, of the same image."""
    before = cluster.container(service)
    source = checkout.app(service)
    wait_served(URLS[service], source.mark())
    with open_stream(URLS[service]):
        wait_served(URLS[service], source.mark())
    source.restore()
    wait_restored(URLS[service])
    assert cluster.container(service) == before


def test_an_edit_of_servicekit_reaches_all_three(cluster: Cluster, checkout: Checkout) -> None:
    """The shared package is synced into each service's container."""
    before = [cluster.container(service) for service in OWN]
    source = checkout.servicekit()
    mark = source.mark()
    for service in OWN:
        wait_served(URLS[service], mark)
    source.restore()
    for service in OWN:
        wait_restored(URLS[service])
    assert [cluster.container(service) for service in OWN] == before


@pytest.mark.parametrize("service", OWN)
def test_a_syntax_error_is_not_ready_until_it_is_mended(
    cluster: Cluster, checkout: Checkout, service: str
) -> None:
    """Broken source is named with file and line and gets no traffic; the same container serves the fix."""
    before = cluster.container(service)
    pod = before.pod
    source = checkout.app(service)
    source.break_it()
    try:
        wait_for(lambda: BROKEN.search(answer_in_pod(cluster, service, pod)), "file and line of the error")
        wait_for(lambda: pod not in cluster.endpoints(service), "the pod to be taken out of traffic")
    finally:
        source.restore()
    wait_for(lambda: pod in cluster.endpoints(service), "the pod to be ready again")
    assert cluster.container(service) == before


BROKEN = re.compile(r"503 .*/app/code_rag/\w+/app\.py:\d+: SyntaxError")
PORT_IN_POD = {"rag-server": 8000, "embedding-server": 8001, "llm-server": 8002}
ASK = """
import sys, urllib.error, urllib.request
try:
    urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/livez", timeout=5)
except urllib.error.HTTPError as refusal:
    print(refusal.code, refusal.read().decode())
"""


def answer_in_pod(cluster: Cluster, service: str, pod: str) -> str:
    """What a service refuses a request with, asked from inside its own pod, which readiness cannot hide."""
    return cluster.execute(pod, "python", "-c", ASK, str(PORT_IN_POD[service]))[1]


def test_an_edit_survives_a_restart(cluster: Cluster, checkout: Checkout) -> None:
    """A container that dies comes back with the source as it was saved, not as the image has it."""
    service = "llm-server"
    before = cluster.container(service)
    source = checkout.app(service)
    mark = source.mark()
    wait_served(URLS[service], mark)
    cluster.execute(before.pod, "sh", "-c", "kill 1")
    try:
        wait_for(
            lambda: cluster.container(service).restarts == before.restarts + 1, "the container's restart", 60
        )
        wait_served(URLS[service], mark, seconds=60)
        assert cluster.container(service).uid == before.uid
    finally:
        source.restore()
    wait_restored(URLS[service])


def test_a_changed_dependency_builds_a_new_image(cluster: Cluster, checkout: Checkout) -> None:
    """What cannot be synced is built: another lock gives another image in another pod, with no edit lost."""
    service = "llm-server"
    before = cluster.container(service)
    mark = checkout.app(service).mark()
    lock = checkout.root / f"requirements/{service}.txt"
    lock.write_text(lock.read_text() + "# changed\n")
    wait_for(lambda: cluster.renewed(service, before.uid), "a pod of the new image", 240)
    assert cluster.container(service).image != before.image
    wait_served(URLS[service], mark)
