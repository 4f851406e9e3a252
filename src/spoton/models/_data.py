"""A few numbers of a task's data, by which `verify` tells how far other data are from these.

A hash tells only that something differs. Data that are computed differ between processors in their last digits, since
these add up in another order: that is told apart from rows in another order, and from other values.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from spoton.data import Array, PointData

LAST_DIGITS = 1e-9  # of a spread


def summary(data: PointData, test: PointData | None = None) -> dict[str, Any]:
    """What the card keeps.

    Returns:
        rows, shape of one input, names; a hash of the rows that does not ask for their order; and moments of inputs and
        of each answer: mean, spread, and how they go with each other and with the order of rows.
    """
    X = np.asarray(data.X, dtype=np.float64)
    flat = X.reshape(len(X), -1)
    signed = _standard(flat @ np.random.RandomState(0).standard_normal(flat.shape[1]))
    place = _standard(np.arange(len(X), dtype=np.float64))
    answers = {
        str(name): [*_moments(column), *(float(np.mean(_standard(column) * other)) for other in (signed, place))]
        for name, column in zip(data.y.columns, data.y.to_numpy(dtype=np.float64).T, strict=True)
    }
    return {
        "rows": len(data),
        "shape": list(X.shape[1:]),
        "columns": [] if data.images else list(map(str, data.X)),
        "any_order": _any_order(X, data),
        "X": [*_moments(X), float(np.mean(signed * place))],
        "y": answers,
        "labels": None if data.labels is None else [*_moments(data.labels), float(np.mean(place * data.labels))],
        "test": None if test is None else summary(test),
    }


def compared(then: dict[str, Any], now: dict[str, Any]) -> tuple[bool, str]:
    """Whether data whose hashes differ are the same but for last digits, and a sentence on it.

    Raises:
        TypeError, ValueError, KeyError: `then` is no summary.
    """
    for key, words in (
        ("rows", "{} rows then, {} here"),
        ("shape", "inputs of shape {} then, {} here"),
        ("columns", "columns {} then, {} here"),
    ):
        if then[key] != now[key]:
            return False, "others: " + words.format(*(_short(held[key]) for held in (then, now)))
    if list(then["y"]) != list(now["y"]):
        return False, f"others: answers {', '.join(then['y'])} then, {', '.join(now['y'])} here"
    if then["any_order"] == now["any_order"] and then["test"] == now["test"]:
        return False, f"the same {now['rows']} rows in another order, and the split goes by their order"
    pairs = {"the inputs": (then["X"], now["X"])}
    pairs |= {name: (then["y"][name], now["y"][name]) for name in then["y"]}
    if (then["labels"] is None) != (now["labels"] is None):
        return False, f"others: {'without' if now['labels'] is None else 'with'} labels here"
    if now["labels"] is not None:
        pairs["the labels"] = then["labels"], now["labels"]
    for name, (old, new) in pairs.items():
        if not np.allclose(old[:2], new[:2], rtol=0, atol=LAST_DIGITS * abs(new[1])):
            which = 0 if not np.isclose(old[0], new[0], rtol=0, atol=LAST_DIGITS * abs(new[1])) else 1
            what = ("mean", "spread")[which]
            return False, f"others: the {what} of {name} was {old[which]:.12g} then and is {new[which]:.12g} here"
    for name, (old, new) in pairs.items():
        if not np.allclose(old[2:], new[2:], rtol=LAST_DIGITS, atol=LAST_DIGITS):
            return False, f"others: {name}, each as it was, go with other rows"
    if (then["test"] is None) != (now["test"] is None):
        return False, f"others: {'without' if now['test'] is None else 'with'} test rows here"
    if now["test"] is not None and then["test"] != now["test"]:
        same, said = compared(then["test"], now["test"])
        return same, said if same else f"of the test rows {said}"
    return True, f"{now['rows']} rows, the same but for last digits, as another processor adds them up"


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _moments(values: Array) -> list[float]:
    return [float(np.mean(values)), float(np.std(values))]


def _standard(values: Array) -> Array:
    spread = values.std()
    found: Array = (values - values.mean()) / (spread if spread > 0 else 1.0)
    return found


def _any_order(X: Array, data: PointData) -> str:
    y = data.y.to_numpy(dtype=np.float64)
    labels = np.zeros(len(y)) if data.labels is None else data.labels.astype(np.float64)
    rows = (x.tobytes() + answer.tobytes() + label.tobytes() for x, answer, label in zip(X, y, labels, strict=True))
    return hashlib.sha256(b"".join(sorted(hashlib.sha256(row).digest() for row in rows))).hexdigest()[:16]
