"""The layers of order against NumPy and SciPy, by hand, and at equal, neighbouring and extreme keys."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata
from torch import Tensor

from spoton.errors import UsageError
from spoton.layers import (
    LogOrder,
    PointerNLL,
    SoftArgmax,
    SoftRank,
    SoftSort,
    element_or_place,
    log_order,
    log_places,
    pointer_nll,
    soft_argmax,
    soft_rank,
    soft_sort,
)

SHAPE = (2, 3, 5, 7)


def keys(seed: int = 0, shape: tuple[int, ...] = SHAPE) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2


lists = st.lists(
    st.floats(-(2.0**127), 2.0**127, width=32) | st.sampled_from([0.0, 1.0, -1.0]), min_size=1, max_size=12
)


def test_ranks_worked_out_by_hand() -> None:
    """Keys 0 and log 3: the first is before the second with 3/4, at temperature 2 with sqrt 3 / (1 + sqrt 3)."""
    two = torch.tensor([0.0, np.log(3)], dtype=torch.float64)
    assert soft_rank(two).tolist() == pytest.approx([1 / 4, 3 / 4])
    assert soft_rank(two, descending=True).tolist() == pytest.approx([3 / 4, 1 / 4])
    assert soft_rank(two, temperature=2.0)[1].item() == pytest.approx(3**0.5 / (1 + 3**0.5))
    weighted = soft_rank(two, weights=torch.tensor([10.0, 100.0]))
    assert weighted.tolist() == pytest.approx([100 / 4, 10 * 3 / 4])


def test_orders_worked_out_by_hand() -> None:
    two = torch.tensor([1.0, 0.0], dtype=torch.float64)
    e = np.e
    assert log_order(two, method="softsort", descending=True).exp().tolist() == [
        pytest.approx([e / (1 + e), 1 / (1 + e)]),
        pytest.approx([1 / (1 + e), e / (1 + e)]),
    ]
    # neuralsort: (2 - 1 - 2 p) k - 1, so at place 0 the scores are 0 and -1, at place 1 they are -2 and -1
    assert log_order(two, method="neuralsort", descending=True).exp().tolist() == [
        pytest.approx([e / (1 + e), 1 / (1 + e)]),
        pytest.approx([1 / (1 + e), e / (1 + e)]),
    ]
    ranks = log_places(torch.tensor([0.0, 3.0], dtype=torch.float64), 2, 0.5).exp()
    assert ranks[1, 0].item() == pytest.approx(np.exp(-0.5) / (np.exp(-0.5) + np.exp(-1)))


@settings(max_examples=60, deadline=None)
@given(lists)
def test_hard_is_the_rule_of_numpy(numbers: list[float]) -> None:
    x = np.array(numbers, dtype=np.float32)
    k = torch.from_numpy(x)
    for ties, method in (("first", "ordinal"), ("even", "average")):
        assert np.array_equal(soft_rank(k, mode="hard", ties=ties).numpy(), rankdata(x, method) - 1)
        assert np.array_equal(soft_rank(k, mode="hard", ties=ties, descending=True).numpy(), rankdata(-x, method) - 1)
    assert np.array_equal(soft_rank(k, mode="hard", ties="last").numpy(), len(x) - rankdata(-x, "ordinal"))
    assert np.array_equal(soft_sort(k, mode="hard").numpy(), np.sort(x))
    assert soft_argmax(k, mode="hard").item() == np.argmax(x)
    assert soft_argmax(k, mode="hard", ties="last").item() == len(x) - 1 - np.argmax(x[::-1])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["ranks", "softsort", "neuralsort"]))
def test_sharp_orders_give_the_sorted_list(seed: int, method: str) -> None:
    x = keys(seed, (4, 9))
    for descending in (False, True):
        log_p = log_order(x, method=method, temperature=1e-4, descending=descending)
        assert torch.equal(x.gather(-1, log_p.argmax(-1)), x.sort(-1, descending=descending)[0])
        relaxed = soft_sort(x, method=method, temperature=1e-4, descending=descending)
        assert torch.allclose(relaxed, x.sort(-1, descending=descending)[0], atol=1e-3)


def test_neighbouring_floats_are_told_apart() -> None:
    """The scaling comes after the difference, so no temperature rounds it away."""
    one = torch.tensor(0.7)
    near = torch.stack([torch.nextafter(one, torch.tensor(1.0)), one, torch.nextafter(one, torch.tensor(0.0))])
    assert torch.equal(soft_rank(near, mode="hard"), torch.tensor([2.0, 1.0, 0.0]))
    soft = soft_rank(near, temperature=1 / 3)
    assert soft[0] > soft[1] > soft[2]


def test_equal_keys_keep_their_places_also_in_soft_mode() -> None:
    same = torch.zeros(4, dtype=torch.float64)
    assert soft_rank(same).tolist() == [0, 1, 2, 3]
    assert soft_rank(same, ties="last").tolist() == [3, 2, 1, 0]
    assert soft_rank(same, ties="even").tolist() == [1.5] * 4
    assert log_order(same, temperature=0.01).argmax(-1).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("method", ["ranks", "softsort", "neuralsort"])
def test_rows_sum_to_one_and_move_with_the_list(method: str) -> None:
    x = keys()
    p = log_order(x, -2, method=method).exp()
    assert p.shape == (2, 3, 7, 5, 5)
    assert torch.allclose(p.sum(-1), torch.ones(()).double())
    order = torch.randperm(5, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(log_order(x[:, :, order], -2, method=method).exp(), p[..., order])


def test_along_any_axis() -> None:
    x = keys()
    for layer in (SoftRank(1), SoftSort(1), SoftSort(1, "neuralsort", "st")):
        moved = type(layer)(-1, *((layer.method, layer.mode) if isinstance(layer, SoftSort) else ()))
        assert torch.allclose(layer(x), moved(x.movedim(1, -1)).movedim(-1, 1))
    assert torch.allclose(SoftArgmax(1)(x), SoftArgmax()(x.movedim(1, -1)))


@pytest.mark.parametrize("layer", [SoftRank, SoftSort, SoftArgmax])
def test_straight_through_is_hard_forward_and_soft_backward(layer: type) -> None:
    x = keys(1, (4, 9)).requires_grad_()
    weights = torch.arange(9.0).double().cos() if layer is not SoftArgmax else 1.0
    soft, through = layer(), layer(mode="st")
    (a,) = torch.autograd.grad((soft(x) * weights).sum(), x)
    (b,) = torch.autograd.grad((through(x) * weights).sum(), x)
    assert torch.equal(a, b)
    assert torch.equal(through(x), layer(mode="hard")(x))


@pytest.mark.parametrize("method", ["ranks", "softsort", "neuralsort"])
def test_gradients_of_the_temperature(method: str) -> None:
    x, t = keys(2, (2, 5)).requires_grad_(), torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, t: log_order(x, method=method, temperature=t), (x, t))
    weights = torch.rand(2, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, t, w: soft_rank(x, temperature=t, weights=w), (x, t, weights))


def test_a_temperature_can_be_learned() -> None:
    layer = LogOrder(temperature=3.0, learnable=True)
    (-layer(keys(3, (8, 6)))[:, 0].amax(-1)).sum().backward()
    assert layer.log_temperature.grad > 0  # type: ignore[operator]  # sharper is surer
    assert "temperature=3" in repr(layer)


def test_the_loss_worked_out_by_hand() -> None:
    """The answer 7 is at two of three candidates; a value that is no candidate has no gradient."""
    log_p = torch.log(torch.tensor([[[0.5, 0.25, 0.25]]], dtype=torch.float64)).requires_grad_()
    values = torch.tensor([[7.0, 3.0, 7.0]], dtype=torch.float64)
    assert PointerNLL()(log_p, values, torch.tensor([[7.0]])).item() == pytest.approx(-np.log(0.75))
    # three answers, two of them equal: each of the two counts half
    many = torch.log(torch.tensor([[[0.5, 0.5], [0.1, 0.9], [0.4, 0.6]]], dtype=torch.float64))
    loss = pointer_nll(many, torch.tensor([[7.0, 3.0]]), torch.tensor([[7.0, 3.0, 3.0]]))
    assert loss.item() == pytest.approx(-(np.log(0.5) + (np.log(0.9) + np.log(0.6)) / 2) / 2)
    nowhere = pointer_nll(log_p, values, torch.tensor([[8.0]]))
    (gradient,) = torch.autograd.grad(nowhere, log_p)
    assert nowhere > 1000
    assert not gradient.any()


def test_candidates_are_positions_and_elements() -> None:
    x = torch.tensor([[5.0, 9.0]])
    log_p, values = element_or_place(torch.log(torch.tensor([[[0.2, 0.8]]])), x, torch.log(torch.tensor([0.1, 0.9])))
    assert values.tolist() == [[0, 1, 5, 9]]
    assert log_p.exp().flatten().tolist() == pytest.approx([0.02, 0.08, 0.18, 0.72])


def test_unknown_words_are_named() -> None:
    with pytest.raises(UsageError, match="no mode is called 'sharp'; known: soft, st, hard"):
        SoftRank(mode="sharp")
    with pytest.raises(UsageError, match="no kind of ties is called 'even'; known: first, last"):
        SoftArgmax(ties="even")
    with pytest.raises(UsageError, match="no method is called 'sinkhorn'; known: ranks, softsort, neuralsort"):
        soft_sort(keys(), method="sinkhorn")
    with pytest.raises(UsageError, match="temperature has to be positive"):
        SoftSort(temperature=0.0)
