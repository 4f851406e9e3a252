"""The layers against plain NumPy rules, by hand, by gradients, and at extreme values."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from spoton import ink
from spoton.errors import UsageError
from spoton.layers import (
    SCANS,
    Extents,
    FirstIndex,
    InkGate,
    LastIndex,
    Midpoint,
    RasterFirst,
    SelectHead,
    extents,
    first_index,
    log1mexp,
    log_first,
    midpoint,
    point_nll,
    raster_first,
    scan_ends,
)

SHAPE = (2, 3, 5, 7)  # all sizes differ and exceed 1


def logits(seed: int = 0, shape: tuple[int, ...] = SHAPE) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2


def test_first_worked_out_by_hand() -> None:
    """m = 1/2, 1/4, 3/4: first at 0 with 1/2, at 1 with 1/2 * 1/4, at 2 with 1/2 * 3/4 * 3/4, none with 3/32."""
    m = torch.tensor([0.5, 0.25, 0.75], dtype=torch.float64)
    z = torch.logit(m)
    p = log_first(torch.log(m), torch.log1p(-m)).exp()
    assert p.tolist() == pytest.approx([1 / 2, 1 / 8, 9 / 32])
    index, none = first_index(z, none=-1.0)
    assert none.item() == pytest.approx(3 / 32)
    assert index.item() == pytest.approx(1 / 8 + 2 * 9 / 32 - 3 / 32)
    last, _ = first_index(z, reverse=True, none=-1.0)
    assert last.item() == pytest.approx(2 * 3 / 4 + 1 * 1 / 4 * 1 / 4 - 3 / 32)


@pytest.mark.parametrize("scan", SCANS)
def test_probabilities_sum_to_one_with_none(scan: str) -> None:
    z = logits()
    total = raster_first(z, scan).exp().sum((-1, -2)) + torch.nn.functional.logsigmoid(-z).sum((-1, -2)).exp()
    assert torch.allclose(total, torch.ones_like(total))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.5, 0.9]))
def test_sharp_masks_give_the_rule_of_numpy(seed: int, share: float) -> None:
    """At logits of 1000 every scan is the argmax rule, and nothing overflows."""
    mask = np.random.RandomState(seed).rand(3, 6, 8) < share
    mask = mask[mask.any(axis=(1, 2))]
    z = torch.from_numpy(np.where(mask, 1000.0, -1000.0)).float()
    found = RasterFirst()(z)
    assert torch.isfinite(found).all()
    for i, scan in enumerate(SCANS):
        place = found[:, i].flatten(1).argmax(-1)
        xy = torch.stack([place % 8, place // 8], dim=1).numpy()
        assert np.array_equal(xy, ink.point(mask, scan)), scan
    box = dict(zip(("left", "top", "right", "bottom"), Extents()(z), strict=True))
    for side, values in ink.extents(mask).items():
        assert np.array_equal(box[side].argmax(-1).numpy(), values), side
    middle = torch.stack(
        [Midpoint()(box["left"], box["right"]).argmax(-1), midpoint(box["top"], box["bottom"]).argmax(-1)], 1
    )
    assert np.array_equal(middle.numpy(), ink.point(mask, "center"))
    for reverse, rule in ((False, ink.first), (True, ink.last)):
        for mode in ("hard", "st", "soft"):
            index, _ = first_index(z, mode=mode, reverse=reverse)
            assert np.array_equal(index.round().numpy(), rule(mask)), (reverse, mode)


def test_scan_ends_are_raster_first_summed() -> None:
    z = logits()
    by_rows, by_columns = scan_ends(z)
    for i, scan in enumerate(list(SCANS)[:4]):
        assert torch.allclose(by_rows[..., i, :], torch.logsumexp(raster_first(z, scan), -2))
    for i, scan in enumerate(list(SCANS)[4:]):
        assert torch.allclose(by_columns[..., i, :], torch.logsumexp(raster_first(z, scan), -1))


def test_middle_agrees_with_a_double_loop() -> None:
    low, high = (torch.softmax(logits(seed, (2, 3, 6)), -1) for seed in (1, 2))
    expected = torch.zeros(2, 3, 7, dtype=torch.float64)
    for a in range(6):
        for b in range(6):
            expected[..., (a + b + 1) // 2] += low[..., a] * high[..., b]
    # 6 would need both at 5.5 or more: (5 + 5 + 1) // 2 is 5
    assert torch.allclose(midpoint(low.log(), high.log()).exp(), expected[..., :6])
    assert expected[..., 6].sum() == 0


def test_middles_are_the_same_where_sizes_stay_open() -> None:
    """Inside torch.func, as in torch.export, the convolution is written as a table of products."""
    low, high = (torch.log_softmax(logits(seed, (2, 3, 6)), -1) for seed in (1, 2))
    assert torch.allclose(torch.func.vmap(midpoint)(low, high), midpoint(low, high))
    one = torch.zeros(4, 1)
    assert torch.equal(torch.func.vmap(midpoint)(one, one), midpoint(one, one))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_log1mexp_keeps_all_digits(dtype: torch.dtype) -> None:
    x = -torch.logspace(-37, 1.9, 500, dtype=dtype)
    exact = [math.log(-math.expm1(v)) if v > -0.69 else math.log1p(-math.exp(v)) for v in x.tolist()]
    assert torch.allclose(log1mexp(x), torch.tensor(exact, dtype=dtype), rtol=4 * torch.finfo(dtype).eps, atol=0)


def test_scans_move_with_the_image() -> None:
    z = torch.full((1, 9, 11), -30.0, dtype=torch.float64)
    z[0, 2:5, 3:6] = logits(3, (3, 3))
    moved = torch.roll(z, (2, 4), (1, 2))
    for scan in SCANS:
        there = torch.roll(raster_first(z, scan).exp(), (2, 4), (1, 2))
        assert torch.allclose(raster_first(moved, scan).exp(), there, atol=1e-9)


FUNCTIONS = {
    "soft index": lambda z: first_index(z)[0],
    "last index": lambda z: first_index(z, -2, reverse=True)[0],
    "raster": lambda z: raster_first(z, "righttop"),
    "extents": lambda z: torch.cat([v.flatten() for v in extents(z).values()]),
    "middle": lambda z: midpoint(extents(z)["left"], extents(z)["right"]),
    "ends": lambda z: scan_ends(z)[1],
    "log1mexp": lambda z: log1mexp(-z.abs() - 1e-3),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients(name: str) -> None:
    z = logits(4, (2, 3, 4)).requires_grad_()
    assert torch.autograd.gradcheck(FUNCTIONS[name], (z,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("scale", [1.0, 1000.0])
@pytest.mark.parametrize("shape", [SHAPE, (40, 50)])
def test_values_and_gradients_stay_finite(dtype: torch.dtype, scale: float, shape: tuple[int, ...]) -> None:
    z = (logits(0, shape) * scale).to(dtype).requires_grad_()
    parts = [RasterFirst()(z), *Extents()(z), *scan_ends(z), first_index(z)[0]]
    for part in parts:
        assert part.dtype == dtype
        assert torch.isfinite(part).all()
    sum(part.float().mean() for part in parts).backward()  # type: ignore[union-attr]
    assert torch.isfinite(z.grad).all()  # type: ignore[arg-type]


@pytest.mark.parametrize("fill", [-1000.0, 1000.0])
def test_blank_and_full_images_have_a_defined_answer(fill: float) -> None:
    z = torch.full(SHAPE, fill)
    for layer, blank, full in (
        (FirstIndex(mode="hard"), -1, 0),
        (LastIndex(mode="hard"), -1, 6),
        (FirstIndex(), -1, 0),
    ):
        assert (layer(z) == (blank if fill < 0 else full)).all()
    assert first_index(z)[1].unique().item() == (1.0 if fill < 0 else 0.0)


def test_straight_through_is_hard_forward_and_soft_backward() -> None:
    z = logits(5, (4, 9)).requires_grad_()
    (soft,) = torch.autograd.grad(first_index(z)[0].sum(), z)
    index, _ = first_index(z, mode="st")
    (through,) = torch.autograd.grad(index.sum(), z)
    assert torch.equal(index, first_index(z, mode="hard")[0])
    assert torch.equal(soft, through)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("reverse", [False, True])
def test_straight_through_is_the_hard_index_to_the_last_bit(dtype: torch.dtype, reverse: bool) -> None:
    z = (2 * torch.randn(4000, 28, generator=torch.Generator().manual_seed(0)) - 3).to(dtype)
    through, _ = first_index(z, mode="st", reverse=reverse)
    assert torch.equal(through, first_index(z, mode="hard", reverse=reverse)[0])


def test_gumbel_draws_from_the_distribution() -> None:
    torch.manual_seed(0)
    z = torch.logit(torch.tensor([0.5, 0.25, 0.75])).expand(20_000, 3)
    index, _ = first_index(z, mode="gumbel")
    share = [(index == i).float().mean().item() for i in (0, 1, 2, -1)]
    assert share == pytest.approx([1 / 2, 1 / 8, 9 / 32, 3 / 32], abs=0.01)


def test_temperature_sharpens_and_can_be_learned() -> None:
    z = logits(6, (50, 9))
    hard = FirstIndex(mode="hard")(z)
    far, near = ((FirstIndex(temperature=t)(z) - hard).abs().mean() for t in (1.0, 0.01))
    assert near < far / 10
    layer = FirstIndex(learnable=True)
    layer(z).sum().backward()
    assert layer.log_temperature.grad.abs() > 0  # type: ignore[union-attr]


def test_an_unknown_mode_is_named() -> None:
    with pytest.raises(UsageError, match="no mode is called 'sharp'; known: soft, st, gumbel, hard"):
        FirstIndex(mode="sharp")


def test_the_gate_worked_out_by_hand() -> None:
    """x^n / (x^n + t^n) with t = 1/2, n = 2: 1/4 gives 1/5, 1/2 gives 1/2, 1 gives 4/5."""
    m = torch.sigmoid(InkGate(threshold=0.5, sharpness=2.0)(torch.tensor([0.25, 0.5, 1.0])))
    assert m.tolist() == pytest.approx([1 / 5, 1 / 2, 4 / 5])


def test_the_gate_hears_of_the_faintest_ink() -> None:
    """A pixel of 1/255 far below the threshold still pulls: its gradient is of the order of the sharpness."""
    gate = InkGate(threshold=0.3, sharpness=3.0)
    torch.nn.functional.logsigmoid(gate(torch.tensor(1 / 255))).backward()
    assert gate.log_threshold.grad.item() == pytest.approx(-3.0, rel=0.01)  # type: ignore[union-attr]


def test_selection_and_loss_worked_out_by_hand() -> None:
    head = SelectHead(candidates=2, n_out=1)
    with torch.no_grad():
        head.weights.copy_(torch.log(torch.tensor([[3.0, 1.0]])))
    candidates = torch.log(torch.tensor([[[0.5, 0.5], [0.1, 0.9]]]))
    mixed = head(candidates)
    assert mixed.exp().flatten().tolist() == pytest.approx([0.4, 0.6])
    assert point_nll(mixed, torch.tensor([[1.2]])).item() == pytest.approx(-math.log(0.6))


@pytest.mark.slow
def test_eager_is_compiled_and_exported() -> None:
    """torch.export takes the layers; what it gives is what eager gives."""

    class Chain(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gate, self.first = InkGate(0.3, 3.0), FirstIndex()

        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            z = self.gate(x)
            return raster_first(z, "leftbottom"), *extents(z).values(), *scan_ends(z), self.first(z)

    x = torch.rand(SHAPE)
    eager = Chain()(x)
    exported = torch.export.export(Chain(), (x,)).module()(x)
    for a, b in zip(eager, exported, strict=True):
        assert torch.allclose(a, b)
