"""The reloader serves what was saved, in place, and never refuses a request on the way."""

import os
import py_compile
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2
import pytest

from tests.fixtures.waiting import wait_for
from tests.unit.reloader.conftest import DEADLINE_SECONDS, LOCK, SOURCE, Shop


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_saved_change_is_served_by_the_same_template(shop: Shop) -> None:
    """The answer changes, the worker is another, and the process that was started is the same."""
    before = shop.until_price(1)
    shop.save("PRICE = 2\n")
    after = shop.until_price(2)
    assert after["pid"] != before["pid"]
    assert after["parent"] == before["parent"] == shop.process.pid


def test_a_second_save_within_a_second_is_served(shop: Shop) -> None:
    """Same size, same time in whole seconds: Python would take the first one's byte code for the second's."""
    source = shop.folder / "shop" / "prices.py"
    moment = source.stat().st_mtime
    for price in (2, 3, 4, 5):
        source.write_text(f"PRICE = {price}\n")
        os.utime(source, (moment, moment))
        py_compile.compile(str(source))  # as another process does that imports it between two saves
        shop.until_price(price)
        source.write_text(f"PRICE = {price + 4}\n")
        os.utime(source, (moment, moment))
        shop.until_price(price + 4)


def test_no_request_is_refused_while_versions_change(shop: Shop) -> None:
    """A client that asks without pause through ten edits gets an answer each time."""
    answers, stop = [], threading.Event()

    def ask() -> None:
        with httpx2.Client(base_url=shop.client.base_url, timeout=DEADLINE_SECONDS) as client:
            while not stop.is_set():
                # A connection of its own per request: kept ones would hide a refusal.
                answers.append(client.get("/price", headers={"connection": "close"}).status_code)

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        for price in range(2, 12):
            shop.save(f"PRICE = {price}\n")
            shop.until_price(price)
    finally:
        stop.set()
        asker.join()
    assert set(answers) == {200}


@pytest.mark.parametrize(
    ("text", "said"),
    [("PRICE = (\n", "prices.py:1: SyntaxError"), ("\n\n1 / 0\n", "prices.py:3: ZeroDivisionError")],
)
def test_source_that_does_not_import_is_a_503_with_file_and_line(shop: Shop, text: str, said: str) -> None:
    """Nobody tests stale code: the fault is served until it is mended, then the new version is."""
    shop.save(text)
    response = shop.until(lambda r: r.status_code == 503)
    assert said in response.json()["error"]["message"]
    shop.save("PRICE = 3\n")
    shop.until_price(3)


def test_a_package_is_imported_once_for_all_workers(shop: Shop, site: Path) -> None:
    """What a worker imports, even while it serves, the template imports too, and later workers have it."""
    shop.save(SOURCE.replace("return {", "import heavy; return {'heavy': True, "), "app.py")
    first = shop.until(lambda r: "heavy" in r.json()).json()["pid"]
    noted = site / "importers"
    wait_for(lambda: str(shop.process.pid) in noted.read_text().split(), "the template to import the package")
    shop.save("PRICE = 2\n")
    shop.until_price(2)
    assert noted.read_text().split() == [str(first), str(shop.process.pid)]


def test_source_that_ends_its_process_is_a_503(shop: Shop) -> None:
    """Not even a crash of the interpreter leaves the version before in service."""
    shop.save("import os; os._exit(3)\n")
    response = shop.until(lambda r: r.status_code == 503)
    assert "exited while importing" in response.json()["error"]["message"]
    assert response.json()["checks"]["source"]["status"] == "failing"
    shop.save("PRICE = 3\n")
    shop.until_price(3)


def test_what_the_old_worker_holds_is_free_for_the_new_one(shop: Shop) -> None:
    """A factory that waits for the lock of a folder gets it: the old worker is told to go before it runs."""
    locked = SOURCE.replace("def create_app():", f"def create_app():\n    fcntl.flock({LOCK}, fcntl.LOCK_EX)")
    shop.save(f"import fcntl\n{locked}", "app.py")
    shop.until_price(1)
    for price in (2, 3):
        shop.save(f"PRICE = {price}\n")
        shop.until_price(price)


def test_an_open_event_stream_does_not_hold_up_a_change(shop: Shop) -> None:
    """The new version serves while the old worker still ends its stream."""
    with shop.client.stream("GET", "/events") as stream:
        chunks = stream.iter_raw()
        next(chunks)
        shop.save("PRICE = 4\n")
        shop.until_price(4)


def test_ended_workers_are_reaped_and_only_one_stays(shop: Shop) -> None:
    """Ten edits leave the watcher and one worker, and no zombie."""
    for price in range(2, 12):
        shop.save(f"PRICE = {price}\n")
        shop.until_price(price)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while len(children_of(shop.process.pid)) > 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(children_of(shop.process.pid)) == 2


def test_a_worker_that_is_killed_is_replaced(shop: Shop) -> None:
    """A crash costs one worker, not the service."""
    first = shop.until_price(1)["pid"]
    os.kill(first, signal.SIGKILL)
    transport_errors = 0
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        try:
            if shop.until_price(1)["pid"] != first:
                return
        except httpx2.TransportError:  # the connection that the killed worker held
            transport_errors += 1
    raise AssertionError(f"no new worker, {transport_errors} broken connections")


def test_a_stop_leaves_no_process_behind(shop: Shop) -> None:
    """SIGTERM ends template, watcher and worker, with exit code 0."""
    children = children_of(shop.process.pid)
    shop.process.terminate()
    assert shop.process.wait(DEADLINE_SECONDS) == 0
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def test_a_missing_folder_is_one_sentence() -> None:
    """A wrong command line ends at once and says what is wrong."""
    command = [
        sys.executable,
        "-m",
        "code_rag.reloader",
        "shop.app:create_app",
        "--port",
        "1",
        "--watch",
        "/nowhere",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no such folder: /nowhere" in done.stderr
