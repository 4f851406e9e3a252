"""Keeps a diagnosis beside the learner's run in the store, and reads it again: JSON with a version."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select

from spoton._provenance import command, now
from spoton._version import __version__

if TYPE_CHECKING:
    from spoton.store import Store
    from spoton.why._change import Change
    from spoton.why._diagnosis import Diagnosis
    from spoton.why._effect import Effect

NAME, VERSION = "why.json", 1
Document = dict[str, Any]


def document(diagnosis: Diagnosis) -> Document:
    """All that a page or a later reader needs, ready for JSON; `version` grows when a key changes its meaning.

    Keys: `version`, `spoton`, `made`, `command`, `task`, `learner`, `position`, `hit`, `trouble`, `seconds`, `runs` and
    `seeds` (how many), `interrupted`, `code`, `name`; `facts` with their `picture`; `changes`, see `measured`;
    `together`, or None; `untested` and `failed`.
    """
    return {
        "version": VERSION,
        "spoton": __version__,
        "made": now(),
        "command": command(),
        "task": diagnosis.task,
        "learner": diagnosis.learner,
        "position": diagnosis.position,
        "hit": diagnosis.hit,
        "trouble": diagnosis.trouble,
        "seconds": diagnosis.seconds,
        "runs": len(diagnosis.runs),
        "seeds": len({run.seed for run in diagnosis.runs}),
        "interrupted": diagnosis.interrupted,
        "code": diagnosis.code,
        "name": diagnosis.name,
        "facts": [_finite(asdict(fact)) for fact in diagnosis.facts],
        "changes": [measured(change, effect) for change, effect in diagnosis.measured],
        "together": None
        if diagnosis.together is None
        else {"changes": [_change(change) for change in diagnosis.together[0]]} | _effect(diagnosis.together[1]),
        "untested": [_change(change) for change in diagnosis.untested],
        "failed": [_change(change) | {"reason": reason} for change, reason in diagnosis.failed],
    }


def measured(change: Change, effect: Effect) -> Document:
    """A change with what it did: `closed`, `low` and `high` (None where there is no interval), `seeds`, `verdict`."""
    return _change(change) | _effect(effect)


def _change(change: Change) -> Document:
    names = ("probe", "words", "cause", "code", "bypass")
    return {name: getattr(change, name) for name in names}


def _effect(effect: Effect) -> Document:
    low, high = (value if math.isfinite(value) else None for value in (effect.low, effect.high))
    return {
        "closed": effect.closed,
        "low": low,
        "high": high,
        "seeds": effect.seeds,
        "beyond": effect.beyond,
        "refuted": effect.refuted,
        "verdict": effect.verdict,
    }


def to_json(diagnosis: Diagnosis) -> str:
    """The document as text."""
    return json.dumps(document(diagnosis), indent=1, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    """What JSON takes: NumPy's numbers as Python's, None for what is not finite, other things as text."""
    if isinstance(value, dict):
        return {str(key): _finite(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(held) for held in value]
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | None) else str(value)


def keep(store: Store, diagnosis: Diagnosis) -> bool:
    """Keep it beside the learner's run of the first seed, where a newer one replaces it; False where none is stored."""
    own = [run for run in diagnosis.runs if run.learner == diagnosis.learner and run.asked_train_size is None]
    first = min(own, key=lambda run: run.seed, default=None)
    if first is None or first.id not in store.has([first.id]):
        return False
    store.add_artifact(first, NAME, to_json(diagnosis).encode(), "application/json")
    return True


def kept(store: Store, tasks: Sequence[str] = ()) -> list[Document]:
    """The diagnoses of a store, of each learner on each task the newest, the newest of all first.

    Args:
        store: to read.
        tasks: of these only; all by default. What a newer spoton wrote in another form is left out.
    """
    from spoton.store._schema import ARTIFACTS

    with store.reading() as connection:
        rows = connection.execute(select(ARTIFACTS.c.data).where(ARTIFACTS.c.name == NAME)).scalars().all()
    found: dict[tuple[str, str], Document] = {}
    for row in rows:
        try:
            read = json.loads(bytes(row))
        except ValueError:
            continue
        if isinstance(read, dict) and read.get("version") == VERSION and (not tasks or read["task"] in tasks):
            key = read["task"], read["learner"]
            if key not in found or found[key]["made"] < read["made"]:
                found[key] = read
    return sorted(found.values(), key=lambda held: str(held["made"]), reverse=True)
