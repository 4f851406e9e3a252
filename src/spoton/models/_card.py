"""`Card`: what is known of a kept model, as the readable file `model.json`."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from spoton._version import __version__
from spoton.errors import DataError

FORMAT = 1  # of the folder; a newer one is refused
NAME = "model.json"
LARGEST = 2**26  # bytes of the file


@dataclass(frozen=True)
class Card:
    """What a model is, where it comes from, and what it answers.

    Attributes:
        task: name, kind, own, data_hash; see `Task`.
        learner: name, settings (all parameters), epochs as asked for, uses_labels, own_net (FILE.py:NAME or its name).
        split: seed, train_size as asked for, hash, rows of each side.
        inputs: kind (`images` or `table`), shape of one example, columns of a table, any_size (whether it takes images
            of other sizes).
        answers: columns, unit (px, or empty), points (pairs of columns).
        metrics: split -> metric -> value, as the bench has them.
        predictions: sha256 of all of them, tolerance of each answer, and rows of the validation side with theirs.
        run: seconds, parameters, epochs, notes, started.
        provenance: code, packages, machine and command; see `spoton.store`.
        files: name -> sha256 and bytes.
        spoton: the version that wrote it.
        format: of the folder.
    """

    task: dict[str, Any]
    learner: dict[str, Any]
    split: dict[str, Any]
    inputs: dict[str, Any]
    answers: dict[str, Any]
    metrics: dict[str, dict[str, Any]]
    predictions: dict[str, Any]
    run: dict[str, Any]
    provenance: dict[str, Any]
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    spoton: str = __version__
    format: int = FORMAT

    def to_json(self) -> str:
        """The text of the file."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """What the file holds."""
        held = asdict(self)
        order = ["format", "spoton", *(name for name in held if name not in ("format", "spoton"))]
        return {name: finite(held[name]) for name in order}

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Read `to_json`'s text.

        Raises:
            DataError: it is none, or of a newer format.
        """
        try:
            held = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{NAME} is damaged ({' '.join(str(error).split())}); get the whole folder again") from None
        if not isinstance(held, dict) or type(held.get("format")) is not int or "spoton" not in held:
            raise DataError(f"{NAME} was not written by spoton fit; give a folder that was")
        if held["format"] > FORMAT:
            raise DataError(
                f"the model is of format {held['format']}, written by spoton {held['spoton']}, and this version knows "
                f"formats up to {FORMAT}; install a newer spoton"
            )
        known = {one.name for one in fields(cls)}
        try:
            card = cls(**{name: value for name, value in held.items() if name in known})
            _check(card)
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise DataError(
                f"{NAME} is damaged ({type(error).__name__}: {error}); get the whole folder again"
            ) from None
        return card


# section -> key -> type; what verify, predict and the command line read
WANTED: dict[str, dict[str, Any]] = {
    "task": {"name": str, "kind": str, "own": bool, "data_hash": str},
    "learner": {"name": str, "uses_labels": bool, "settings": dict},
    "split": {"seed": int, "hash": str, "rows": dict},
    "inputs": {"kind": str, "shape": list, "columns": list, "any_size": bool},
    "answers": {"columns": list, "unit": str, "points": list},
    "predictions": {"sha256": str, "tolerance": list, "rows": list},
}


def _check(card: Card) -> None:
    for one in fields(card):
        wanted = {"spoton": str, "format": int}.get(one.name, dict)
        if not isinstance(getattr(card, one.name), wanted):
            raise ValueError(f"{one.name} is no {wanted.__name__}")
    for section, keys in WANTED.items():
        for key, wanted in keys.items():
            value = getattr(card, section)[key]
            if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
                raise ValueError(f"{key} of {section} is no {wanted.__name__}")
    if not all(isinstance(name, str) for name in (*card.inputs["columns"], *card.answers["columns"])):
        raise ValueError("columns have names")
    if not all(type(size) is int and 0 < size < 2**31 for size in card.inputs["shape"]):
        raise ValueError("the shape of one example is of whole numbers")
    if card.inputs["kind"] not in ("images", "table") or len(card.inputs["shape"]) != (
        3 if card.inputs["kind"] == "images" else 1
    ):
        raise ValueError("inputs are images (C, H, W) or a table (D,)")
    for name, held in card.files.items():
        if not isinstance(held, dict) or not isinstance(held["sha256"], str) or type(held["bytes"]) is not int:
            raise ValueError(f"{name} has no sha256 and bytes")
    for row in card.predictions["rows"]:
        if type(row["row"]) is not int or not all(type(v) in (int, float) for v in row["answers"]):
            raise ValueError("rows of predictions are numbers")
    for part in card.metrics.values():
        if not all(value is None or type(value) in (int, float) for value in part.values()):
            raise ValueError("metrics are numbers")


def finite(value: Any) -> Any:
    """JSON has no NaN and no infinity."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): finite(inner) for name, inner in value.items()}
    return [finite(inner) for inner in value] if isinstance(value, list | tuple) else value
