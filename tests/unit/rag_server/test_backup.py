"""`coderag export` and `coderag import` between two servers: what is handed over, and what is refused."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from code_rag.rag_server.fingerprint import PROBE
from code_rag.rag_server.model import EmbeddingModel
from code_rag.rag_server.vectors import as_kept
from code_rag.servicekit.errors import Unavailable
from tests.unit.rag_server.fakes import DIMENSION, FakeEmbedder, vector_of
from tests.unit.rag_server.handed_over import KEY, Side, Sides, shop
from tests.unit.rag_server.index_bench import function

NAMES = ("alpha", "beta", "gamma")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.coderag"


@pytest.fixture(params=["edge", "server"])
def sides(request: pytest.FixtureRequest, tmp_path: Path) -> Sides:
    """Servers with each of the two stores."""
    return Sides(tmp_path, request.param)


@pytest.fixture
def embedded(tmp_path: Path) -> Sides:
    """Servers with the embedded store."""
    return Sides(tmp_path)


@pytest.fixture
def ours(embedded: Sides, tmp_path: Path) -> Iterator[Side]:
    """A server whose codebase is indexed."""
    with embedded.side(shop(tmp_path / "ours", *NAMES)) as side:
        yield side.indexed()


def exported(side: Side, file: Path) -> Path:
    """The file, once the index is in it."""
    done = side.coderag("export", str(file))
    assert done.exit_code == 0, done.stderr
    return file


def test_a_colleague_embeds_only_what_differs(sides: Sides, tmp_path: Path, file: Path) -> None:
    """After an import only chunks of the changed file are embedded; the others have the very same vectors."""
    with sides.side(shop(tmp_path / "ours", *NAMES)) as side:
        exported(side.indexed(), file)
        expected = side.found("alpha", "alpha.py")
    theirs = shop(tmp_path / "theirs", *NAMES)
    (theirs / "gamma.py").write_text(function("delta", 60))
    with sides.side(theirs) as side:
        done = side.coderag("import", str(file))

        assert done.exit_code == 0, done.stderr
        assert side.embedded()
        assert all("delta" in text or "gamma" in text for text in side.embedded())
        assert side.found("alpha", "alpha.py") == expected


def test_the_same_code_needs_no_vector(embedded: Sides, ours: Side, tmp_path: Path, file: Path) -> None:
    """A server that has lost its index embeds nothing after an import, and is complete."""
    exported(ours, file)
    with embedded.side(tmp_path / "ours") as side:
        done = side.coderag("import", str(file))
        assert side.embedded() == []
        assert "vectors: 100 %." in done.stdout


def test_the_file_says_what_it_holds_and_holds_no_code(ours: Side, file: Path) -> None:
    """The manifest names codebase, model, counts and hashes; no word of the code is in the file."""
    with zipfile.ZipFile(exported(ours, file)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert manifest["codebases"] == ["ours"]
        assert (manifest["model"]["name"], manifest["model"]["dimension"]) == ("fake-embedder", DIMENSION)
        assert manifest["files"] == 3
        assert manifest["vectors"] >= manifest["chunks"] > 3
        assert {name for name in archive.namelist() if name != "manifest.json"} == {
            part["name"] for part in manifest["parts"]
        }
    assert b"_step_" not in file.read_bytes()


def test_a_second_import_sends_nothing(ours: Side, file: Path) -> None:
    """What the server has is not sent again, so an interrupted import goes on where it stopped."""
    done = ours.coderag("import", str(exported(ours, file)))
    assert done.stdout.startswith("Imported: 0 vectors; the server had the other ")


def test_another_model_is_refused(embedded: Sides, ours: Side, tmp_path: Path, file: Path) -> None:
    """Vectors of a model with another name are not taken in, and the reply says which model to start."""
    exported(ours, file)
    other = FakeEmbedder(model=EmbeddingModel("other-embedder", DIMENSION))
    with embedded.side(shop(tmp_path / "theirs", *NAMES), other) as side:
        done = side.coderag("import", str(file))
        assert done.exit_code == 2
        assert (
            "embedding-server serves other-embedder (8 numbers), not fake-embedder (8 numbers)" in done.stderr
        )
        assert "EMBEDDING_MODEL" in done.stderr
        assert side.indexed().embedded()


def of_model(file: Path, **model: object) -> Path:
    """A copy of the file that says this of its model, and of its fingerprint nothing else."""
    copied = file.with_name("copied.coderag")
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(copied, "w") as copy:
        manifest = json.loads(archive.read("manifest.json"))
        del manifest["model"]["fingerprint"]
        manifest["model"] |= model
        copy.writestr("manifest.json", json.dumps(manifest))
        for part in manifest["parts"]:
            copy.writestr(part["name"], archive.read(part["name"]))
    return copied


@pytest.mark.parametrize(
    "model",
    [{"fingerprint": "another one"}, {"probe": [1.0] + [0.0] * (DIMENSION - 1)}],
    ids=["by its fingerprint", "by the probe of an earlier version"],
)
def test_another_revision_is_refused(ours: Side, file: Path, model: dict[str, object]) -> None:
    """Vectors of a model with the same name that gives texts other vectors are not taken in."""
    done = ours.coderag("import", str(of_model(exported(ours, file), **model)))
    assert done.exit_code == 2
    assert "serves another revision of fake-embedder" in done.stderr


def test_a_file_of_an_earlier_version_is_taken_in(ours: Side, file: Path) -> None:
    """Without a fingerprint the model is recognised by the vector that it gives a known text."""
    earlier = of_model(exported(ours, file), probe=list(as_kept(vector_of(PROBE))))
    done = ours.coderag("import", str(earlier))
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("Imported: 0 vectors; the server had the other ")


def test_an_export_goes_on_where_it_stopped(ours: Side, file: Path) -> None:
    """Parts that came before an interruption are kept, and only what follows them is asked for."""
    whole = exported(ours, file).read_bytes()
    partial = file.with_name(f"{file.name}.partial")
    partial.mkdir()
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        archive.extract(manifest["parts"][0]["name"], partial)
    manifest["parts"][0]["after"] = "beta.py"
    (partial / "manifest.json").write_text(json.dumps(manifest))
    file.unlink()

    exported(ours, file)

    with zipfile.ZipFile(file) as archive:
        parts = json.loads(archive.read("manifest.json"))["parts"]
    assert [part["files"] for part in parts] == [3, 1]
    assert not partial.exists()
    assert len(file.read_bytes()) > len(whole)


def test_a_damaged_part_of_an_unfinished_export_is_not_used(ours: Side, file: Path) -> None:
    """The command says which folder to delete."""
    partial = file.with_name(f"{file.name}.partial")
    partial.mkdir()
    (partial / "manifest.json").write_text("{")
    done = ours.coderag("export", str(file))
    assert done.exit_code == 2
    assert f"{partial} is damaged: delete it" in done.stderr


def test_a_failed_export_leaves_the_last_one(ours: Side, file: Path) -> None:
    """The file of last night stays as it was when tonight's export fails."""
    before = exported(ours, file).read_bytes()
    ours.embedder.model = EmbeddingModel("fake-embedder", DIMENSION)  # as after an update, until it answers
    done = ours.coderag("export", str(file))
    assert (done.exit_code, file.read_bytes()) == (3, before)
    assert "start it, then export again" in done.stderr


