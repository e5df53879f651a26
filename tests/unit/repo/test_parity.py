"""docker-compose.yml and the cluster's manifests describe the same four services."""

import re
from functools import cache

import pytest
import yaml

from tests.fixtures.kind_manifests import COMPONENTS, OWN, ROOT, Object, config, pod, rendered, workloads

DESIGN = {"vector-db": 6333, "embedding-server": 8001, "llm-server": 8002, "rag-server": 8000}
"""The design's ports."""
ONLY_WITH_A_LOCAL_MODEL = {"/opt/models"}
"""What the cluster mounts with the component `local-model` only: see test_local_model_component.py."""


@cache
def compose() -> dict[str, Object]:
    """Compose's services as the file has them, `${VARIABLE:-default}` read as the default, `:+` as empty."""
    text = (ROOT / "docker-compose.yml").read_text()
    text = re.sub(r"(?<=\w)\$\{\w+:\+[^}]*\}|\$\{\w+:\+[^}]*\}(?=\w)", "", text)  # inside a value
    plain = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", re.sub(r"\$\{\w+:\+[^}]*\}", '""', text))
    services: dict[str, Object] = yaml.safe_load(plain)["services"]
    return services


def container(name: str) -> Object:
    """The container of a component in the cluster."""
    only: Object
    (only,) = pod(workloads(rendered("kind"))[name])["containers"]
    return only


def env_file(name: str) -> dict[str, str]:
    """The settings that Compose reads for a service from the folder of the component."""
    first = compose()[name]["env_file"][0]
    lines = (ROOT / first).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_services_are_the_same() -> None:
    """Both places run the design's four services under its names."""
    assert set(compose()) == set(COMPONENTS) == set(DESIGN)


@pytest.mark.parametrize("name", COMPONENTS)
def test_images(name: str) -> None:
    """The same image runs in both places; ours are built with the target that Tilt builds."""
    ours, theirs = container(name)["image"], compose()[name]["image"]
    assert (ours.rpartition(":")[0] if name in OWN else ours) == theirs
    if name in OWN:
        assert compose()[name]["build"]["target"] == "runtime"
        assert "target='runtime'" in (ROOT / "Tiltfile").read_text()


@pytest.mark.parametrize("name", COMPONENTS)
def test_ports(name: str) -> None:
    """Each service listens at the design's port, inside and out."""
    assert [each["containerPort"] for each in container(name)["ports"]] == [DESIGN[name]]
    assert compose()[name]["ports"] == [f"127.0.0.1:{DESIGN[name]}:{DESIGN[name]}"]


@pytest.mark.parametrize("name", COMPONENTS)
def test_settings(name: str) -> None:
    """The environment is the same: Compose's file is the ConfigMap, and what Compose pins repeats it."""
    settings = config(rendered("kind"), name)
    assert env_file(name) == settings
    pinned = {key: str(value) for key, value in compose()[name].get("environment", {}).items() if value != ""}
    assert pinned.items() <= settings.items()


@pytest.mark.parametrize("name", COMPONENTS)
def test_memory(name: str) -> None:
    """A service may use as much memory in both places."""
    units = {"m": "Mi", "g": "Gi"}
    limit = compose()[name]["mem_limit"]
    assert container(name)["resources"]["limits"]["memory"] == limit[:-1] + units[limit[-1]]


@pytest.mark.parametrize("name", COMPONENTS)
def test_confinement(name: str) -> None:
    """The same uid, a read-only root and no capability in both places."""
    service, security = compose()[name], pod(workloads(rendered("kind"))[name])["securityContext"]
    assert service["user"] == f"{security['runAsUser']}:{security['runAsGroup']}"
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert "no-new-privileges:true" in service["security_opt"]


@pytest.mark.parametrize("name", COMPONENTS)
def test_readiness(name: str) -> None:
    """Compose's healthcheck asks what the readiness probe asks."""
    assert container(name)["readinessProbe"]["httpGet"]["path"] in compose()[name]["healthcheck"]["test"][-1]


@pytest.mark.parametrize("name", COMPONENTS)
def test_volumes(name: str) -> None:
    """What is mounted where, and how: data, caches, the codebase, scratch space."""
    service = compose()[name]
    theirs = {volume.partition(":")[2] for volume in service.get("volumes", [])} | {
        mount.partition(":")[0] for mount in service["tmpfs"]
    }
    theirs -= ONLY_WITH_A_LOCAL_MODEL
    mounts = [each for each in container(name)["volumeMounts"] if each["name"] != "dotenv"]
    ours = {each["mountPath"] + (":ro" if each.get("readOnly") else "") for each in mounts}
    assert ours == theirs


@pytest.mark.parametrize("name", COMPONENTS)
def test_patience_at_the_end(name: str) -> None:
    """Both places give requests in flight the grace that the service asks for."""
    grace = float(env_file(name).get("SHUTDOWN_GRACE_SECONDS", "3"))
    assert float(compose()[name]["stop_grace_period"].removesuffix("s")) > grace
    assert pod(workloads(rendered("kind"))[name])["terminationGracePeriodSeconds"] > grace


def test_every_secret_is_read_from_the_file() -> None:
    """Each variable that Compose empties is one for whose sake `.env` is mounted."""
    text = (ROOT / "docker-compose.yml").read_text()
    emptied = set(yaml.safe_load(text)["x-secrets"])
    assert emptied == set(re.findall(r"\$\{([A-Z_]+):-", (ROOT / "compose/secrets.env").read_text()))
