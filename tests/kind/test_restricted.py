"""The pods' confinement, as the cluster enforces it."""

import pytest
from kubernetes.client import ApiException

from tests.fixtures.kind_cluster import COMPONENTS, NAMESPACE, Cluster

PRIVILEGED = {
    "metadata": {"name": "privileged"},
    "spec": {"containers": [{"name": "c", "image": "any", "securityContext": {"privileged": True}}]},
}


def test_a_privileged_pod_is_refused(cluster: Cluster) -> None:
    """The namespace admits no pod beneath the restricted profile."""
    with pytest.raises(ApiException) as refused:
        cluster.core.create_namespaced_pod(NAMESPACE, PRIVILEGED, dry_run="All")
    assert refused.value.status == 403
    assert refused.value.body is not None
    assert "violates PodSecurity" in refused.value.body
    assert "restricted:" in refused.value.body


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize("folder", ["/", "/usr", "/etc", "/root"])
def test_the_root_cannot_be_written(cluster: Cluster, component: str, folder: str) -> None:
    """No process in a pod can change the image's files."""
    code, _ = cluster.execute(cluster.pod(component).metadata.name, "touch", f"{folder}/new")
    assert code != 0


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_pod_has_no_rights(cluster: Cluster, component: str) -> None:
    """Processes have no capability, cannot gain one, are not root and hold no token for the API."""
    pod = cluster.pod(component).metadata.name
    code, status = cluster.execute(pod, "cat", "/proc/1/status")
    assert code == 0
    lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(lines["CapEff"], 16) == 0
    assert lines["NoNewPrivs"].strip() == "1"
    assert lines["Seccomp"].strip() == "2"
    assert lines["Uid"].split()[0] == ("1000" if component == "vector-db" else "10001")
    code, _ = cluster.execute(pod, "ls", "/var/run/secrets/kubernetes.io")
    assert code != 0


def test_the_codebase_cannot_be_written(cluster: Cluster) -> None:
    """Not even rag-server can change the code it reads."""
    pod = cluster.pod("rag-server").metadata.name
    code, output = cluster.execute(pod, "touch", "/test-codebase/new")
    assert code != 0
    assert "Read-only file system" in output
