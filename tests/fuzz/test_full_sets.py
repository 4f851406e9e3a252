"""SPOTON_DATA: IDX files and npz of digits."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hostile import damaged, inputs, survives
from hypothesis import given
from hypothesis import strategies as st
from made_arrays import arrays, npy, npz

from spoton.tasks import _digits

PARTS = {part: np.arange(2 * 6 * 6 if "images" in part else 2, dtype=np.uint8) for part in _digits.PARTS["mnist"]}


def _idx(part: str) -> bytes:
    sizes = (2, 6, 6) if "images" in part else (2,)
    head = bytes([0, 0, 8, len(sizes)]) + b"".join(size.to_bytes(4, "big") for size in sizes)
    return head + PARTS[part].tobytes()


def _use(found: tuple[_digits.Digits, _digits.Digits] | None) -> None:
    for side in found or ():
        assert side.images.dtype == np.uint8
        assert len(side.images) == len(side.labels) == len(side.index) > 0
        assert side.labels.dtype == np.int64
        assert 0 <= side.labels.min() <= side.labels.max() <= 255
        side.only((3, 7))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("digits")


@inputs(50)
@given(data=st.data())
def test_idx(place: Path, data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPOTON_DATA", str(place))
        for path in place.iterdir():
            path.unlink()
        sizes = [
            b"\0\0\0\2",
            b"\xff\xff\xff\xff",
            b"\0\1\0\0",
            b"\0\0\0\0",
            b"\0\0\x08\4" + b"\0\1\0\0" * 4,
            b"\0\0\x08\xff",
        ]
        hurt = data.draw(st.sets(st.sampled_from(list(PARTS)), max_size=2))
        for part in PARTS:
            raw = data.draw(damaged(_idx(part), sizes)) if part in hurt else _idx(part)
            dims = 3 if "images" in part else 1
            if data.draw(st.integers(0, 3)) == 0:
                zipped = gzip.compress(raw, 1)
                raw = data.draw(damaged(zipped)) if data.draw(st.booleans()) else zipped
                (place / f"{part}-idx{dims}-ubyte.gz").write_bytes(raw)
            else:
                (place / f"{part}-idx{dims}-ubyte").write_bytes(raw)
        _use(survives("IDX", lambda: _digits.full("mnist"), place))


@inputs(50)
@given(data=st.data())
def test_npz_of_digits(place: Path, data: st.DataObject) -> None:
    names = data.draw(st.sampled_from([("X", "y", "Xt", "yt"), ("x_train", "y_train", "x_test", "y_test"), ("X", "y")]))
    members = {}
    for i, name in enumerate(names):
        images = np.zeros((3, 6, 8), np.uint8) if i % 2 == 0 else np.arange(3)
        held = data.draw(st.one_of(st.just(None), st.just(None), arrays()))
        members[f"{name}.npy"] = npy(images) if held is None else held
    raw = npz(members, data.draw(st.sampled_from([0, 8, 12])))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPOTON_DATA", str(place / "digits.npz"))
        (place / "digits.npz").write_bytes(data.draw(damaged(raw)) if data.draw(st.booleans()) else raw)
        _use(survives("npz of digits", lambda: _digits.full("mnist"), place))
