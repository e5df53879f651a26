"""Adds what an image holds beside Python packages to its bill of materials: the packages of Debian."""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote


def debian_packages(status: str) -> list[dict[str, Any]]:
    """The installed packages in the text of /var/lib/dpkg/status, as CycloneDX components by name."""
    found = (_fields(stanza) for stanza in status.split("\n\n"))
    return [_component(each) for each in found if each.get("Status") == "install ok installed"]


def with_image(bill: dict[str, Any], name: str, digest: str, status: str) -> dict[str, Any]:
    """The bill of an image: that of its Python packages, with Debian's, and with the image as its subject."""
    python = bill["metadata"].get("component")
    image = {"type": "container", "bom-ref": name, "name": name, "version": digest}
    components = [*([python] if python else []), *bill.get("components", []), *debian_packages(status)]
    return bill | {"metadata": bill["metadata"] | {"component": image}, "components": components}


def _fields(stanza: str) -> dict[str, str]:
    lines = (line.partition(": ") for line in stanza.splitlines() if not line.startswith(" "))
    return {key: value for key, _, value in lines}


def _component(fields: dict[str, str]) -> dict[str, Any]:
    name, version = fields["Package"], fields["Version"]
    where = f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={fields['Architecture']}"
    return {"type": "library", "bom-ref": where, "name": name, "version": version, "purl": where}


def main() -> None:
    """Read a bill, the image's name and digest, and dpkg's status on stdin; write the bill over the first."""
    file, name, digest = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    file.write_text(
        json.dumps(with_image(json.loads(file.read_text()), name, digest, sys.stdin.read()), indent=1)
    )


if __name__ == "__main__":
    main()
