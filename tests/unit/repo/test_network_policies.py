"""Which calls the NetworkPolicies leave open, as the manifests say; tests/kind tries them for real."""

from itertools import product

import pytest

from tests.fixtures.kind_manifests import COMPONENTS, PLACES, Object, of_kind, rendered, workloads

PORTS = {"vector-db": 6333, "embedding-server": 8001, "llm-server": 8002, "rag-server": 8000}
STRANGER = "stranger"
"""Any other pod of the namespace."""

ARROWS = {
    ("rag-server", "vector-db"),
    ("rag-server", "embedding-server"),
    ("rag-server", "llm-server"),
}
"""Who calls whom in the design; rag-server's own port is open to its namespace, which may not call out."""


def labels_of(name: str) -> dict[str, str]:
    """The labels of a pod of component `name`; those of a stranger match no selector but the empty one."""
    if name == STRANGER:
        return {}
    labels: dict[str, str] = workloads(rendered("base"))[name]["spec"]["template"]["metadata"]["labels"]
    return labels


def matches(selector: Object, labels: dict[str, str]) -> bool:
    """Whether a label selector chooses `labels`."""
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(
        expression["operator"] == "In" and labels.get(expression["key"]) in expression["values"]
        for expression in selector.get("matchExpressions", [])
    )


def governing(place: str, name: str, direction: str) -> list[Object]:
    """The policies that choose `name` and speak about `direction`, Ingress or Egress."""
    policies = [each["spec"] for each in of_kind(rendered(place), "NetworkPolicy")]
    chosen = [each for each in policies if matches(each["podSelector"], labels_of(name))]
    return [each for each in chosen if direction in each["policyTypes"]]


def rules_of(place: str, name: str, direction: str) -> list[Object]:
    """What those policies open."""
    policies = governing(place, name, direction)
    return [rule for policy in policies for rule in policy.get(direction.lower(), [])]


def open_to(rules: list[Object], peers_key: str, peer: str, port: int) -> bool:
    """Whether a rule lets pod `peer` through at `port`; address blocks mean what is outside the cluster."""
    for rule in rules:
        at_port = "ports" not in rule or port in [each["port"] for each in rule["ports"]]
        peers = rule.get(peers_key)
        chosen = peers is None or any(
            "podSelector" in each
            and "namespaceSelector" not in each
            and matches(each["podSelector"], labels_of(peer))
            for each in peers
        )
        if at_port and chosen:
            return True
    return False


def allowed(place: str, caller: str, callee: str) -> bool:
    """Whether the policies let `caller` reach `callee` at its port."""
    port = PORTS[callee]
    out = rules_of(place, caller, "Egress")
    into = rules_of(place, callee, "Ingress")
    return open_to(out, "to", callee, port) and open_to(into, "from", caller, port)


@pytest.mark.parametrize("place", PLACES)
def test_only_the_arrows_of_the_design_are_open(place: str) -> None:
    """Between pods of the namespace exactly the design's three calls are possible."""
    pairs = product((*COMPONENTS, STRANGER), COMPONENTS)
    assert {pair for pair in pairs if allowed(place, *pair)} == ARROWS


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", [*COMPONENTS, STRANGER])
def test_every_pod_is_governed_both_ways(place: str, name: str) -> None:
    """No pod, ours or not, falls through to Kubernetes' default, which is to allow everything."""
    assert governing(place, name, "Ingress")
    assert governing(place, name, "Egress")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["vector-db", "embedding-server", "rag-server", STRANGER])
def test_only_llm_server_may_leave_the_cluster(place: str, name: str) -> None:
    """What reads code that nobody vetted has nowhere to send it: no address block is open to it."""
    rules = rules_of(place, name, "Egress")
    assert not [
        peer for rule in rules for peer in rule.get("to", [{"ipBlock": "anywhere"}]) if "ipBlock" in peer
    ]


@pytest.mark.parametrize("place", PLACES)
def test_a_clouds_metadata_address_is_closed(place: str) -> None:
    """llm-server may call out at named ports, but never to the link-local network."""
    rules = rules_of(place, "llm-server", "Egress")
    blocks = [peer["ipBlock"] for rule in rules for peer in rule["to"] if "ipBlock" in peer]
    assert blocks
    assert all("169.254.0.0/16" in block["except"] for block in blocks)
    assert all(rule["ports"] for rule in rules)


def test_the_front_door_is_open_to_the_namespace() -> None:
    """rag-server answers pods of its own namespace, at its port alone; on kind whoever reaches it."""
    port = {"ports": [{"protocol": "TCP", "port": 8000}]}
    (rule,) = rules_of("base", "rag-server", "Ingress")
    assert rule == {"from": [{"podSelector": {}}], **port}
    assert port in rules_of("kind", "rag-server", "Ingress")


@pytest.mark.parametrize("name", ["vector-db", "embedding-server", "llm-server"])
def test_host_ports_are_not_open_to_pods(name: str) -> None:
    """On kind the developer's machine may call each service; its address block leaves out the pods."""
    rules = rules_of("kind", name, "Ingress")
    (block,) = [peer["ipBlock"] for rule in rules for peer in rule["from"] if "ipBlock" in peer]
    assert block == {"cidr": "0.0.0.0/0", "except": ["10.244.0.0/16"]}
