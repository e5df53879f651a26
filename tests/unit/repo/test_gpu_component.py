"""The component that gives embedding-server a GPU, in an overlay of the base."""

import os
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.fixtures.kind_manifests import ROOT, Object, config, need_kubectl, pod, workloads


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> tuple[Object, ...]:
    """All objects of an overlay of the base with the component."""
    need_kubectl()
    folder = tmp_path_factory.mktemp("overlay").resolve()
    base, component = (os.path.relpath(ROOT / "k8s" / part, folder) for part in ("base", "components/gpu"))
    overlay = {"resources": [base], "components": [component]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
    return tuple(yaml.safe_load_all(render(folder)))


def render(folder: Path) -> str:
    run = subprocess.run(
        ["kubectl", "kustomize", str(folder)], capture_output=True, text=True, timeout=60, check=True
    )
    return run.stdout


@pytest.mark.parametrize("version", ["1.30.0", "1.37.0"])
def test_the_schema_holds(objects: tuple[Object, ...], version: str) -> None:
    """Each object is valid, unknown fields included."""
    for each in objects:
        kubernetes_validate.validate(each, version, strict=True)


def test_it_asks_for_one_gpu_and_takes_nothing_else(objects: tuple[Object, ...]) -> None:
    """The pod gets a GPU, the engine for it and room for PyTorch, and no pod has to share the GPU."""
    workload = workloads(objects)["embedding-server"]
    (container,) = pod(workload)["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"] == "6Gi"
    assert config(objects, "embedding-server")["EMBEDDING_ENGINE"] == "cuda"
    assert workload["spec"]["strategy"] == {"type": "Recreate"}
