"""Masks of masks: both of two conditions, and ink that has company, by hand and against the rule of NumPy."""

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
from spoton.layers import NeighbourGate, and_logits, neighbour_logits

ALIKE = torch.ones(3, 3)  # every neighbour counts, and the pixel itself
OTHERS = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]])  # the pixel itself does not


def logits(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2


def test_both_worked_out_by_hand() -> None:
    """1/2 and 2/3 together are 1/3, whose logit is -log 2; what is certain changes nothing."""
    half, two_thirds = torch.tensor(0.0), torch.tensor(math.log(2.0))
    assert and_logits(half, two_thirds).item() == pytest.approx(-math.log(2))
    assert and_logits(two_thirds, torch.tensor(1000.0)).item() == pytest.approx(math.log(2))
    assert and_logits(two_thirds, torch.tensor(-1000.0)).item() == pytest.approx(-1000 + math.log(2 / 3))


@settings(max_examples=50, deadline=None)
@given(st.floats(-15, 15), st.floats(-15, 15))
def test_both_is_the_product(a: float, b: float) -> None:
    first, second = torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)
    expected = torch.logit(torch.sigmoid(first) * torch.sigmoid(second))
    assert torch.allclose(and_logits(first, second), expected, rtol=1e-6)


def test_company_worked_out_by_hand() -> None:
    """A pixel of 1/2 beside one of 2/3 that counts half: 1/2 (1 - sqrt(1/3))."""
    z = torch.tensor([[0.0, math.log(2.0), -1000.0]], dtype=torch.float64)
    weights = torch.zeros(3, 3)
    weights[1, 2] = 0.5  # the neighbour on the right
    m = torch.sigmoid(neighbour_logits(z, weights)).flatten().tolist()
    assert m == pytest.approx([0.5 * (1 - math.sqrt(1 / 3)), 0, 0], abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.05, 0.2, 0.6]))
def test_sharp_masks_give_the_rule_of_numpy(seed: int, share: float) -> None:
    """At logits of 1000: no weight in the middle drops lone pixels, a large one keeps them."""
    mask = np.random.RandomState(seed).rand(4, 6, 9) < share
    z = torch.from_numpy(np.where(mask, 1000.0, -1000.0)).float()
    assert np.array_equal(neighbour_logits(z, OTHERS).numpy() > 0, mask & ~ink.isolated(mask))
    for middle in (1.0, 30.0):
        weights = OTHERS.clone()
        weights[1, 1] = middle
        assert np.array_equal(neighbour_logits(z, weights).numpy() > 0, mask)


def test_neighbours_are_counted_on_the_right_side() -> None:
    """One weight above the middle: a pixel is ink where the pixel above it is."""
    z = torch.full((4, 5), 1000.0)
    z[1, 2] = -1000.0
    weights = torch.zeros(3, 3)
    weights[0, 1] = 1.0
    expected = torch.ones(4, 5, dtype=torch.bool)
    expected[0], expected[1, 2], expected[2, 2] = False, False, False  # nothing above; no ink; above it no ink
    assert torch.equal(neighbour_logits(z, weights) > 0, expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_values_and_gradients_stay_finite(dtype: torch.dtype, scale: float) -> None:
    for fill in (None, -1000.0, 1000.0):
        z = logits(2, 3, 5, 7) * scale if fill is None else torch.full((2, 3, 5, 7), fill)
        z = z.to(dtype).requires_grad_()
        for out in (neighbour_logits(z, ALIKE), and_logits(z, -z), and_logits(z, z)):
            assert out.dtype == dtype
            assert torch.isfinite(out).all()
            (gradient,) = torch.autograd.grad(out.float().mean(), z, retain_graph=True)
            assert torch.isfinite(gradient).all()


def test_gradients() -> None:
    z = logits(2, 4, 5).requires_grad_()
    weights = (logits(3, 3, seed=1).abs() + 0.1).requires_grad_()
    assert torch.autograd.gradcheck(neighbour_logits, (z, weights))
    assert torch.autograd.gradcheck(and_logits, (z, logits(4, 5, seed=2).requires_grad_()))


@pytest.mark.parametrize("size", [0, 2, 4, -3])
def test_a_neighbourhood_has_a_middle(size: int) -> None:
    with pytest.raises(UsageError, match=f"a neighbourhood has a middle, so its size is odd, not {size}"):
        NeighbourGate(size)


def test_larger_neighbourhoods() -> None:
    """5 x 5 reaches two pixels far."""
    gate = NeighbourGate(5)
    with torch.no_grad():
        gate.pull.fill_(3.0)[2, 2] = -30.0
    x = torch.zeros(2, 9, 11)
    x[0, 4, 3] = x[0, 4, 5] = x[1, 4, 3] = x[1, 4, 6] = 1.0
    assert (gate(x) > 0).sum((-1, -2)).tolist() == [2, 0]
