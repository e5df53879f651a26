"""The local cluster: the hot-reload overlay stays hardened, host ports fit, and `.env` reaches the pods."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.fixtures.kind_manifests import (
    COMPONENTS,
    OWN,
    ROOT,
    Object,
    config,
    containers,
    need_kubectl,
    of_kind,
    pod,
    rendered,
    workloads,
)


@pytest.mark.parametrize("name", COMPONENTS)
def test_hot_reload_keeps_the_pod_as_it_is(name: str) -> None:
    """The pod that reloads has the security context, settings, limits and account of the one that ships."""
    shipped, reloading = (pod(workloads(rendered(place))[name]) for place in ("base", "dev"))
    for field in ("securityContext", "serviceAccountName", "automountServiceAccountToken"):
        assert reloading[field] == shipped[field]
    for field in ("securityContext", "envFrom", "resources", "ports", "lifecycle", "image"):
        assert reloading["containers"][0][field] == shipped["containers"][0][field]


@pytest.mark.parametrize("name", OWN)
def test_hot_reload_only_adds_the_live_source(name: str) -> None:
    """Both source folders are where the image has them, writable, and copied there by the same image."""
    shipped, reloading = (pod(workloads(rendered(place))[name]) for place in ("base", "dev"))
    added = [
        m
        for m in reloading["containers"][0]["volumeMounts"]
        if m not in shipped["containers"][0]["volumeMounts"]
    ]
    assert {(each["name"], each["mountPath"]) for each in added} == {
        ("live", "/app"),
        ("live", "/opt/servicekit"),
    }
    (copy,) = reloading["initContainers"]
    assert copy["image"] == reloading["containers"][0]["image"]
    assert (
        "PYTHONPATH=/app:/opt/servicekit:/opt/reloader" in (ROOT / f"services/{name}/Dockerfile").read_text()
    )


def test_faults_are_for_hot_reload_only() -> None:
    """llm-server's faults may be provoked in the pod that reloads, by Tilt's button, and in no other."""
    shipped, reloading = (pod(workloads(rendered(place))["llm-server"]) for place in ("kind", "dev"))
    assert {"name": "LLM_FAULTS", "value": "all"} in reloading["containers"][0]["env"]
    assert "LLM_FAULTS" not in str((shipped, config(rendered("kind"), "llm-server")))
    assert "choices=['429', '500', 'slow', 'truncated', 'garbled']" in (ROOT / "Tiltfile").read_text()


def test_hot_reload_changes_nothing_else() -> None:
    """Everything but the three Deployments is the same in both overlays."""
    kind, dev = (
        [each for each in rendered(place) if each["kind"] != "Deployment"] for place in ("kind", "dev")
    )
    assert kind == dev


@pytest.mark.parametrize("name", OWN)
def test_broken_source_is_not_ready_but_not_restarted(name: str) -> None:
    """While source does not import the pod gets no traffic at once, and its container lives on."""
    (container,) = pod(workloads(rendered("dev"))[name])["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/health"
    assert (
        container["readinessProbe"]["periodSeconds"],
        container["readinessProbe"]["failureThreshold"],
    ) == (1, 1)
    assert container["livenessProbe"]["tcpSocket"] == {"port": "http"}
    assert container["startupProbe"]["tcpSocket"] == {"port": "http"}


def kind_node() -> Object:
    """The node of kind-config.yaml."""
    nodes: list[Object] = yaml.safe_load((ROOT / "kind-config.yaml").read_text())["nodes"]
    assert len(nodes) == 1
    return nodes[0]


def test_each_component_has_its_host_port() -> None:
    """The cluster maps, on the loopback address alone, exactly the node ports of the overlay's Services."""
    services = [
        each["spec"]
        for each in of_kind(rendered("kind"), "Service")
        if each["spec"].get("type") == "NodePort"
    ]
    open_ports = {port["nodePort"] for each in services for port in each["ports"]}
    mappings = kind_node()["extraPortMappings"]
    assert len(open_ports) == len(COMPONENTS)
    assert (
        {each["hostPort"] for each in mappings} == {each["containerPort"] for each in mappings} == open_ports
    )
    assert {each["listenAddress"] for each in mappings} == {"127.0.0.1"}


def test_the_node_has_the_codebase_read_only() -> None:
    """The folder that the volume names is mounted into the node, and cannot be written to from there."""
    (volume,) = of_kind(rendered("kind"), "PersistentVolume")
    (mount,) = kind_node()["extraMounts"]
    assert volume["spec"]["hostPath"]["path"] == mount["containerPath"]
    assert mount["readOnly"] is True
    assert volume["spec"]["claimRef"] == {"namespace": "code-rag", "name": "codebase"}


