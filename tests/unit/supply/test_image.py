"""The bill of materials of an image has what dpkg lists."""

from scripts.supply.image import with_image

STATUS = """Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u13
Description: GNU C Library
 Status: not this one

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1
"""


def test_installed_packages_are_listed() -> None:
    """Debian's installed packages follow Python's, and the image is the subject of the bill."""
    wheel = {"type": "application", "name": "code-rag-llm-server"}
    bill = {"metadata": {"component": wheel}, "components": [{"name": "h11"}]}

    found = with_image(bill, "code-rag/llm-server", "sha256:0", STATUS)

    assert found["metadata"]["component"]["version"] == "sha256:0"
    assert [each["name"] for each in found["components"]] == ["code-rag-llm-server", "h11", "libc6"]
    assert found["components"][-1]["purl"] == "pkg:deb/debian/libc6@2.36-9%2Bdeb12u13?arch=amd64"
