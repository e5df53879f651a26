"""A cluster of its own, whose pods Kubernetes starts again."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from code_rag.localstack.ports import HOST, unused_ports
from tests.chaos.place import proxied, set_weather
from tests.fixtures.checkout import copy_project
from tests.fixtures.kind_cluster import COMPONENTS, NAMESPACE, ROOT, Cluster
from tests.fixtures.waiting import wait_for

NODE = "code-rag-control-plane"
DISK = "/var/local-path-provisioner"
"""Where the node keeps what claims hold."""
PORTS = {"vector-db": 6333, "embedding-server": 8001, "llm-server": 8002}
NODE_PORTS = {"rag-server": 30800, "embedding-server": 30801, "llm-server": 30802, "vector-db": 30633}
WEATHER = "import pathlib, sys; pathlib.Path('/tmp', sys.argv[1]).write_text(sys.argv[2])"
FILL = "open('/tmp/filler', 'wb').write(bytes(100_000_000))"
"""More than the 64 MiB that the pods' /tmp may hold: the kubelet evicts the pod when it sees that."""


class KindPlace:
    """Four pods, a proxy as a second container of rag-server's, and one on loopback before rag-server."""

    services: tuple[str, ...] = COMPONENTS
    seconds = 150.0

    def __init__(self, cluster: Cluster, url: str, weather: Path, codebase: Path) -> None:
        self.cluster = cluster
        self.url = url
        self.weather = weather
        self.codebase = codebase
        self.addresses: Mapping[str, str] = {
            name: f"http://{HOST}:{port}" for name, port in NODE_PORTS.items()
        }

    def kill(self, service: str) -> None:
        """Delete the pod without notice; Kubernetes makes another."""
        self.cluster.delete_pod(service, grace_seconds=0)

    def stop(self, service: str) -> None:
        """Want no pod of it, and wait until there is none: it answers until then."""
        self._scale(service, 0)
        kubectl(
            "wait", "--for=delete", "pod", f"--selector=app.kubernetes.io/name={service}", "--timeout=60s"
        )

    def start(self, service: str) -> None:
        """Want one pod of it."""
        self._scale(service, 1)

    def _scale(self, service: str, replicas: int) -> None:
        kind = "statefulset" if service == "vector-db" else "deployment"
        kubectl("scale", f"{kind}/{service}", f"--replicas={replicas}")

    def pause(self, service: str) -> None:
        """SIGSTOP."""
        self._signal(service, "STOP")

    def resume(self, service: str) -> None:
        """SIGCONT; a pod that has been replaced meanwhile needs none."""
        self._signal(service, "CONT")

    def _signal(self, service: str, signal: str) -> None:
        """To all processes of the container, which the node knows by their control group."""
        statuses = self.cluster.pod(service).status.container_statuses
        (container,) = [each.container_id for each in statuses if each.name == service]
        groups = f"grep -ls {container.removeprefix('containerd://')} /proc/[0-9]*/cgroup"
        on_node(f"for group in $({groups}); do kill -{signal} $(echo $group | cut -d/ -f3); done")

    def fill(self, service: str) -> None:
        """The disk of the claims for vector-db, which is a small one; /tmp for the others."""
        if service == "vector-db":
            on_node(f"cat /dev/zero > {DISK}/filler || true")
        else:
            self.cluster.execute(self.cluster.pod(service).metadata.name, "python", "-c", FILL)

    def empty(self, service: str) -> None:
        """Give the space back, and forget pods that were evicted for it."""
        if service == "vector-db":
            on_node(f"rm -f {DISK}/filler")
            return
        for pod in self.cluster.pods(service):
            self.cluster.execute(pod.metadata.name, "rm", "-f", "/tmp/filler")
        kubectl("delete", "pods", "--field-selector=status.phase=Failed")

    def set_weather(self, service: str, how: str) -> None:
        """Of the proxy before the service; a new pod of rag-server has good weather."""
        if service == "rag-server":
            set_weather(self.weather, service, how)
            return
        pod = self.cluster.pod("rag-server").metadata.name
        kubectl("exec", pod, "--container=proxy", "--", "python", "-c", WEATHER, service, how)

    def tend(self) -> bool:
        """Kubernetes does it, with new pods: an answer may come from one that is leaving."""
        return all(self.cluster.ready(each) for each in COMPONENTS)

    def save(self, folder: Path) -> None:
        """Events, states and logs of the namespace."""
        (folder / "events.txt").write_text(kubectl("get", "events", "--sort-by=.lastTimestamp"))
        (folder / "pods.txt").write_text(kubectl("describe", "pods"))
        for service in COMPONENTS:
            for pod in self.cluster.pods(service):
                name = pod.metadata.name
                (folder / f"{name}.log").write_text(kubectl("logs", name, "--all-containers"))


