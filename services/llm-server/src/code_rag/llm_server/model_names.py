"""The names of models that metrics have labels for: callers may send any name, but a label stays."""

from collections.abc import Iterable

from code_rag.llm_server.backends.base import Json

OTHER = "other"
MOST_VERSIONS = 100


class ModelNames:
    """Names from the settings and from the model server's list; `default` is of requests without one."""

    def __init__(self, default: str, configured: Iterable[str] = ()) -> None:
        self._default = default
        self._known = {default, *configured}
        self._versions: set[str] = set()

    def learn(self, models: Iterable[Json]) -> None:
        """Take note of the models that are listed."""
        self._known.update(model["id"] for model in models)

    def requested(self, request: Json) -> str:
        """The label for the model that a request names."""
        name = request.get("model") or self._default
        return name if name in self._known else OTHER

    def answered(self, name: object) -> str:
        """The label for the model that an answer names: known, or a version of one that is."""
        if not isinstance(name, str) or not name:
            return ""
        if name in self._known or name in self._versions:
            return name
        if len(self._versions) < MOST_VERSIONS and name.startswith(tuple(self._known)):
            self._versions.add(name)
            return name
        return OTHER
