"""Files and folders that come and go while they are listed, read, indexed and opened."""

import asyncio
import random
import shutil
import threading
from pathlib import Path

from tests.unit.rag_server.index_bench import bench_in, function
from tests.unit.rag_server.live_app import an_app, live

FOLDERS, FILES_EACH = 8, 12
ROUNDS = 6


class Churn(threading.Thread):
    """Deletes, writes and renames files and folders below `root` until it is told to stop."""

    def __init__(self, root: Path, seed: int) -> None:
        super().__init__(daemon=True)
        self.root = root
        self.dice = random.Random(seed)  # noqa: S311 – no secret
        self.steps = 0
        self.is_over = False

    def run(self) -> None:
        """Step after step."""
        while not self.is_over:
            self.step()
            self.steps += 1

    def step(self) -> None:
        """One change."""
        folder = self.root / f"in{self.dice.randrange(FOLDERS)}"
        file = folder / f"file{self.dice.randrange(FILES_EACH)}.py"
        match self.dice.randrange(10):
            case 0:
                shutil.rmtree(folder, ignore_errors=True)
            case 1 if folder.is_dir():
                shutil.rmtree(self.root / "other", ignore_errors=True)
                folder.rename(self.root / "other")
            case 2 | 3 | 4:
                file.unlink(missing_ok=True)
            case _:
                folder.mkdir(exist_ok=True)
                file.write_text(function(f"step{self.steps}", lines=3))

    def stop(self) -> None:
        """Return once nothing changes any more."""
        self.is_over = True
        self.join(20)


async def test_what_vanishes_while_it_is_indexed_fails_no_run(tmp_path: Path) -> None:
    """No run fails and no file is an error; the run after the last change leaves exactly what is on disk."""
    async with bench_in(tmp_path) as bench:
        churn = Churn(bench.root, seed=1)
        churn.start()
        reports = [await bench.index() for _ in range(ROUNDS)]
        churn.stop()
        await bench.index()
        stored = await bench.stored()
        on_disk = {file.relative_to(bench.root).as_posix() for file in bench.root.rglob("*.py")}

    assert churn.steps > ROUNDS
    assert [(report.state, report.errors) for report in reports] == [("idle", ())] * ROUNDS
    assert set(stored) == on_disk


async def test_what_vanishes_while_it_is_opened_is_not_found(tmp_path: Path) -> None:
    """A file is there, whole, or it is not; both are answers."""
    (tmp_path / "code").mkdir()
    churn = Churn(tmp_path / "code", seed=2)
    async with live(an_app(tmp_path / "code")) as http:
        churn.start()
        paths = [f"/files/in{number % FOLDERS}/file{number % FILES_EACH}.py" for number in range(400)]
        answers = await asyncio.gather(*map(http.get, paths))
        churn.stop()

    assert {answer.status_code for answer in answers} <= {200, 404}
