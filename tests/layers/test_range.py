"""Limits of a head: exact values, and what a refit keeps."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spoton.errors import DataError, UsageError
from spoton.layers import RangeHead

X = torch.linspace(-12, 12, 4001, dtype=torch.float64)


def test_worked_out_by_hand() -> None:
    head = RangeHead(lo=[0.0, 10.0], hi=[4.0, 30.0])
    assert head(torch.tensor([[0.0, 0.0], [1e3, -1e3]])).tolist() == [[2, 20], [4, 10]]
    assert RangeHead()(torch.log(torch.tensor(3.0))).item() == pytest.approx(0.5)


def test_before_a_refit_it_is_the_plain_sigmoid_bit_for_bit() -> None:
    x = torch.randn(1000, 2, generator=torch.Generator().manual_seed(0)) * 20
    lo, hi = torch.tensor([-0.5, 1.0]), torch.tensor([27.5, 3.0])
    head = RangeHead(lo, hi)
    a, b = x.clone().requires_grad_(), x.clone().requires_grad_()
    plain = lo + (hi - lo) * torch.sigmoid(b)
    assert torch.equal(head(a), plain)
    head(a).square().sum().backward()
    plain.square().sum().backward()
    assert torch.equal(a.grad, b.grad)  # type: ignore[arg-type]


def test_new_limits_are_the_samples_with_a_margin() -> None:
    head = RangeHead([0.0, 0.0, 0.0], [28.0, 28.0, 28.0])
    head.refit(torch.tensor([[5.0, 3.0, 7.0], [15.0, 23.0, 7.0]]), margin=0.1)
    assert head.lo.tolist() == pytest.approx([4, 1, 6.5])
    assert head.hi.tolist() == pytest.approx([16, 25, 7.5])
    far = head(torch.full((3,), 40.0)), head(torch.full((3,), -40.0))
    assert far[0].tolist() == pytest.approx([16, 25, 7.5], abs=1e-3)
    assert far[1].tolist() == pytest.approx([4, 1, 6.5], abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.floats(-2, 15), st.floats(5, 40), st.floats(0, 0.5))
def test_answers_inside_stay_and_all_stay_in_order(start: float, width: float, margin: float) -> None:
    head = RangeHead(-0.5, 27.5).double()
    before = head(X)
    lo, hi = start, start + width
    head.refit(torch.tensor([lo, hi], dtype=torch.float64), margin)
    after = head(X)
    edge = 0.0501 * (head.hi - head.lo)
    inside = (before >= max(lo, head.lo + edge, -0.5 + 1.401)) & (before <= min(hi, head.hi - edge, 27.5 - 1.401))
    assert inside.any()
    assert torch.allclose(after[inside], before[inside])
    assert (after.diff() > -1e-9).all()
    for knee in (head.x_lo, head.x_hi):  # no kink: the same slope on both sides
        sides = torch.stack([knee - 1e-9, knee + 1e-9]).requires_grad_()
        head(sides).sum().backward()
        assert sides.grad[0].item() == pytest.approx(sides.grad[1].item(), rel=1e-6)  # type: ignore[index]
    assert (after >= head.lo - 1e-5).all()  # limits are kept to rounding
    assert (after <= head.hi + 1e-5).all()


def test_a_refitted_head_can_be_refitted() -> None:
    head = RangeHead(0.0, 10.0).double()
    before = head(X)
    head.set_limits(-5.0, 15.0)
    assert head(X).max() > 12
    head.set_limits(2.0, 15.0)
    head.set_limits(2.0, 7.0)
    after = head(X)
    inside = (before > 2 + 0.66) & (before < 7 - 0.26)  # a twentieth of 13, and of 5
    assert torch.allclose(after[inside], before[inside])
    assert after.min() > 2 - 1e-5
    assert after.max() < 7 + 1e-5


def test_nothing_in_common_starts_afresh() -> None:
    head = RangeHead([0.0, 0.0], [1.0, 1.0])
    head.set_limits([5.0, 0.2], [6.0, 0.7])
    assert head(torch.tensor([0.0, 0.0])).tolist() == pytest.approx([5.5, 0.5])


def test_gradients_pass_the_bends() -> None:
    head = RangeHead([-1.0, 0.0], [1.0, 1.0]).double()
    head.refit(torch.tensor([[-0.5, 0.3], [0.4, 2.0]], dtype=torch.float64))
    x = torch.tensor([[-3.0, -2.0], [0.1, 0.2], [2.5, 6.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(head, (x,))
    head(x).sum().backward()
    assert (x.grad > 1e-6).all()  # type: ignore[operator]


def test_numbers_become_one_limit_an_output_and_are_saved() -> None:
    head, other = RangeHead(), RangeHead([0.0] * 3, [1.0] * 3)
    head.refit(torch.rand(20, 3, generator=torch.Generator().manual_seed(0)))
    other.load_state_dict(head.state_dict())
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
    assert torch.equal(other(x), head(x))


def test_wrong_limits_and_samples_are_named() -> None:
    with pytest.raises(UsageError, match=r"limits need lo < hi, these are 1.0 and 1.0"):
        RangeHead(1.0, 1.0)
    with pytest.raises(UsageError, match="a margin is a share of the range, 0 or more, not -1"):
        RangeHead().refit(torch.rand(3, 2), margin=-1)
    with pytest.raises(DataError, match=r"fitted to finite samples \(n, k\), these have shape \(2,\)"):
        RangeHead().refit(torch.tensor([1.0, float("nan")]))
    with pytest.raises(DataError, match=r"limits of shape \(2,\), the new ones have \(3,\); give as many"):
        RangeHead([0, 0], [1, 1]).refit(torch.rand(5, 3))
