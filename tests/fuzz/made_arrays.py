"""Arrays as `.npy` and `.npz`, whole and odd, and with heads that lie."""

from __future__ import annotations

import io
import warnings
import zipfile
from typing import Any

import numpy as np
from hypothesis import strategies as st


def npy(array: Any, head: bytes | None = None) -> bytes:
    held = io.BytesIO()
    np.save(held, array, allow_pickle=True)
    raw = held.getvalue()
    if head is None:
        return raw
    start = raw.index(b"\n", 10) + 1
    return b"\x93NUMPY\x01\x00" + (len(head) + 1).to_bytes(2, "little") + head + b"\n" + raw[start:]


def npz(members: dict[str, bytes], kind: int = 8) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", kind) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name twice is what is wanted
        for name, raw in members.items():
            archive.writestr(name, raw)
    return held.getvalue()


DTYPES = (
    "<f8",
    ">f8",
    "<f4",
    "|u1",
    "<i8",
    "|b1",
    "<f2",
    "<c16",
    "<U5",
    "|S3",
    "|O",
    "<M8[s]",
    "|V8",
    "<f16",
    "<u8",
    "z",
)
KINDS = ("u1", "f4", "f8", ">f8", "i8", "?", "c8", "U3", "f2", "O", "M8[s]", "g")
SHAPES = ((3,), (3, 2), (3, 4), (3, 6, 8), (3, 1, 6, 8), (3, 3, 6, 8), (3, 6, 8, 3), (0, 2), (3, 0), ())
BAD = (b"{}", b"", b"[" * 900, b"__import__('os').system('true')", b"{'descr': '<f8'}" + b" " * 9000, b"\xff")
shapes = st.lists(st.sampled_from([0, 1, 2, 3, 8, 2**31, 2**62, 2**64, -1]), max_size=5).map(tuple)


def _head(dtype: str, shape: tuple[int, ...], order: bool) -> bytes:
    return str({"descr": dtype, "fortran_order": order, "shape": shape}).encode()


heads = st.builds(_head, st.sampled_from(DTYPES), shapes, st.booleans()) | st.sampled_from(BAD)


@st.composite
def arrays(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(["whole", "whole", "odd", "head"]))
    if kind == "whole":
        shape = draw(st.sampled_from(SHAPES))
        return npy(np.arange(int(np.prod(shape))).reshape(shape).astype(draw(st.sampled_from(KINDS))))
    if kind == "head":
        return npy(np.arange(24.0), draw(heads))
    value = draw(st.sampled_from([np.nan, np.inf, "x", None, 2**70, object, b"", [1, [2]]]))
    odd = np.empty(3, dtype=object)
    odd[:] = [value] * 3
    return npy(odd if draw(st.booleans()) else np.array([1.0, np.nan, np.inf]))
