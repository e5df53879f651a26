"""With EMBEDDING_ENGINE=auto the machine decides, and `why` says how."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from code_rag.embedding_server.engines import AUTO, ENGINES, EngineClass, EngineSpec, EngineUnusable
from code_rag.embedding_server.engines.base import Tokens, Vectors
from code_rag.embedding_server.engines.onnx import OnnxEngine
from code_rag.embedding_server.engines.processor import bfloat16, has_nvidia_gpu
from code_rag.embedding_server.golden import SelfTestFailed
from code_rag.embedding_server.loading import EngineMissing, load_engine
from code_rag.embedding_server.settings import Settings
from tests.unit.embedding_server.conftest import ROOT

SAPPHIRE_RAPIDS = "processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512_bf16 amx_bf16 amx_tile\n"
ZEN_4 = "processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512_bf16\n"
HASWELL = "processor\t: 0\nflags\t\t: fpu avx avx2 fma\n"
GRAVITON = "processor\t: 0\nFeatures\t: fp asimd bf16 i8mm\n"


class Wrong(OnnxEngine):
    """Computes vectors that point the other way."""

    def forward(self, batch: Sequence[Tokens]) -> Vectors:
        return -super().forward(batch)


def _wrong() -> EngineClass:
    return Wrong


def _missing() -> EngineClass:
    raise ModuleNotFoundError("No module named 'warp'", name="warp")


def _unusable() -> EngineClass:
    def load(model: str, location: str, threads: int) -> OnnxEngine:
        raise EngineUnusable("the driver is too old")

    return load


def auto(**engines: EngineSpec) -> OnnxEngine:
    """What is chosen among `engines`."""
    settings = Settings(embedding_engine=AUTO, model_cache_dir=ROOT / ".data/models", hf_hub_offline=True)
    engine = load_engine(settings, engines)
    assert isinstance(engine, OnnxEngine)
    return engine


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (EngineSpec(_missing, lambda: "warp is here", extra="fast"), "'code-rag-embedding-server[fast]'"),
        (EngineSpec(_unusable, lambda: "warp is here"), "the driver is too old"),
        (EngineSpec(_wrong, lambda: "warp is here"), "has cosine -1.00000"),
    ],
    ids=["missing", "unusable", "wrong"],
)
def test_an_engine_that_does_not_work_is_passed_over_in_words(first: EngineSpec, reason: str) -> None:
    """Missing, unusable or computing wrong vectors, it gives way to the next, and `why` says so."""
    engine = auto(warp=first, onnx=ENGINES["onnx"])
    assert engine.name == "onnx"
    assert engine.why.startswith("it computes on every CPU; not warp, though warp is here: ")
    assert reason in engine.why


def test_the_first_that_suits_the_machine_is_taken() -> None:
    """One that does not suit it is not even imported."""
    engine = auto(warp=EngineSpec(_missing, lambda: ""), onnx=ENGINES["onnx"])
    assert engine.why == "it computes on every CPU"


def test_where_none_works_the_last_ones_error_is_raised() -> None:
    """A service without an engine does not become ready."""
    with pytest.raises(SelfTestFailed):
        auto(
            warp=EngineSpec(_unusable, lambda: "warp is here"), wrong=EngineSpec(_wrong, lambda: "it is here")
        )


def test_an_engine_that_was_asked_for_has_no_substitute() -> None:
    """EMBEDDING_ENGINE with a name takes that engine or none."""
    settings = Settings(embedding_engine="cuda", model_cache_dir=ROOT / ".data/models", hf_hub_offline=True)
    with pytest.raises(EngineMissing, match="the package torch is missing"):
        load_engine(settings)


@pytest.mark.parametrize(
    ("flags", "found"), [(SAPPHIRE_RAPIDS, "amx_bf16"), (ZEN_4, "avx512_bf16"), (HASWELL, ""), (GRAVITON, "")]
)
def test_bfloat16_is_read_from_the_cpus_flags(tmp_path: Path, flags: str, found: str) -> None:
    """Only x86 CPUs with AMX or AVX512-BF16 have it."""
    (tmp_path / "cpuinfo").write_text(flags)
    assert bfloat16(tmp_path / "cpuinfo") == found


def test_a_system_without_those_files_has_neither(tmp_path: Path) -> None:
    """On macOS and Windows there is nothing to read."""
    assert bfloat16(tmp_path / "cpuinfo") == ""
    assert not has_nvidia_gpu(tmp_path / "version")
