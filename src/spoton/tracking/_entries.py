"""A run as MLflow keeps one: tags, parameters and metrics, under names and in sizes that it takes. No MLflow here."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from spoton._provenance import hide_passwords
from spoton._run import Run
from spoton.store._rows import ORIGIN

# what a server takes: https://mlflow.org/docs/latest/rest-api.html#log-batch
METRICS_AT_ONCE = 1000
PARAMS_AT_ONCE = TAGS_AT_ONCE = 100
NAME_LENGTH = 250
PARAM_LENGTH = 6000
TAG_LENGTH = 8000
REQUEST_LENGTH = 1_000_000  # bytes
CUT = " ... cut"

UUID = "spoton.uuid"  # the run's own: what has it was sent before
WHOLE = "spoton.whole"  # set last: a run without it was cut off on its way
FACTS = ("task", "learner", "seed", "train_size", "asked_train_size", "asked_epochs", "details")
COUNTS = ("fit_seconds", "predict_seconds", "parameters", "epochs")

T = TypeVar("T")


@dataclass(frozen=True)
class Point:
    """A value of a metric; `step` is the epoch, 0 for what belongs to the whole run or to the mean predictor."""

    name: str
    value: float
    step: int = 0


def params(run: Run) -> dict[str, str]:
    """What was asked for: task, learner, seed and sizes, and under `settings.` all parameters of the learner."""
    facts = {name: getattr(run, name) for name in FACTS if getattr(run, name) not in (None, "")}
    named = facts | {f"settings.{key}": value for key, value in run.settings.items()}
    return {name: cut(_text(value), PARAM_LENGTH) for name, value in allowed(named).items()}


def tags(run: Run) -> dict[str, str]:
    """Where it comes from, and how it ended."""
    origin = {name: run.provenance.get(name) for name in ORIGIN}
    facts: dict[str, Any] = {
        "status": run.status,
        "reason": run.reason,
        "version": run.version,
        "data_hash": run.data_hash,
    }
    facts |= {"split_hash": run.split_hash, "ceiling": run.ceiling, "uses_labels": run.uses_labels}
    facts |= origin | {"packages": run.provenance.get("packages"), "notes": "; ".join(run.notes)}
    named = {f"spoton.{name}": value for name, value in facts.items() if value not in (None, "", {})}
    return {name: cut(hide_passwords(_text(value)), TAG_LENGTH) for name, value in allowed(named).items()}


def points(run: Run) -> list[Point]:
    """`valid_r2` and so on, counts and seconds, and under `history/` the values of each epoch; finite ones alone."""
    found = [
        Point(f"{split}_{name}", float(value))
        for split, scores in run.metrics.items()
        for name, value in scores.items()
    ]
    found += [Point(name, float(getattr(run, name))) for name in COUNTS if getattr(run, name) is not None]
    if run.history is not None:
        found += [Point(f"history/{name}", float(value)) for name, value in run.history.baseline.items()]
        found += [Point(f"history/{name}", float(value), epoch) for epoch, _, name, value in run.history.values()]
    names = allowed({point.name: point.name for point in found})
    taken = {given: name for name, given in names.items()}
    return [Point(taken[one.name], one.value, one.step) for one in found if math.isfinite(one.value)]


def milliseconds(time: str) -> int | None:
    """A time of a run as MLflow counts; None where it is not known."""
    try:
        return int(datetime.fromisoformat(time.replace("Z", "+00:00")).astimezone(UTC).timestamp() * 1000)
    except ValueError:
        return None


def allowed(named: Mapping[str, Any]) -> dict[str, Any]:
    """The same values under names that MLflow takes: letters, digits, `_ - . /` and spaces, no two alike.

    A colon is a letter to MLflow on some systems and not on others, and a path may not lead upwards.
    """
    found: dict[str, Any] = {}
    for name, value in named.items():
        plain = re.sub(r"[^\w.\- /]", "_", name)
        plain = "/".join(part if part.strip(". ") else "_" for part in plain.split("/"))[:NAME_LENGTH].rstrip("/")
        free, i = plain, 1
        while free in found:
            i += 1
            free = f"{plain[: NAME_LENGTH - 8]}_{i}"
        found[free] = value
    return found


def cut(text: str, length: int) -> str:
    """The text, or its beginning and a word that says so."""
    return text if len(text) <= length else text[: length - len(CUT)] + CUT


def lots(items: Iterable[T], most: int, weight: int = REQUEST_LENGTH // 2) -> Iterator[list[T]]:
    """Lots of `most` items at most, and of no more than `weight` bytes as JSON."""
    held: list[T] = []
    total = 0
    for item in items:
        size = len(json.dumps(item, default=str))
        if held and (len(held) == most or total + size > weight):
            yield held
            held, total = [], 0
        held.append(item)
        total += size
    if held:
        yield held


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def by_task(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Runs of each task, in the order in which they came; a task is an experiment of MLflow."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.task, []).append(run)
    return found
