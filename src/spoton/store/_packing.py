"""Arrays to bytes and back: zlib of a `.npy` file, which says its own shape and type."""

from __future__ import annotations

import base64
import io
import json
import zlib
from typing import Any

import numpy as np

from spoton._run import Run
from spoton.data import Array


def pack(array: Array) -> bytes:
    """Compressed bytes of an array of numbers."""
    held = io.BytesIO()
    np.save(held, np.ascontiguousarray(array), allow_pickle=False)
    return zlib.compress(held.getvalue(), 6)


def unpack(data: bytes) -> Array:
    """The array of `pack`."""
    array: Array = np.load(io.BytesIO(zlib.decompress(data)), allow_pickle=False)
    return array


def to_line(run: Run) -> str:
    """`Run.to_json` with the predictions, where they were kept."""
    line = run.to_json()
    if not run.predictions:
        return line
    held = json.loads(line)
    held["packed_predictions"] = {side: _text(array) for side, array in run.predictions.items()}
    held["packed_row_ids"] = {side: _text(array) for side, array in (run.row_ids or {}).items()}
    return json.dumps(held, allow_nan=False)


def from_line(line: str) -> Run:
    """The run of `to_line`, or of `Run.to_json`. Raises ValueError where it is neither."""
    try:
        run = Run.from_json(line)
        if '"packed_predictions"' in line:
            held = json.loads(line)
            run.predictions = _arrays(held.get("packed_predictions"))
            run.row_ids = _arrays(held.get("packed_row_ids")) or None
    except (AttributeError, TypeError, zlib.error, EOFError) as error:  # the names are right, what stands there is not
        raise ValueError(f"this line is not a run of spoton ({error})") from error
    return run


def _text(array: Array) -> str:
    return base64.b64encode(pack(array)).decode("ascii")


def _arrays(held: Any) -> dict[str, Array]:
    if not isinstance(held, dict):
        return {}
    return {side: unpack(base64.b64decode(text)) for side, text in held.items()}
