"""Whether strangers on the network may call."""

from code_rag.servicekit.network import is_loopback
from code_rag.servicekit.settings import ServiceSettings


def exposure(settings: ServiceSettings) -> str:
    """The warning for a service that other machines can call without a key; empty for any other."""
    if settings.api_key or is_loopback(settings.host):
        return ""
    return (
        f"No key is needed here, and HOST={settings.host} lets other machines call: set API_KEY, "
        "unless Compose, the cluster or a firewall keeps them out."
    )
