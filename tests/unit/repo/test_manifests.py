"""What every manifest must be like, for the base and each overlay.

Names in brackets are those of kube-score, kube-linter and Trivy for the same check.
"""

import shutil
from pathlib import Path

import kubernetes_validate
import pytest

from tests.fixtures.kind_manifests import (
    COMPONENTS,
    OWN,
    PLACES,
    ROOT,
    Object,
    config,
    containers,
    need_kubectl,
    of_kind,
    pod,
    render,
    rendered,
    workloads,
)

ALLOWED_VOLUMES = {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD")


@pytest.fixture(params=PLACES)
def objects(request: pytest.FixtureRequest) -> tuple[Object, ...]:
    """All objects of one place."""
    return rendered(request.param)


@pytest.fixture(params=COMPONENTS)
def workload(request: pytest.FixtureRequest, objects: tuple[Object, ...]) -> Object:
    """One component of one place."""
    return workloads(objects)[request.param]


@pytest.mark.parametrize("version", ["1.30.0", "1.34.0", "1.37.0"])
def test_the_schema_holds(objects: tuple[Object, ...], version: str) -> None:
    """Each object is valid, unknown fields included, from the oldest Kubernetes with preStop sleep on."""
    for each in objects:
        kubernetes_validate.validate(each, version, strict=True)


def test_no_beta_api(objects: tuple[Object, ...]) -> None:
    """Only stable API versions are used [stable-version, no-extensions-v1beta]."""
    assert not [each["apiVersion"] for each in objects if "beta" in each["apiVersion"]]


def test_each_component_is_there(objects: tuple[Object, ...]) -> None:
    """The workloads are the design's four components, under its names."""
    assert set(workloads(objects)) == set(COMPONENTS)


def test_namespace_enforces_restricted(objects: tuple[Object, ...]) -> None:
    """The namespace admits nothing beneath Pod Security `restricted`, at a pinned version."""
    (namespace,) = of_kind(objects, "Namespace")
    labels = namespace["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
        assert labels[f"pod-security.kubernetes.io/{mode}-version"].startswith("v1.")


def test_everything_is_in_the_namespace(objects: tuple[Object, ...]) -> None:
    """Nothing lands in `default` or elsewhere [use-namespace, KSV-0037, KSV-0110]."""
    placed = [each for each in objects if each["kind"] not in ("Namespace", "PersistentVolume")]
    assert {each["metadata"]["namespace"] for each in placed} == {"code-rag"}


def test_images_are_pinned_by_tag(workload: Object) -> None:
    """No image is untagged or `latest` [container-image-tag, KSV-0013]."""
    for container in containers(workload):
        _, _, tag = container["image"].rpartition("/")[2].partition(":")
        assert tag not in ("", "latest"), container["image"]


def test_resources_are_bounded(workload: Object) -> None:
    """Memory and disk are capped at the request, CPU is requested [container-resources, KSV-0011, 0018].

    No CPU limit: throttling an encoder costs its probes, and the request already gives each its share.
    """
    for container in containers(workload):
        requests, limits = container["resources"]["requests"], container["resources"]["limits"]
        assert set(requests) == {"cpu", "memory", "ephemeral-storage"}
        assert limits == {name: requests[name] for name in ("memory", "ephemeral-storage")}


def test_pods_are_restricted(workload: Object) -> None:
    """No pod runs as root or sees the host [run-as-non-root, host-*, KSV-0012, KSV-0104]."""
    spec = pod(workload)
    security = spec["securityContext"]
    name = workload["metadata"]["name"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] == security["runAsGroup"] == (10001 if name in OWN else 1000)
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    for volume in spec["volumes"]:
        assert set(volume) - {"name"} <= ALLOWED_VOLUMES, volume


def test_containers_are_restricted(workload: Object) -> None:
    """No container may gain rights or write to its root [KSV-0001, 0004, 0014, 0017, 0106]."""
    for container in containers(workload):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert not [port for port in container.get("ports", []) if "hostPort" in port]


def test_no_service_account_token(objects: tuple[Object, ...], workload: Object) -> None:
    """Each component has an account of its own without a token, and no role exists [KSV-0036, 0041-0056]."""
    name = workload["metadata"]["name"]
    accounts = {each["metadata"]["name"]: each for each in of_kind(objects, "ServiceAccount")}
    assert pod(workload)["serviceAccountName"] == name
    assert pod(workload)["automountServiceAccountToken"] is False
    assert accounts[name]["automountServiceAccountToken"] is False
    assert not of_kind(objects, "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")


def test_secrets_are_files(objects: tuple[Object, ...], workload: Object) -> None:
    """No secret is an environment variable or in a ConfigMap [env-var-secret, KSV-0109, KSV-01010]."""
    for container in containers(workload):
        assert not [source for source in container.get("envFrom", []) if "secretRef" in source]
        assert not [variable for variable in container.get("env", []) if "valueFrom" in variable]
    for each in of_kind(objects, "ConfigMap"):
        assert not [key for key in each["data"] if any(word in key for word in SECRET_WORDS)]


@pytest.mark.parametrize("name", OWN)
def test_secrets_are_optional(objects: tuple[Object, ...], name: str) -> None:
    """Our pods find `.env` and callers' keys in folders that a changed Secret reaches, or start without."""
    spec = pod(workloads(objects)[name])
    volumes = {each["name"]: each["secret"] for each in spec["volumes"] if "secret" in each}
    assert {volume["optional"] for volume in volumes.values()} == {True}
    assert [each for each in spec["containers"][0]["volumeMounts"] if each["name"] in volumes] == [
        {"name": "dotenv", "mountPath": "/run/secrets", "readOnly": True},
        {"name": "api-keys", "mountPath": "/run/keys", "readOnly": True},
    ]


@pytest.mark.parametrize("place", ["base", "kind"])
@pytest.mark.parametrize("name", COMPONENTS)
def test_probes(place: str, name: str) -> None:
    """Ready and alive are different questions, and a start has its own patience [pod-probes]."""
    (container,) = pod(workloads(rendered(place))[name])["containers"]
    ready = "/health" if name in OWN else "/readyz"
    assert container["readinessProbe"]["httpGet"] == {"path": ready, "port": "http"}
    assert container["startupProbe"]["httpGet"] == {"path": ready, "port": "http"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "http"}
    for probe in ("readinessProbe", "startupProbe", "livenessProbe"):
        assert container[probe]["timeoutSeconds"] >= 3, "a /health that waits for a check takes two seconds"


def test_stop_is_graceful(objects: tuple[Object, ...], workload: Object) -> None:
    """The sleep before SIGTERM and the grace for requests in flight fit into the pod's last seconds."""
    name = workload["metadata"]["name"]
    sleep = pod(workload)["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    grace = float(config(objects, name).get("SHUTDOWN_GRACE_SECONDS", "3"))
    assert sleep >= 3
    assert pod(workload)["terminationGracePeriodSeconds"] >= sleep + grace + 2


def test_disruption_budget(objects: tuple[Object, ...], workload: Object) -> None:
    """A drain takes one pod at a time and never waits for ever [*-has-poddisruptionbudget, pdb-*]."""
    budgets = {each["metadata"]["name"]: each for each in of_kind(objects, "PodDisruptionBudget")}
    spec = budgets[workload["metadata"]["name"]]["spec"]
    assert spec["selector"] == workload["spec"]["selector"]
    assert (spec["maxUnavailable"], spec["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


def test_rollouts_never_take_the_only_pod(objects: tuple[Object, ...]) -> None:
    """A new version is ready before the old one goes [deployment-strategy, no-rolling-update-strategy]."""
    for name in OWN:
        strategy = workloads(objects)[name]["spec"]["strategy"]
        assert strategy["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_services_lead_to_pods(objects: tuple[Object, ...]) -> None:
    """Each Service selects exactly one workload, at a port that it names [service-targets-pod]."""
    for service in of_kind(objects, "Service"):
        selector = service["spec"]["selector"].items()
        chosen = [w for w in workloads(objects).values() if selector <= _labels(w).items()]
        assert len(chosen) == 1, service["metadata"]["name"]
        names = {port["name"] for port in pod(chosen[0])["containers"][0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= names


def test_stateful_set_names_its_pods(objects: tuple[Object, ...]) -> None:
    """vector-db has a headless Service and keeps its data in a claim [statefulset-has-servicename]."""
    stateful = workloads(objects)["vector-db"]["spec"]
    services = {each["metadata"]["name"]: each["spec"] for each in of_kind(objects, "Service")}
    assert services[stateful["serviceName"]]["clusterIP"] == "None"
    (claim,) = stateful["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]


def test_the_codebase_is_read_only(objects: tuple[Object, ...]) -> None:
    """rag-server mounts the codebase read-only, by a claim that nothing can provision by accident."""
    spec = pod(workloads(objects)["rag-server"])
    (volume,) = [each for each in spec["volumes"] if each["name"] == "codebase"]
    (mount,) = [each for each in spec["containers"][0]["volumeMounts"] if each["name"] == "codebase"]
    (claim,) = of_kind(objects, "PersistentVolumeClaim")
    assert volume["persistentVolumeClaim"] == {"claimName": claim["metadata"]["name"], "readOnly": True}
    assert mount["readOnly"] is True
    assert claim["spec"]["accessModes"] == ["ReadOnlyMany"]
    assert claim["spec"]["storageClassName"] == ""


def test_nothing_in_the_base_is_reachable_from_outside() -> None:
    """The base opens no port of a node and asks for no load balancer [exposed-services, service-type]."""
    types = {each["spec"].get("type", "ClusterIP") for each in of_kind(rendered("base"), "Service")}
    assert types == {"ClusterIP"}


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_changed_setting_rolls_the_pods(name: str, tmp_path: Path) -> None:
    """Another line in config.env gives the component, and no other, another pod template."""
    need_kubectl()
    base = tmp_path / "base"
    shutil.copytree(ROOT / "k8s/base", base)
    with (base / name / "config.env").open("a") as file:
        file.write("NEW_SETTING=1\n")
    before, after = workloads(rendered("base")), workloads(render(base))
    assert [each for each in COMPONENTS if before[each] != after[each]] == [name]


def test_overlay_kind_only_adds() -> None:
    """Every object of the base is in the overlay as it is."""
    overlay = rendered("kind")
    assert [each["metadata"]["name"] for each in rendered("base") if each not in overlay] == []


def _labels(workload: Object) -> dict[str, str]:
    labels: dict[str, str] = workload["spec"]["template"]["metadata"]["labels"]
    return labels
