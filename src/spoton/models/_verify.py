"""`verify`: whether a model made elsewhere, or long ago, is here what its card says; and if not, what differs."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from spoton import metrics
from spoton._provenance import provenance
from spoton._version import __version__
from spoton.data import Array, PointData
from spoton.errors import DataError, SpotonError, UsageError
from spoton.learners import innermost, selection_of
from spoton.models._card import Card
from spoton.models._data import compared, summary
from spoton.models._fit import digest, own_net
from spoton.models._model import Model
from spoton.tasks import Task, get_task

CLOSE = 1e-3  # of a metric, relative, where predictions agree within their tolerance but not to the bit
SAME_BITS = 1e-9
CODE, PACKAGES, MACHINE = "code", "packages", "machine"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        what: data, split, predictions or metrics; or, of what only explains a difference, code, packages or machine.
        same: whether it is as the card says; None where it could not be looked at.
        said: a sentence on it.
    """

    what: str
    same: bool | None
    said: str


@dataclass(frozen=True)
class Verdict:
    """What `verify` found.

    Attributes:
        checks: data, split, predictions, metrics; then code, packages and machine.
        metrics: split -> metric -> value, as they are here.
    """

    checks: tuple[Check, ...]
    metrics: dict[str, dict[str, float]]

    @property
    def ok(self) -> bool:
        """Whether data, split, predictions and metrics are as the card says."""
        return all(check.same for check in self.checks if check.what not in (CODE, PACKAGES, MACHINE))

    @property
    def differs(self) -> list[str]:
        """What differs, in the order of `checks`."""
        return [check.what for check in self.checks if check.same is False]


def verify(model: Model, task: Task | None = None, *, on_step: Callable[[str], None] = lambda _: None) -> Verdict:
    """Make everything anew that the card tells of a model: data, split, predictions, metrics.

    Args:
        model: loaded, here.
        task: the user's own data, where it was fitted on such; by default the task of the card's name.
        on_step: is told what is done.

    Raises:
        UsageError: the model was fitted on own data and `task` is not given, or its task is not known here.
    """
    card = model.card
    on_step("loading the data")
    task = task or _task(card)
    data, test = task.data(), task.test()
    checks = [_data(task, data, card)]
    split, split_check = _split(task, card)
    checks.append(split_check)
    sides = {} if split is None else {"train": data.take(split.train), "valid": data.take(split.valid)}
    if test is not None and sides:
        sides["test"] = test
    found: dict[str, dict[str, float]] = {}
    try:
        predictions = {}
        for side, part in sides.items():
            on_step(f"predicting {len(part)} rows of {side}")
            predictions[side] = model.predict(part.X, part.labels if card.learner["uses_labels"] else None)
    except DataError as error:
        checks += [Check(what, False, f"it cannot predict these data: {error}") for what in ("predictions", "metrics")]
    else:
        bits = bool(sides) and digest(predictions) == card.predictions["sha256"]
        checks.append(_predictions(predictions, None if split is None else split.valid, card, bits))
        if sides:
            found = _scores(model, task, sides, predictions)
        checks.append(_metrics(found, card, bits))
    return Verdict((*checks, *_surroundings(model)), found)


def _task(card: Card) -> Task:
    if card.task["own"]:
        raise UsageError(
            f"this model was fitted on data of your own ({card.task['name']}); give them again: --images and --points, "
            "--table and --target, or --npz"
        )
    try:
        return get_task(card.task["name"])
    except UsageError as error:
        raise UsageError(f"the task of this model is not known to spoton {__version__}: {error}") from error


def _data(task: Task, data: PointData, card: Card) -> Check:
    if task.data_hash == card.task["data_hash"]:
        return Check("data", True, f"{len(data)} rows, hash {task.data_hash}")
    hashes = f"hash {card.task['data_hash']} then, {task.data_hash} here"
    try:
        same, said = compared(card.task["summary"], summary(data, task.test()))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):  # a card without it, or of somebody's making
        return Check("data", False, f"others: {hashes}")
    return Check("data", same, f"{said} ({hashes})")


def _split(task: Task, card: Card) -> tuple[Any, Check]:
    size = card.split.get("train_size")
    try:
        split = task.split(card.split["seed"], size)
    except SpotonError as error:
        return None, Check("split", False, f"it cannot be made of these data: {error}")
    rows = f"{len(split.train)} rows to train, {len(split.valid)} to validate"
    if split.hash() == card.split["hash"]:
        return split, Check("split", True, f"seed {card.split['seed']}, {rows}")
    then = card.split["rows"]
    return split, Check(
        "split",
        False,
        f"another: {then.get('train')} rows to train and {then.get('valid')} to validate then, {rows} here, or others "
        "of them",
    )


