"""`Denorm`: exact in float64, saved and exported with the net, and the same as the scalers of scikit-learn."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn

from spoton.errors import DataError, UsageError
from spoton.layers import Denorm, denorm
from spoton.scaling import TargetScaler, affine_of

Y = np.random.RandomState(0).normal(size=(50, 3)) * [0.01, 3, 1e5] + [2000, 0, -1e7]


def test_worked_out_by_hand() -> None:
    head = Denorm([2.0, 10.0], [1.0, -5.0])
    z = torch.tensor([[0.5, 1.0], [-1.0, 0.0]])
    assert head(z).tolist() == [[2, 5], [-1, -5]]
    assert head.normalise(head(z)).tolist() == z.tolist()
    assert denorm(z, head.scale, head.offset).tolist() == head(z).tolist()
    assert torch.equal(Denorm()(z), z)
    assert Denorm(2.0, [1.0, 2.0])(torch.ones(2)).tolist() == [3, 4]


def test_from_targets_is_the_standard_scaler() -> None:
    scaler, head = StandardScaler().fit(Y), Denorm.from_targets(Y)
    assert np.allclose(head.scale, scaler.scale_, rtol=1e-12)
    assert np.allclose(head.offset, scaler.mean_, rtol=1e-15)
    assert Denorm.from_targets(Y[:, 0]).scale.shape == (1,)
    assert torch.equal(Denorm.from_targets(torch.from_numpy(Y)).scale, head.scale)
    flat = Denorm.from_targets(np.full((7, 2), 0.1))
    assert flat.scale.tolist() == [1, 1]
    assert flat.offset.tolist() == [0.1, 0.1]


@pytest.mark.parametrize("kind", ["standard", "min-max", "robust"])
def test_affine_scalers_bit_by_bit_in_float64(kind: str) -> None:
    scaler = TargetScaler(kind).fit(Y)
    head = Denorm(*affine_of(scaler))
    z = scaler.transform(Y)
    assert np.allclose(head(torch.from_numpy(z)).numpy(), Y, rtol=1e-15)
    assert np.allclose(head.normalise(torch.from_numpy(Y)).numpy(), z, rtol=1e-11, atol=1e-11)


def test_no_digit_is_lost_before_the_net_is_double() -> None:
    """The net is float32 when the layer is made, and turned to float64 afterwards."""
    net = nn.Sequential(nn.Linear(4, 3), Denorm.from_targets(Y)).double()
    assert torch.equal(net[1].scale, torch.from_numpy(Y).std(0, correction=0))
    z = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(net[1](z), z * net[1].scale + net[1].offset)


def test_answers_in_float64_from_a_net_in_float32() -> None:
    """A year in float32 is known to an hour; in float64 the digits of z are all kept."""
    z = torch.tensor([[1.0, 0.0, 0.0], [1.0001, 0.0, 0.0]])
    narrow, wide = (Denorm.from_targets(Y, dtype=dtype)(z)[:, 0] for dtype in (None, torch.float64))
    assert (narrow.dtype, wide.dtype) == (torch.float32, torch.float64)
    assert narrow[0] == narrow[1]
    assert (wide[1] - wide[0]).item() == pytest.approx(1e-4 * Y[:, 0].std(), rel=1e-3)


def test_training_in_scaled_units_is_training_in_original_ones() -> None:
    """The gradient of the mse over s^2 in original units is that of the scaled mse."""
    head, y = Denorm.from_targets(Y).double(), torch.from_numpy(Y)
    z = torch.randn(50, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    (scaled,) = torch.autograd.grad((z - head.normalise(y)).square().mean(), z)
    (original,) = torch.autograd.grad(((head(z) - y) / head.scale).square().mean(), z)
    assert torch.allclose(scaled, original, rtol=1e-9)


def test_it_is_saved_with_the_net_and_is_no_parameter() -> None:
    net, other = (nn.Sequential(nn.Linear(4, 3), head) for head in (Denorm.from_targets(Y), Denorm(torch.ones(3))))
    assert len(list(net.parameters())) == 2
    stored = io.BytesIO()
    torch.save(net.state_dict(), stored)
    stored.seek(0)
    other.load_state_dict(torch.load(stored))
    x = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(other(x), net(x))


@pytest.mark.slow
def test_an_exported_net_predicts_in_original_units(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(4, 3), Denorm.from_targets(Y))
    x = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    program = torch.export.export(net, (x,), dynamic_shapes=({0: torch.export.Dim("B", min=2)},))
    torch.export.save(program, tmp_path / "net.pt2")
    again = torch.export.load(tmp_path / "net.pt2").module()
    assert torch.equal(again(x[:3]), net(x[:3]))


def test_wrong_scales_are_named() -> None:
    with pytest.raises(UsageError, match=r"a scale is positive, a number or \(k,\), this one is 0.0"):
        Denorm(0.0)
    with pytest.raises(UsageError, match="an offset is finite and there is one a scale"):
        Denorm([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(UsageError, match="the offset is inf, and has to be finite"):
        Denorm([1.0, 2.0], float("inf"))
    with pytest.raises(UsageError, match="the scale of column 1 is nan, and has to be finite; leave out rows"):
        Denorm([1.0, float("nan"), 2.0])
    with pytest.raises(UsageError, match="the offset of column 0 is nan"):
        Denorm([1.0, 2.0], [float("nan"), 0.0])
    with pytest.raises(DataError, match=r"there are 3 scales, and answers of shape \(5, 1\); give one an output"):
        Denorm.from_targets(Y)(torch.zeros(5, 1))
    with pytest.raises(DataError, match=r"this is of torch.int64; give x.float\(\)"):
        Denorm(2.0).normalise(torch.arange(3))
    with pytest.raises(DataError, match=r"fitted to finite answers \(n, k\), these have shape \(0, 3\)"):
        Denorm.from_targets(Y[:0])
    with pytest.raises(DataError, match="row 1 of column 0 is nan; leave out the rows without an answer"):
        Denorm.from_targets([1.0, float("nan")])
    with pytest.raises(DataError, match="row 1 of column 2 is inf"):
        Denorm.from_targets([[1.0, 2.0, 3.0], [1.0, 2.0, float("inf")]])
