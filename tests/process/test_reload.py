"""`make run RELOAD=1`: each service serves saved source, from the process that was started."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from code_rag.localstack.processes import LocalStack
from code_rag.servicekit.private_folder import private_folder
from tests.fixtures.checkout import Checkout, copy_project, open_stream, wait_restored, wait_served
from tests.fixtures.targets import START_SECONDS, local_stack
from tests.fixtures.waiting import wait_for
from tests.process.test_killed_services import pid_of

SERVICES = ("embedding-server", "llm-server", "rag-server")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A reloading stack on a copy of the project; nothing of it is left in the end."""
    folder = tmp_path_factory.mktemp("reload")
    root = copy_project(folder / "checkout")
    with local_stack(folder, reload=root) as running:
        running.wait_ready(START_SECONDS)
        sockets = private_folder("embedding-server", pid_of(running, "embedding-server"))
        yield running
    wait_for(lambda: not processes_naming(str(root)), "every reloader to be gone", 10)
    wait_for(
        lambda: not processes_naming("code_rag.embedding_server.development.engine_host"),
        "the encoder to be gone",
        10,
    )
    assert not sockets.exists()


def processes_naming(text: str) -> list[str]:
    """The command lines of all processes that `text` stands in."""
    files = Path("/proc").glob("[0-9]*/cmdline")
    return [line for line in map(command_line, files) if text in line]


def command_line(file: Path) -> str:
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.parametrize("service", SERVICES)
def test_an_edit_is_served_by_the_process_that_was_started(stack: LocalStack, service: str) -> None:
    """Each saved version is served; an open stream, the embedded index and the model are no obstacle."""
    before = pid_of(stack, service)
    assert stack.reload
    source, url = Checkout(stack.reload).app(service), stack.services[service].url
    wait_served(url, source.mark())
    with open_stream(url):
        wait_served(url, source.mark())
    source.restore()
    wait_restored(url)
    stack.wait_ready(10)
    assert pid_of(stack, service) == before


@pytest.mark.parametrize("service", SERVICES)
def test_the_template_has_one_thread(stack: LocalStack, service: str) -> None:
    """Importing each service's packages leaves the process that forks free of threads."""
    assert len(list(Path(f"/proc/{pid_of(stack, service)}/task").iterdir())) == 1


def test_a_reload_leaves_the_model_loaded(stack: LocalStack) -> None:
    """The encoder's process, which was started once, is the same after an edit of the service."""
    service = stack.services["embedding-server"]
    before = processes_naming("code_rag.embedding_server.development.engine_host")
    assert stack.reload
    source = Checkout(stack.reload).app(service.name)
    wait_served(service.url, source.mark())
    source.restore()
    wait_restored(service.url)
    stack.wait_ready(10)
    assert len(before) == 1
    assert processes_naming("code_rag.embedding_server.development.engine_host") == before