def with_dotenv(tmp_path: Path, text: str) -> tuple[Object, ...]:
    """The overlay as scripts/kind/render.sh prints it for a `.env` that says `text`."""
    need_kubectl()
    dotenv = tmp_path / ".env"
    dotenv.write_text(text)
    run = subprocess.run(
        [ROOT / "scripts/kind/render.sh", "kind", "code-rag/rag-server:abc"],
        env={**os.environ, "DOTENV": str(dotenv)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return tuple(yaml.safe_load_all(run.stdout))


def test_dotenv_becomes_a_secret_that_our_pods_mount(tmp_path: Path) -> None:
    """The whole file is the Secret's one key, under a name that the pods mount."""
    objects = with_dotenv(tmp_path, "OPENAI_API_KEY=sk-made-up\n")
    (secret,) = of_kind(objects, "Secret")
    assert list(secret["data"]) == ["dotenv"]
    for name in OWN:
        (volume,) = [each for each in pod(workloads(objects)[name])["volumes"] if each["name"] == "dotenv"]
        assert volume["secret"]["secretName"] == secret["metadata"]["name"]


def test_callers_keys_become_a_secret_of_their_own(tmp_path: Path) -> None:
    """The file that API_KEYS_FILE names is mounted where the services look, and rolls no pod."""
    file = tmp_path / "any-name.toml"
    file.write_text("[keys]\n")
    before = with_dotenv(tmp_path, f"API_KEY=secret\nAPI_KEYS_FILE={file}\n")
    (secret,) = [each for each in of_kind(before, "Secret") if each["metadata"]["name"] == "api-keys"]
    assert list(secret["data"]) == ["keys.toml"]
    for name in OWN:
        assert config(before, name)["API_KEYS_FILE"] == "/run/keys/keys.toml"
    file.write_text("# another\n[keys]\n")
    assert workloads(with_dotenv(tmp_path, (tmp_path / ".env").read_text())) == workloads(before)


def test_the_file_of_models_becomes_a_config_map(tmp_path: Path) -> None:
    """The file that LLM_MODELS names is mounted in llm-server, and a change of it rolls no other pod."""
    file = tmp_path / "any-name.toml"
    file.write_text("[models.a]\n")
    before = with_dotenv(tmp_path, f"LLM_MODELS={file}\n")
    assert config(before, "llm-server")["LLM_MODELS"] == "/run/models/models.toml"
    assert "LLM_MODELS" not in config(before, "rag-server")
    spec = pod(workloads(before)["llm-server"])
    (volume,) = [each for each in spec["volumes"] if each["name"] == "models"]
    (held,) = [
        each
        for each in of_kind(before, "ConfigMap")
        if each["metadata"]["name"] == volume["configMap"]["name"]
    ]
    assert held["data"] == {"models.toml": "[models.a]\n"}
    file.write_text("[models.b]\n")
    after = with_dotenv(tmp_path, (tmp_path / ".env").read_text())
    assert [name for name in OWN if workloads(before)[name] != workloads(after)[name]] == ["llm-server"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A file that .env names and nobody can read ends the rendering with a sentence."""
    need_kubectl()
    (tmp_path / ".env").write_text(f"LLM_MODELS={tmp_path}/none.toml\n")
    run = subprocess.run(
        [ROOT / "scripts/kind/render.sh", "kind"],
        env={**os.environ, "DOTENV": str(tmp_path / ".env")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode != 0
    assert f"names {tmp_path}/none.toml, which cannot be read." in run.stderr


def test_another_secret_rolls_the_pods(tmp_path: Path) -> None:
    """A changed key gives each of our components another pod template, and leaves vector-db alone."""
    before = workloads(with_dotenv(tmp_path, "OPENAI_API_KEY=one\n"))
    after = workloads(with_dotenv(tmp_path, "OPENAI_API_KEY=two\n"))
    assert {name for name in COMPONENTS if before[name] != after[name]} == set(OWN)


def test_dotenv_overrides_choices_but_not_addresses(tmp_path: Path) -> None:
    """A model chosen in `.env` beats config.env; where services listen and call stays the cluster's."""
    objects = with_dotenv(
        tmp_path,
        'MODEL_NAME="small=model"\nLOG_LEVEL=\nPORT=1\nVECTOR_DB_URL=http://127.0.0.1:1\nAPI_KEY=secret\n',
    )
    plain = rendered("kind")
    assert config(objects, "llm-server") == {**config(plain, "llm-server"), "MODEL_NAME": "small=model"}
    assert config(objects, "rag-server") == config(plain, "rag-server")


def test_another_server_that_embeds_can_be_called(tmp_path: Path) -> None:
    """EMBEDDING_ENGINE=openai in `.env` opens embedding-server's way out, and nothing else does."""
    plain = of_kind(with_dotenv(tmp_path, "EMBEDDING_MODEL=m\n"), "NetworkPolicy")
    asked = of_kind(with_dotenv(tmp_path, 'EMBEDDING_ENGINE="openai"\n'), "NetworkPolicy")
    (opened,) = [policy for policy in asked if policy not in plain]
    assert opened["metadata"]["name"] == "embedding-server"
    assert [rule["ports"][0]["port"] for rule in opened["spec"]["egress"]] == [53, 443]
    assert [policy for policy in plain if policy not in asked] == [
        {**opened, "spec": {key: value for key, value in opened["spec"].items() if key != "egress"}}
    ]


def test_images_take_the_tags_that_were_loaded(tmp_path: Path) -> None:
    """An image named on the command line replaces that component's tag and no other."""
    objects = with_dotenv(tmp_path, "")
    images = {name: containers(workloads(objects)[name])[0]["image"] for name in OWN}
    assert images["rag-server"] == "code-rag/rag-server:abc"
    assert images["llm-server"] == "code-rag/llm-server:0.1.0"