def test_an_export_needs_no_embedding_server(ours: Side, file: Path) -> None:
    """The vectors are there, and so is the fingerprint of their model."""
    ours.embedder.failure = Unavailable("embedding-server cannot be reached.")
    assert exported(ours, file).stat().st_size > 0


def test_a_place_that_cannot_be_written_is_named(ours: Side, tmp_path: Path) -> None:
    """An export into a folder that is a file ends with a sentence."""
    (tmp_path / "taken").write_text("")
    done = ours.coderag("export", str(tmp_path / "taken/shop.coderag"))
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr


def test_the_key_is_needed(embedded: Sides, tmp_path: Path, file: Path) -> None:
    """Without the server's key neither an export nor an import is answered; with it both are."""
    with embedded.side(shop(tmp_path / "ours", *NAMES), key=KEY) as side:
        stranger = replace(side.indexed(), key="")
        assert stranger.coderag("export", str(file)).exit_code == 2
        exported(side, file)
        assert stranger.coderag("import", str(file)).exit_code == 2
        assert side.coderag("import", str(file)).exit_code == 0


def test_searches_are_answered_during_an_export(ours: Side) -> None:
    """While an export is being read, the server answers a search."""
    with httpx2.stream("POST", f"{ours.url}/index/export", json={}, trust_env=False) as response:
        lines = response.iter_lines()
        assert next(lines) == "event: start"
        assert ours.found("alpha", "")
        assert "event: end" in list(lines)


def test_an_unknown_codebase_is_named(ours: Side, file: Path) -> None:
    """An export of a codebase that is not there ends with the names of those that are."""
    done = ours.coderag("export", str(file), "--codebase", "nowhere")
    assert done.exit_code == 2
    assert "nowhere" in done.stderr
    assert "ours" in done.stderr


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/index/import", {"data": "!", "sha256": ""}, "data"),
        ("/index/import", {"data": "AAAA", "sha256": "0"}, None),
        ("/index/import/missing", {"keys": "AAAA"}, "keys"),
    ],
)
def test_bad_input_is_named(ours: Side, path: str, body: dict[str, str], param: str | None) -> None:
    """Bytes that are no base64, no whole rows or not those of the hash are refused with 400."""
    model = {"name": "fake-embedder", "dimension": DIMENSION, "probe": [0.0] * DIMENSION}
    answer = httpx2.post(f"{ours.url}{path}", json={"model": model} | body, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
