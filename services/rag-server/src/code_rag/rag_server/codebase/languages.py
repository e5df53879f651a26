"""Which language a file is written in."""

import re
from pathlib import PurePosixPath

_EXTENSIONS = {
    "bash": "sh bash zsh ksh bats",
    "c": "c h",
    "clojure": "clj cljs cljc edn",
    "cpp": "cc cpp cxx c++ hh hpp hxx h++ ipp tpp inl cu cuh",
    "csharp": "cs csx",
    "css": "css scss sass less",
    "csv": "csv tsv",
    "dart": "dart",
    "dockerfile": "dockerfile",
    "elixir": "ex exs",
    "erlang": "erl hrl",
    "go": "go",
    "graphql": "graphql gql",
    "groovy": "groovy gradle",
    "haskell": "hs lhs",
    "html": "html htm xhtml astro jinja jinja2 j2 erb hbs",
    "ini": "ini cfg conf properties env editorconfig",
    "java": "java",
    "javascript": "js mjs cjs jsx",
    "json": "json jsonc json5 jsonl ndjson geojson ipynb webmanifest",
    "julia": "jl",
    "kotlin": "kt kts",
    "lua": "lua",
    "makefile": "mk mak",
    "markdown": "md markdown mdx",
    "nix": "nix",
    "objective-c": "m mm",
    "ocaml": "ml mli",
    "perl": "pl pm t",
    "php": "php phtml",
    "powershell": "ps1 psm1 psd1",
    "protobuf": "proto",
    "python": "py pyi pyw",
    "r": "r rmd",
    "rst": "rst",
    "ruby": "rb rake gemspec ru",
    "rust": "rs",
    "scala": "scala sc sbt",
    "sql": "sql",
    "starlark": "bzl bazel star",
    "svelte": "svelte",
    "swift": "swift",
    "terraform": "tf tfvars hcl",
    "toml": "toml",
    "tsx": "tsx",
    "typescript": "ts mts cts",
    "vue": "vue",
    "xml": "xml xsd xsl xslt svg plist csproj vcxproj pom resx xaml",
    "yaml": "yaml yml",
    "zig": "zig",
}
_BY_EXTENSION = {ending: name for name, endings in _EXTENSIONS.items() for ending in endings.split()}

_BY_NAME = {
    "build": "starlark",
    "cmakelists.txt": "cmake",
    "containerfile": "dockerfile",
    "dockerfile": "dockerfile",
    "gemfile": "ruby",
    "gnumakefile": "makefile",
    "jenkinsfile": "groovy",
    "makefile": "makefile",
    "rakefile": "ruby",
    "tiltfile": "starlark",
    "vagrantfile": "ruby",
    "workspace": "starlark",
}

_BY_INTERPRETER = {
    "bash": "bash",
    "dash": "bash",
    "ksh": "bash",
    "node": "javascript",
    "perl": "perl",
    "php": "php",
    "pypy": "python",
    "python": "python",
    "ruby": "ruby",
    "sh": "bash",
    "zsh": "bash",
}

DATA = frozenset({"csv", "json", "xml"})
"""Formats that mostly hold data; a large file of them says little about the code."""

PROSE = frozenset({"markdown", "rst", "text"})
"""Formats in which a whole paragraph on one line is usual."""

_CPP_HEADER = re.compile(
    r"^\s*(?:template\s*<|namespace\s+\w+\s*(?:\{|$)|class\s+\w+\s*(?:[:{;]|$)|(?:public|private|protected)\s*:\s*$)",
    re.MULTILINE,
)


def detect_language(path: str, text: str = "") -> str:
    """Name the language of a file by its name, then by its `#!` line; `text` when nothing is known."""
    name = PurePosixPath(path).name.lower()
    language = _BY_NAME.get(name) or _BY_EXTENSION.get(name.rpartition(".")[2] if "." in name else "")
    if language == "c" and name.endswith(".h") and _CPP_HEADER.search(text):
        return "cpp"
    if language is None and name.startswith(("dockerfile.", "makefile.")):
        return name.partition(".")[0]
    return language or _by_shebang(text) or "text"


def _by_shebang(text: str) -> str | None:
    if not text.startswith("#!"):
        return None
    words = [word for word in text.partition("\n")[0][2:].split() if not word.startswith("-")]
    names = [PurePosixPath(word).name for word in words]
    interpreter = next((name for name in names if name != "env"), "")
    return _BY_INTERPRETER.get(interpreter.rstrip("0123456789."))
