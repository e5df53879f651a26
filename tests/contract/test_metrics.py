"""Every service counts what it answers, in Prometheus' text format."""

import re

import httpx2


def test_metrics_are_prometheus_text(service: httpx2.Client) -> None:
    """`/metrics` has the text format's content type and the process' own figures."""
    response = service.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    assert "process_resident_memory_bytes" in response.text


def test_requests_are_counted(service: httpx2.Client) -> None:
    """An answered request appears under its method, its route and its status."""
    before = counted(service, "/livez", 200)
    for _ in range(3):
        service.get("/livez")
    assert counted(service, "/livez", 200) >= before + 3


def test_latency_is_measured(service: httpx2.Client) -> None:
    """Each route has a histogram of seconds."""
    service.get("/livez")
    assert re.search(
        r'http_request_seconds_bucket\{le="0\.005",route="/livez"\} \d', service.get("/metrics").text
    )


def test_made_up_addresses_add_no_labels(service: httpx2.Client) -> None:
    """A scan of random addresses cannot grow the metrics: they all count as one route."""
    for number in range(3):
        service.get(f"/wp-admin/{number}")
    text = service.get("/metrics").text
    assert "wp-admin" not in text
    assert counted(service, "unmatched", 404) >= 3


def counted(client: httpx2.Client, route: str, status: int) -> float:
    """How many GET requests of `route` were answered with `status` so far."""
    pattern = rf'^http_requests_total\{{method="GET",route="{route}",status="{status}"\}} (\S+)$'
    found = re.search(pattern, client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0