def kubectl(*arguments: str, stdin: str = "") -> str:
    """What kubectl prints in the namespace; fails with what it says is wrong."""
    access = ("--kubeconfig", str(ROOT / ".data/kind/kubeconfig"), "--namespace", NAMESPACE)
    return _output("kubectl", *access, *arguments, stdin=stdin)


def on_node(script: str) -> str:
    """What a script prints on the cluster's node."""
    return _output("docker", "exec", NODE, "sh", "-c", script)


def _output(*command: str, stdin: str = "", seconds: float = 120, **environment: str) -> str:
    done = subprocess.run(
        command, input=stdin, timeout=seconds, env={**os.environ, **environment}, cwd=ROOT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@contextmanager
def kind_place(folder: Path) -> Iterator[KindPlace]:
    """A cluster made for this and deleted in the end; where there is one already, it is refused."""
    clusters = _output("kind", "get", "clusters").split()
    assert "code-rag" not in clusters, "Chaos needs a cluster of its own: remove yours first, make kind-down"
    codebase = copy_project(folder / "project") / "test-codebase"
    try:
        _output("scripts/kind/up.sh", seconds=600, CODEBASE=str(codebase))
        on_node(f"mkdir -p {DISK} && mount -t tmpfs -o size=512m tmpfs {DISK}")
        _output("scripts/kind/load.sh", seconds=1200, DOTENV="")
        (port,) = unused_ports(1)
        front = proxied(folder, {"rag-server": (port, f"{HOST}:{NODE_PORTS['rag-server']}")})
        with closing(Cluster()) as cluster, front as weather:
            _add_proxy(cluster)
            yield KindPlace(cluster, f"http://{HOST}:{port}", weather, codebase)
    finally:
        _output("scripts/kind/down.sh")


def _add_proxy(cluster: Cluster) -> None:
    """Have rag-server call its neighbours through a container in its own pod, as the policies allow."""
    script = (ROOT / "tests/chaos/proxy.py").read_text()
    made: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "proxy"}}
    kubectl("apply", "-f", "-", stdin=json.dumps(made | {"data": {"proxy.py": script}}))
    uid = cluster.pod("rag-server").metadata.uid
    ports = {name: 9000 + number for number, name in enumerate(PORTS)}
    routes = [f"{name}={HOST}:{ports[name]}={name}:{port}" for name, port in PORTS.items()]
    proxy = {
        "name": "proxy",
        "image": cluster.pod("rag-server").spec.containers[0].image,
        "command": ["python", "/chaos/proxy.py", "/tmp", *routes],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "chaos", "mountPath": "/chaos"}, {"name": "tmp", "mountPath": "/tmp"}],
    }
    variables = [
        {"name": f"{name.upper().replace('-', '_')}_URL", "value": f"http://{HOST}:{port}"}
        for name, port in ports.items()
    ]
    containers = [{"name": "rag-server", "env": variables}, proxy]
    volumes = [{"name": "chaos", "configMap": {"name": "proxy"}}]
    cluster.change("rag-server", {"spec": {"containers": containers, "volumes": volumes}})
    wait_for(lambda: cluster.renewed("rag-server", uid), "rag-server with its proxy", 120)
