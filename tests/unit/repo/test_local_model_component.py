"""The component that adds a model on this machine to an overlay, as `tilt up -- --local-model` does."""

import os
import subprocess

import kubernetes_validate
import pytest
import yaml

from tests.fixtures.kind_manifests import ROOT, Object, config, need_kubectl, of_kind, pod, workloads


@pytest.fixture(scope="module", params=["kind", "dev"])
def objects(request: pytest.FixtureRequest) -> tuple[Object, ...]:
    """All objects of one overlay with the component."""
    need_kubectl()
    (ROOT / ".data/kind").mkdir(parents=True, exist_ok=True)
    run = subprocess.run(
        ["scripts/kind/render.sh", request.param],
        env={**os.environ, "LLM_BACKEND": "local", "DOTENV": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return tuple(yaml.safe_load_all(run.stdout))


def job(objects: tuple[Object, ...]) -> Object:
    only: Object
    (only,) = of_kind(objects, "Job")
    return only


@pytest.mark.parametrize("version", ["1.30.0", "1.37.0"])
def test_the_schema_holds(objects: tuple[Object, ...], version: str) -> None:
    """Each object is valid, unknown fields included."""
    for each in objects:
        kubernetes_validate.validate(each, version, strict=True)


def test_llm_server_calls_nobody(objects: tuple[Object, ...]) -> None:
    """No policy lets the pod that reads questions and code out, and one lets the Job fetch the file."""
    egress = {
        each["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"]: each["spec"]["egress"]
        for each in of_kind(objects, "NetworkPolicy")
        if each["metadata"]["labels"].get("app.kubernetes.io/name") in ("llm-server", "local-model")
        and "egress" in each["spec"]
    }
    assert egress["llm-server"] == []
    assert [rule["ports"][-1]["port"] for rule in egress["local-model"]] == [53, 443]


def test_the_job_fetches_what_the_pod_reads(objects: tuple[Object, ...]) -> None:
    """Both have the same image, volume, folder and model; the pod may only read."""
    server, fetch = pod(workloads(objects)["llm-server"]), pod(job(objects))
    settings = config(objects, "llm-server")
    environment = {each["name"]: each["value"] for each in fetch["containers"][0]["env"]}
    assert settings["LLM_BACKEND"] == "local"
    assert environment.items() <= settings.items()
    assert fetch["containers"][0]["image"] == server["containers"][0]["image"]
    mounts = {each["name"]: each for each in server["containers"][0]["volumeMounts"]}
    assert mounts["local-model"] == {
        "name": "local-model", "mountPath": environment["LOCAL_MODEL_CACHE_DIR"], "readOnly": True,
    }  # fmt: skip
    claims = [
        each["persistentVolumeClaim"]["claimName"]
        for spec in (server, fetch)
        for each in spec["volumes"]
        if each["name"] == "local-model"
    ]
    assert claims == ["local-model", "local-model"]


def test_the_job_is_restricted(objects: tuple[Object, ...]) -> None:
    """It runs without root, with a read-only root, no capability and bounded memory."""
    spec = pod(job(objects))
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {"memory", "ephemeral-storage"} <= container["resources"]["limits"].keys()


def test_there_is_memory_for_the_model(objects: tuple[Object, ...]) -> None:
    """The pod has the 1.8 GB that the model may use, and some for the service."""
    assert pod(workloads(objects)["llm-server"])["containers"][0]["resources"]["limits"]["memory"] == "2Gi"
