"""The page's files as they are served: safe under its content security policy, whole, and readable."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import code_rag.rag_server

STATIC = Path(code_rag.rag_server.__file__).parent / "static"
PAGE = (STATIC / "index.html").read_text()
SCRIPTS = sorted(STATIC.glob("*.js"))
STYLES = sorted(STATIC.glob("*.css"))


class Tags(HTMLParser):
    """Collects every start tag with its attributes, and the text inside scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inline = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] in ("script", "style"):
            self.inline += data.strip()


@pytest.fixture(scope="module")
def tags() -> Tags:
    parser = Tags()
    parser.feed(PAGE)
    return parser


def test_nothing_is_inline(tags: Tags) -> None:
    """No script, style or handler stands in the HTML, where the policy would block it."""
    assert tags.inline == ""
    for tag, attributes in tags.found:
        assert tag != "style"
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]


def test_the_page_names_its_own_assets_alone(tags: Tags) -> None:
    """Every address is relative, so that the page works below any path, and every asset is there."""
    addresses = [a.get("href") or a.get("src") for _, a in tags.found if a.get("href") or a.get("src")]
    assets = [address for address in addresses if address and not address.startswith("#")]
    assert len(assets) > 3
    for asset in assets:
        assert (STATIC / asset.removeprefix("static/")).is_file(), asset
        assert asset.startswith("static/")


def test_every_style_and_script_is_used(tags: Tags) -> None:
    """No file lies around: styles are linked, scripts are imported from main.js on."""
    linked = {Path(a["href"] or "").name for tag, a in tags.found if tag == "link" and a.get("href")}
    assert {style.name for style in STYLES} <= linked
    reached, todo = set(), ["main.js"]
    while todo:
        name = todo.pop()
        reached.add(name)
        imported = re.findall(r'from "\./([\w.]+)"', (STATIC / name).read_text())
        todo += [other for other in imported if other not in reached]
    assert reached == {script.name for script in SCRIPTS}


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES], ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere(path: Path) -> None:
    """No asset names another server, nor loads anything from a style."""
    text = path.read_text()
    assert not re.search(r"https?://[\w]", text)
    assert not re.search(r"@import|url\(", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_text_never_becomes_markup(path: Path) -> None:
    """No script uses a way to turn a string into HTML, a style or code."""
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|setHTML|document\.write|srcdoc|DOMParser"
    assert not re.search(rf"{ways}|\beval\b|new Function", path.read_text())


def test_the_scripts_find_what_they_look_for(tags: Tags) -> None:
    """Each id that main.js looks up is in the page."""
    ids = {attributes.get("id") for _, attributes in tags.found}
    wanted = re.findall(r'find\("#([\w-]+)"\)', (STATIC / "main.js").read_text())
    assert len(wanted) > 4
    assert set(wanted) <= ids


def test_every_field_has_a_label(tags: Tags) -> None:
    """Screen readers can name each input."""
    labelled = {attributes.get("for") for tag, attributes in tags.found if tag == "label"}
    fields = [
        attributes.get("id") for tag, attributes in tags.found if tag in ("input", "select", "textarea")
    ]
    assert set(fields) == labelled


def test_ids_are_unique(tags: Tags) -> None:
    """No id stands twice."""
    ids = [attributes["id"] for _, attributes in tags.found if "id" in attributes]
    assert len(ids) == len(set(ids))


def colours(scheme: str) -> dict[str, str]:
    """The colour variables of the light or the dark scheme."""
    light, dark = re.findall(r":root \{(.*?)\}", (STATIC / "page.css").read_text(), re.DOTALL)[:2]
    return dict(re.findall(r"--([\w-]+): (#\w{6})", {"light": light, "dark": dark}[scheme]))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "grounds"),
    [
        ("ink", ["paper", "raised", "tint", "mark"]),
        ("soft", ["paper", "raised", "tint"]),
        ("proof", ["paper", "raised", "proof-tint"]),
        ("doubt", ["paper", "raised", "doubt-tint"]),
        ("paper", ["ink"]),
    ],
)
def test_text_has_contrast(scheme: str, text: str, grounds: list[str]) -> None:
    """Each text colour reaches 4.5:1 on every ground it stands on (WCAG 2, AA)."""
    palette = colours(scheme)
    for ground in grounds:
        dark, light = sorted((luminance(palette[text]), luminance(palette[ground])))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)
