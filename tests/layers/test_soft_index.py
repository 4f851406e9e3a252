"""Soft indexing: exact at whole numbers, straight in between, a rule at the borders, gradients for both."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spoton.errors import UsageError
from spoton.layers import SoftIndex, soft_index, soft_lookup

VALUES = torch.tensor([0.0, 10.0, 30.0, 20.0])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=5))
def test_at_whole_numbers_it_is_indexing(index: list[int]) -> None:
    at = torch.tensor(index)
    assert torch.equal(soft_index(VALUES, at.float()), VALUES[at])
    assert torch.allclose(soft_index(VALUES, at.float(), width=0.1), VALUES[at])


def test_in_between_and_outside_by_hand() -> None:
    index = torch.tensor([0.5, 1.25, 2.9, -3.0, 7.0], requires_grad=True)
    values = VALUES.clone().requires_grad_()
    found = soft_index(values, index)
    assert found.tolist() == pytest.approx([5, 15, 21, 0, 20])
    found.sum().backward()
    assert index.grad.tolist() == [10, 20, -10, 0, 0]  # type: ignore[union-attr]
    assert values.grad.tolist() == pytest.approx([1.5, 1.25, 0.35, 1.9])  # type: ignore[union-attr]


def test_slopes_at_whole_numbers() -> None:
    index = torch.tensor([0.0, 1.0, 3.0], requires_grad=True)
    soft_index(VALUES, index).sum().backward()
    assert index.grad.tolist() == [10, 20, -10]  # type: ignore[union-attr]


def test_with_a_width_the_index_hears_from_afar() -> None:
    values = torch.zeros(30)
    values[20] = 1.0
    for width, heard in ((None, False), (5.0, True)):
        index = torch.tensor([10.0], requires_grad=True)
        soft_index(values, index, width=width).sum().backward()
        assert bool(index.grad > 0) is heard


def test_a_distribution_reads_the_expected_value() -> None:
    log_p = torch.tensor([[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.25, 0.25]]).log()
    assert soft_lookup(VALUES, log_p).tolist() == pytest.approx([5, 12.5])


def test_axes_broadcast() -> None:
    image = torch.randn(2, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    rows = torch.tensor([1.0, 3.5], dtype=torch.float64)
    found = soft_index(image, rows, dim=-2)  # (2, 7, 2): rows 1 and 3.5 of each image
    assert torch.allclose(found[..., 0], image[:, 1])
    assert torch.allclose(found[..., 1], (image[:, 3] + image[:, 4]) / 2)
    log_p = torch.log_softmax(torch.zeros(3, 5, dtype=torch.float64), -1)
    assert torch.allclose(soft_lookup(image, log_p, dim=-2)[..., 2], image.mean(-2))


def test_one_value_is_read_by_every_index() -> None:
    assert soft_index(torch.tensor([4.0]), torch.tensor([-1.0, 0.0, 0.4, 9.0])).tolist() == [4, 4, 4, 4]


def test_a_wrong_width_is_named() -> None:
    with pytest.raises(UsageError, match="has to be positive, not 0; None reads two neighbours"):
        SoftIndex(width=0)
