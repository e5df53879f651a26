"""Which folders hold what tools put there: caches, build output, dependencies and copies of others' code."""

from collections.abc import Callable, Set
from fnmatch import fnmatchcase

from code_rag.rag_server.codebase.skipping import Reason

VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr", ".jj", "CVS"})
"""Never entered, whatever a rule says: they hold credentials and no source."""

_OUTPUT_LIST = """
__pycache__ .tox .nox .mypy_cache .ruff_cache .pytest_cache .hypothesis .ipynb_checkpoints .gradle
.terraform .cache .next .nuxt .output .svelte-kit .parcel-cache .turbo .dart_tool .build .stack-work
.serverless .aws-sam .vercel .docusaurus .expo .nyc_output _build _site htmlcov CMakeFiles DerivedData
dist-newstyle
"""
_OUTPUT = frozenset(_OUTPUT_LIST.split())
_OUTPUT_PATTERNS = ("*.egg-info", "cmake-build-*", "bazel-bin", "bazel-out", "bazel-testlogs")
_DEPENDENCIES_LIST = """
node_modules bower_components jspm_packages .venv .eggs .yarn .pnpm-store .bundle __pypackages__
site-packages elm-stuff Pods Carthage
"""
_DEPENDENCIES = frozenset(_DEPENDENCIES_LIST.split())
_COPIES = frozenset({"third_party", "third-party", "thirdparty", "3rdparty", "_vendor", "_vendored"})

_MADE_BESIDE = {
    "build": "build.gradle build.gradle.kts setup.py pyproject.toml package.json pubspec.yaml meson.build",
    "dist": "package.json setup.py pyproject.toml",
    "out": "package.json tsconfig.json *.iml .idea",
    "target": "pom.xml Cargo.toml build.sbt project.clj",
    "coverage": "package.json composer.json",
    "bin": "*.csproj *.fsproj *.vbproj *.vcxproj .classpath",
    "obj": "*.csproj *.fsproj *.vbproj *.vcxproj",
    "deps": "mix.exs",
    "vendor": "go.mod composer.json Gemfile Cargo.toml",
}
"""Ordinary words that are also the names of such folders, and the files that are next to those."""
_ONLY_BESIDE = frozenset({"bin", "coverage", "deps", "obj", "out"})

_SOURCE = frozenset(["src", "source", "sources", "lib", "app", "internal", "pkg", "cmd", "com", "org"])

_ENVIRONMENT = "pyvenv.cfg"
_CACHE = "CACHEDIR.TAG"  # https://bford.info/cachedir/
_INSTALLED = frozenset({"modules.txt", "autoload.php", "bundle", "Manifest.lock"})
"""What Go, Composer, Bundler and CocoaPods leave in the folder of dependencies."""
_LICENCES = ("license", "licence", "copying", "notice")


def is_source_folder(name: str, names: Set[str]) -> bool:
    """Whether what is in the folder, and below it, is most likely written by hand."""
    return name in _SOURCE or "__init__.py" in names


def marked_reason(names: Set[str]) -> Reason | None:
    """Why a folder is left out because of a file in it; `names` are all in it."""
    if _ENVIRONMENT in names:
        return Reason.VENDORED
    return Reason.BUILD_OUTPUT if _CACHE in names else None


def named_reason(name: str) -> Reason | None:
    """Why a folder is left out if its name can mean nothing else."""
    if name in _DEPENDENCIES:
        return Reason.VENDORED
    is_output = name in _OUTPUT or any(fnmatchcase(name, pattern) for pattern in _OUTPUT_PATTERNS)
    return Reason.BUILD_OUTPUT if is_output else None


def is_ambiguous(name: str) -> bool:
    """Whether people give this name to folders of source, too; `placed_reason` distinguishes them."""
    return name in _MADE_BESIDE or name.lower() in _COPIES


def placed_reason(
    name: str, beside: Set[str], in_source: bool, is_tracked: Callable[[], bool], inside: Set[str]
) -> Reason | None:
    """Why a folder with an ambiguous name is left out: by what is next to it, around it and inside.

    What git tracks is the user's own, unless it has the marks of others' code (`holds_copies`).
    """
    reason = Reason.VENDORED if may_hold_copies(name) else Reason.BUILD_OUTPUT
    is_made = any(fnmatchcase(other, made) for made in _MADE_BESIDE.get(name, "").split() for other in beside)
    if name in _ONLY_BESIDE and not is_made:
        return None
    if name.lower() not in _COPIES and in_source and not is_made:
        return None
    if reason is Reason.BUILD_OUTPUT and "__init__.py" in inside:
        return None
    return None if is_tracked() else reason


def may_hold_copies(name: str) -> bool:
    """Whether the folder's name says that it holds others' code."""
    return name in ("vendor", "deps") or name.lower() in _COPIES


def holds_copies(inside: Set[str], deeper: Set[str]) -> bool:
    """Whether a package manager filled the folder, or the folders in it have licences of their own.

    `inside` are the names in the folder, `deeper` those in the folders in it.
    """
    return not _INSTALLED.isdisjoint(inside) or any(name.lower().startswith(_LICENCES) for name in deeper)
