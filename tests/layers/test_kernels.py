"""`compile_kernels`: afterwards the first use of a layer compiles nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from spoton import optional
from spoton.layers import (
    RasterFirst,
    _kernels,
    _lines,
    _log_ends,
    _log_scans,
    _packed,
    compile_kernels,
    point_candidates,
    point_features,
)
from spoton.learners import TorchRegressor
from spoton.nets import BaseNet, SpotNet


def compiled() -> list[int]:
    """For how many types of arguments each kernel is compiled."""
    kernels = [_packed.packed_points_at, _lines.expected_points, _lines.expected_points_backward]
    for module in (_log_scans, _log_ends):
        kernels += [v for k, v in vars(module).items() if k.startswith(("scan_maps", "line_ends"))]
    assert len(kernels) == 7
    return [len(kernel.signatures) for kernel in kernels]  # type: ignore[attr-defined]


@pytest.mark.skipif(not optional.installed("numba"), reason="needs the extra: pip install 'spoton[fast]'")
def test_nothing_is_left_to_compile() -> None:
    with torch.no_grad():
        assert compile_kernels() > 0
    before = compiled()
    assert min(before) >= 1
    z = torch.randn(2, 3, 5, 40).transpose(-1, -2).requires_grad_()
    parts = [RasterFirst()(z), *point_candidates(z), point_features(z), point_features(z, mode="hard", none=0)]
    sum(part.mean() for part in parts).backward()  # type: ignore[union-attr]
    assert compiled() == before


def test_without_the_extra_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_kernels, "FAST", False)
    assert compile_kernels.__wrapped__() == 0.0


def test_layers_do_without_numba() -> None:
    """In a process that cannot import it: the same answers, and the extra is named to those who ask for it."""
    code = """
import sys
sys.modules["numba"] = None
import torch
from spoton import errors, layers, optional
z = torch.full((1, 5, 7), -40.0)
z[0, 2, 3:6] = 40.0
z.requires_grad_()
assert layers.raster_points(z)[0, 1].tolist() == [5, 2] == layers.raster_points(z, mode="hard")[0, 1].tolist()
sum(part.exp().sum() for part in (layers.RasterFirst()(z), *layers.point_candidates(z))).backward()
assert layers.compile_kernels() == 0.0
try:
    optional.require("numba")
except errors.MissingExtra as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert "pip install 'spoton[fast]'" in done.stdout, done.stderr


@pytest.mark.parametrize(("net", "asks"), [("SpotNet", True), (SpotNet, True), ("GatedSpot", True), (BaseNet, False)])
def test_learners_compile_before_their_time_counts(net: object, asks: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from spoton.learners import _torch

    asked: list[bool] = []
    monkeypatch.setattr(_torch, "_compile", lambda: asked.append(True))
    TorchRegressor(net).warm_up()
    assert bool(asked) == asks
