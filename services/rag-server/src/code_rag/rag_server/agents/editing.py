"""Adds and removes one entry of a configuration, and checks that nothing else changes."""

from code_rag.rag_server.agents.config_format import ConfigFormat, Entry, Unreadable


def with_entry(text: str, form: ConfigFormat, container: str, name: str, entry: Entry) -> str:
    """The text with the entry; keys that somebody added to an older one stay. Raises Unreadable."""
    old = form.entries(text, container).get(name)
    merged = (old if isinstance(old, dict) else {}) | entry
    if old == merged:
        return text
    new = form.put(text, container, name, merged)
    return _checked(text, new, form, container, name, merged)


def without_entry(text: str, form: ConfigFormat, container: str, name: str) -> str:
    """The text without the entry; the same text where there is none. Raises Unreadable."""
    if name not in form.entries(text, container):
        return text
    return _checked(text, form.drop(text, container, name), form, container, name, None)


def _checked(old: str, new: str, form: ConfigFormat, container: str, name: str, wanted: Entry | None) -> str:
    """The new text, read again: it has to say what is wanted and, besides, what the old one said."""
    is_right = form.entries(new, container).get(name) == wanted
    if not is_right or form.rest(new, container, name) != form.rest(old, container, name):
        raise Unreadable("it is written in a way that cannot be changed without a risk to the rest of it")
    return new
