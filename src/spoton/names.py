"""The grammar of names: `stem?key=value&key=value`, shared by tasks and learners.

A task's name is its identity: `join_name` sorts the keys, so that one thing has one name.
"""

from __future__ import annotations

from collections.abc import Mapping

from spoton.errors import UsageError


def split_name(name: str) -> tuple[str, dict[str, str]]:
    """`"a/b?x=1&y=2"` -> `("a/b", {"x": "1", "y": "2"})`.

    Raises:
        UsageError: an option without `=`, without a value, or given twice.
    """
    stem, _, query = name.strip().partition("?")
    options: dict[str, str] = {}
    if not query and name.strip().endswith("?"):
        raise UsageError(f"'{name}' ends in '?'; leave it out, or write {stem}?key=value")
    for part in query.split("&") if query else []:
        key, equals, value = part.partition("=")
        if not (key and equals and value):
            raise UsageError(f"'{part}' in '{name}' is not of the form key=value")
        if key in options:
            raise UsageError(f"'{key}' is given twice in '{name}'; give it once")
        options[key] = value
    return stem, options


def join_name(stem: str, options: Mapping[str, object]) -> str:
    """The canonical name: keys sorted, `stem` alone when there are none."""
    query = "&".join(f"{key}={options[key]}" for key in sorted(options))
    return f"{stem}?{query}" if query else stem