def _predictions(predictions: dict[str, Array], valid: Array | None, card: Card, bits: bool) -> Check:
    if bits:
        return Check("predictions", True, f"to the bit, {sum(map(len, predictions.values()))} rows")
    if valid is None:
        return Check("predictions", None, "not compared, since there is no split")
    place = {int(row): i for i, row in enumerate(valid)}
    held = [row for row in card.predictions["rows"] if row["row"] in place]
    if not held:
        return Check("predictions", None, "not compared, since the rows of the card are not validated here")
    tolerance = np.array(card.predictions["tolerance"], dtype=np.float64)
    told = np.array([row["answers"] for row in held], dtype=np.float64)
    here = predictions["valid"][[place[row["row"]] for row in held]]
    if told.shape != here.shape or tolerance.shape != here.shape[1:]:
        return Check("predictions", False, f"{told.shape[1:]} answers a row then, {here.shape[1:]} here")
    off = np.abs(told - here)
    # the answer that is furthest off, as a share of what it may be off
    row, column = np.unravel_index(np.argmax(off / np.maximum(tolerance, 1e-300)), off.shape)
    unit = f" {card.answers['unit']}" if card.answers["unit"] else ""
    said = f"{off[row, column]:.3g}{unit} at most ({card.answers['columns'][column]} of row {held[row]['row']})"
    if (off <= tolerance).all():
        return Check("predictions", True, f"within {tolerance[column]:.3g}{unit}: off by {said}")
    many = int((off > tolerance).any(axis=1).sum())
    return Check(
        "predictions",
        False,
        f"{many} of {len(held)} rows are off by more than {tolerance[column]:.3g}{unit}: by {said}",
    )


def _scores(
    model: Model, task: Task, sides: dict[str, PointData], predictions: dict[str, Array]
) -> dict[str, dict[str, float]]:
    columns = list(sides["train"].y.columns)
    found = {}
    for side, part in sides.items():
        actual = part.y.to_numpy(dtype=np.float64)
        if predictions[side].shape != actual.shape:
            return {}
        found[side] = metrics.score(
            actual, predictions[side], columns, points=part.points, whole=task.whole, kind=task.kind
        )
    train = sides["train"]
    if task.support and isinstance(train.X, pd.DataFrame):
        selection = selection_of(model.estimator, list(train.X.columns))
        if selection is not None:
            of_fit = metrics.score_selection(selection, task.support, train.X, train.y)
            found = {side: scores | of_fit for side, scores in found.items()}
    return found


def _metrics(found: dict[str, dict[str, float]], card: Card, bits: bool) -> Check:
    close, looked_at = SAME_BITS if bits else CLOSE, 0
    for side, told in card.metrics.items():
        for name, then in told.items():
            here = found.get(side, {}).get(name)
            looked_at += 1
            if here is None:
                return Check("metrics", False, f"{name} on {side} was {_shown(then)} then, and there is none here")
            strange = then is None or not math.isfinite(then) or not math.isfinite(here)
            if strange and (then is None or not math.isfinite(then)) == (not math.isfinite(here)):
                continue
            if strange or abs(then - here) > close * max(abs(then), abs(here), 1.0 if not bits else 1e-12):
                return Check("metrics", False, f"{name} on {side} was {_shown(then)} then and is {_shown(here)} here")
    if not looked_at:
        return Check("metrics", None, "the card has none")
    return Check("metrics", True, f"all {looked_at}" + ("" if bits else f", to {CLOSE:g} of each"))


def _shown(value: float | None) -> str:
    return "no number" if value is None or not math.isfinite(value) else f"{value:.6g}"


# -- what explains a difference --------------------------------------------------------------------------------


def _surroundings(model: Model) -> list[Check]:
    then, now = model.card.provenance, provenance()
    return [_code(model, then, now), _packages(then, now), _machine(then, now)]


def _code(model: Model, then: dict[str, Any], now: dict[str, Any]) -> Check:
    found = []
    if model.card.spoton != __version__:
        found.append(f"spoton {model.card.spoton} then, {__version__} here")
    old, new = then.get("spoton_commit"), now["spoton_commit"]
    if old and new and old != new:
        found.append(f"spoton's commit {str(old)[:10]} then, {new[:10]} here")
    told, net = model.card.learner.get("own_net"), own_net(innermost(model.estimator))
    if isinstance(told, dict) and net and told.get("digest") != net["digest"] and told.get("digest"):
        found.append(f"{told.get('file')} is not the file of the fit")
    if not found and (then.get("spoton_dirty") or now["spoton_dirty"]):
        return Check(CODE, None, f"spoton {__version__}, with changes that are in no commit")
    return Check(CODE, not found, "; ".join(found) or f"spoton {__version__}")


def _packages(then: dict[str, Any], now: dict[str, Any]) -> Check:
    held = then.get("packages")
    old = {**(held if isinstance(held, dict) else {}), "python": then.get("python")}
    new = {**now["packages"], "python": now["python"]}
    found = [
        f"{name} {old.get(name) or 'not there'} then, {new.get(name) or 'not there'} here"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
    return Check(PACKAGES, not found, "; ".join(found) or f"all {len(new)} that matter")


def _machine(then: dict[str, Any], now: dict[str, Any]) -> Check:
    words = {"platform": "system", "cpu": "processor", "gpu": "graphics processor"}
    found = [
        f"{word} {then.get(key) or 'none'} then, {now[key] or 'none'} here"
        for key, word in words.items()
        if (then.get(key) or "") != (now[key] or "")
    ]
    return Check(MACHINE, not found, "; ".join(found) or f"{now['cpu'] or platform.machine()}, {now['platform']}")
