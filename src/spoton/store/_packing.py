"""Arrays to bytes and back: zlib of a `.npy` file, which says its own shape and type."""

from __future__ import annotations

import base64
import io
import json
import zlib
from typing import Any

import numpy as np

from spoton import _trust
from spoton._run import Run
from spoton.data import Array


def pack(array: Array) -> bytes:
    """Compressed bytes of an array of numbers."""
    held = io.BytesIO()
    np.save(held, np.ascontiguousarray(array), allow_pickle=False)
    return zlib.compress(held.getvalue(), 6)


def unpack(data: bytes) -> Array:
    """The array of `pack`.

    Raises:
        ValueError: it is damaged, is no table of numbers, or unpacks to more than a file may.
    """
    limit = int(_trust.most())
    try:
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(data, limit)
        if unpacker.unconsumed_tail:  # a little zlib can hold very much
            _trust.check_bytes(limit + 1, "an array of predictions")
        array: Array = _trust.read_npy(io.BytesIO(raw), len(raw), "an array of predictions")
    except (zlib.error, TypeError, EOFError, SyntaxError) as error:
        raise ValueError(f"an array of predictions is damaged ({error})") from error
    if array.ndim not in (1, 2) or array.dtype.kind not in "fiub":
        raise ValueError(f"predictions are (n, k) numbers, not {array.shape} of {array.dtype}")
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
    run = Run.from_json(line)
    if '"packed_predictions"' in line:
        held = json.loads(line)  # as deep as it was for the run
        run.predictions = _arrays(held.get("packed_predictions"))
        run.row_ids = _arrays(held.get("packed_row_ids")) or None
    return run


def _text(array: Array) -> str:
    return base64.b64encode(pack(array)).decode("ascii")


def _arrays(held: Any) -> dict[str, Array]:
    if not isinstance(held, dict):
        return {}
    if not all(isinstance(text, str) for text in held.values()):
        raise ValueError("packed predictions are texts of base64")
    return {side: unpack(base64.b64decode(text)) for side, text in held.items()}
