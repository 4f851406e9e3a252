"""Values that a shell completes: names of tasks, learners, metrics and engines.

Whoever reads the catalogue imports scikit-learn, and a shell that asks at each Tab cannot wait for that. So the names
are kept in a file of the user's cache, once an installation, and read anew when a file of the catalogue has changed.
Where nothing can be kept, nothing is completed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer

from spoton._version import __version__

PACKAGE = Path(__file__).parents[1]
ROOMS = ("tasks", "learners", "metrics")
SAMPLERS = ("tpe", "random", "grid")
ENGINES = ("loky", "ray", "dask")

Found = list[tuple[str, str]]  # value, and a line on it


def task(incomplete: str) -> Found:
    """Names of tasks, and behind ? and & the variants of theirs."""
    held = _names().get("tasks", {})
    stem, mark, query = incomplete.partition("?")
    if not mark:
        return _begin(incomplete, ((name, one["about"]) for name, one in held.items()))
    before = incomplete[: len(incomplete) - len(query.rpartition("&")[2])]
    options = held.get(stem, {}).get("options", {})
    return _begin(incomplete, ((f"{before}{key}=", about) for key, about in options.items()))


def learner(incomplete: str) -> Found:
    """Names of learners, features behind @, modifiers behind +."""
    held = _names()
    if "?" in incomplete:
        return []
    if "+" in incomplete or "@" in incomplete:
        at = max(incomplete.rfind("+"), incomplete.rfind("@")) + 1
        parts = list(held.get("features", {}).items()) if "@" in incomplete else []
        parts += held.get("modifiers", {}).items() if incomplete[at - 1] == "+" else []
        return _begin(incomplete, ((incomplete[:at] + part, about) for part, about in parts))
    return _begin(incomplete, held.get("learners", {}).items())


def learners(incomplete: str) -> Found:
    """A list of them: the last is completed."""
    before = incomplete[: len(incomplete) - len(incomplete.rpartition(",")[2])]
    return [(before + name, about) for name, about in learner(incomplete[len(before) :])]


def task_then_learner(ctx: typer.Context, incomplete: str) -> Found:
    """For commands that take both: a task first."""
    return learner(incomplete) if ctx.params.get("words") else [*task(incomplete), *learner(incomplete)]


def metric(incomplete: str) -> Found:
    """Names of metrics."""
    return _begin(incomplete, _names().get("metrics", {}).items())


def sampler(incomplete: str) -> Found:
    """How a sweep draws."""
    return _begin(incomplete, ((name, "") for name in SAMPLERS))


def engine(incomplete: str) -> Found:
    """Where a bench runs."""
    return _begin(incomplete, ((name, "") for name in ENGINES))


def _begin(incomplete: str, pairs: Iterable[tuple[str, str]]) -> Found:
    return [(name, about) for name, about in pairs if name.startswith(incomplete)]


def _names() -> dict[str, Any]:
    """Names with their lines, from the file of the user's cache or made for it; empty where that is not possible."""
    try:
        path, stamp = _place(), _stamp()
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            if held.get("stamp") == stamp:
                return dict(held)
        except (OSError, ValueError, AttributeError):
            pass
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.touch()  # before the long part: where it fails, each Tab would take seconds
        partial.write_text(json.dumps(found := _read() | {"stamp": stamp}), encoding="utf-8")
        partial.replace(path)
        return found
    except (OSError, RuntimeError):  # no home, no room on the disk
        return {}


def _place() -> Path:
    """One file an installation."""
    told = os.environ.get("XDG_CACHE_HOME")
    base = Path(told) if told else Path.home() / ".cache"
    return base / "spoton" / f"names-{hashlib.sha256(str(PACKAGE).encode()).hexdigest()[:12]}.json"


def _stamp() -> str:
    """Changes with any file of the catalogue."""
    seen = [__version__]
    for room in ROOMS:
        with os.scandir(PACKAGE / room) as files:
            seen += sorted(f"{file.name} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files)
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:16]


def _read() -> dict[str, Any]:
    """Ask the catalogue."""
    from spoton.learners import FEATURE_NAMES, MODIFIERS, learner_names
    from spoton.metrics import all_metrics
    from spoton.tasks import families

    return {
        "tasks": {
            name: {"about": about, "options": {key: option.about for key, option in family.options.items()}}
            for family in families()
            for name, about in family.task_names().items()
        },
        "learners": learner_names(),
        "features": dict.fromkeys(FEATURE_NAMES, "features of images"),
        "modifiers": dict(MODIFIERS),
        "metrics": {name: metric.about for name, metric in all_metrics().items()},
    }
