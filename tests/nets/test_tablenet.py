"""`TableNet`: begins as its linear path, members know only their own rows and columns."""

from __future__ import annotations

import pytest
import torch

from spoton.errors import Refused, UsageError
from spoton.nets import TableNet


def trained(**options: object) -> TableNet:
    """One with random last layers."""
    torch.manual_seed(0)
    net = TableNet((5,), 2, members=3, width=8, **options)  # type: ignore[arg-type]
    torch.nn.init.normal_(net.out)
    torch.nn.init.normal_(net.linear.weight)
    return net.eval()


def test_a_fresh_net_is_its_linear_path() -> None:
    net = TableNet((5,), 2, members=3, width=8)
    x = torch.randn(7, 5)
    assert torch.equal(net(x), torch.zeros(7, 2))
    torch.nn.init.normal_(net.linear.weight)
    torch.testing.assert_close(net(x), x @ net.linear.weight.T)


def test_the_answer_is_the_linear_path_and_the_mean_of_the_members() -> None:
    net, x = trained(), torch.randn(7, 5)
    each = net.members_forward(x.expand(3, 7, 5))
    torch.testing.assert_close(net(x), net.linear(x) + each.mean(0))
    assert each.std(0).min() > 1e-4, "members differ"


def test_members_know_their_own_rows_alone() -> None:
    net, x = trained(), torch.randn(3, 7, 5)
    other = x.clone()
    other[1] = 9.0
    before, after = net.members_forward(x), net.members_forward(other)
    assert torch.equal(before[0], after[0])
    assert torch.equal(before[2], after[2])
    assert not torch.equal(before[1], after[1])


def test_members_see_their_columns_alone() -> None:
    net, x = trained(columns=[1, 3]), torch.randn(3, 7, 5)
    other = x.clone()
    other[..., [0, 2, 4]] = 9.0
    assert torch.equal(net.members_forward(x), net.members_forward(other))


def test_an_extreme_input_is_bent_for_the_members() -> None:
    net = trained(embedding=1)
    far = net.members_forward(torch.full((3, 1, 5), 1e6))
    torch.testing.assert_close(far, net.members_forward(torch.full((3, 1, 5), 1e9)))


def test_levels_are_embedded() -> None:
    net = trained(cardinalities=(4, 2))
    x, codes = torch.zeros(4, 5), torch.tensor([[0, 0], [3, 0], [0, 1], [3, 1]])
    found = net(x, codes)
    assert len({tuple(row.tolist()) for row in found}) == 4
    torch.testing.assert_close(net(x[:1], codes[:1]), found[:1])


def test_no_columns_at_all() -> None:
    net = trained(columns=[])
    assert net.members_forward(torch.randn(3, 7, 5)).shape == (3, 7, 2)


def test_errors() -> None:
    with pytest.raises(Refused, match="takes tables"):
        TableNet((1, 28, 28), 2)
    with pytest.raises(UsageError, match="1 or more"):
        TableNet((5,), 1, members=0)
