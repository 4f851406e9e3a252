"""`TableNet`: begins as its linear path, members know only their own rows and columns."""

from __future__ import annotations

import pytest
import torch

from spoton.errors import Refused, UsageError
from spoton.nets import TableNet
from spoton.nets._tablenet import RAMP_NUMBERS


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


def test_ramps_by_hand() -> None:
    edges = torch.tensor([[0.0, 1.0, 3.0], [-1.0, 1.0, 1.0]])
    net = trained(columns=[1, 3], embedding=1, edges=edges, depth=1)
    assert net.ramp_mix.shape == (3, 2, 2, RAMP_NUMBERS)
    x = torch.zeros(3, 4, 5)
    x[..., 1] = torch.tensor([-7.0, 1.0, 3.0, 9.0])
    x[..., 3] = torch.tensor([-1.0, 1.0, 1.0, 8.0])
    with torch.no_grad():
        net.ramp_mix.zero_()
        net.ramp_mix[..., 0] = torch.tensor([[1.0, 2.0], [10.0, 20.0]])  # 20: a ramp of no width, which stays 0
        net.scale[..., :2] = 0  # the columns themselves
        net.weights[0].zero_()
        net.weights[0][:, 2, 0] = net.weights[0][:, 2 + RAMP_NUMBERS, 1] = 1
        net.biases[0].zero_()
    silu = torch.nn.functional.silu
    seen = torch.tensor([[0.0, 0.0], [1.0, 10.0], [3.0, 10.0], [3.0, 10.0]])
    expected = silu(seen) @ net.out[:, :2] + net.out_bias
    torch.testing.assert_close(net.members_forward(x), expected)


def test_edges_that_are_next_to_each_other_make_no_ramp() -> None:
    net = trained(edges=torch.tensor([-1.0, 0.0, 1e-40, 1.0]).expand(5, -1))
    torch.nn.init.normal_(net.ramp_mix)
    assert net(torch.zeros(2, 5)).isfinite().all()
    assert (net.rise > 0).tolist() == [[True, False, True]] * 5


def test_zero_and_one_say_who_is_ramped() -> None:
    net = TableNet((5,), 1, members=2, edges=torch.arange(3.0).expand(5, -1), ramped=[0, 1])  # type: ignore[list-item]
    assert net.ramped().tolist() == [1]


def test_only_those_who_are_to_see_ramps_ever_do() -> None:
    torch.manual_seed(0)
    edges = torch.linspace(-2, 2, 9).expand(5, -1)
    net = TableNet((5,), 1, members=3, width=8, edges=edges, ramped=[False, True, False])
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.05)
    x = torch.randn(3, 64, 5)
    for _ in range(20):
        optimizer.zero_grad()
        (net.members_forward(x) - (x[..., :1] > 0.3).float()).square().sum().backward()
        optimizer.step()
    moved = net.ramp_mix.detach().abs().amax((1, 2, 3))
    assert moved[[0, 2]].tolist() == [0, 0]
    assert moved[1] > 0.1


@pytest.mark.parametrize("embedding", [1, 4])
@pytest.mark.parametrize(("kept", "ramps"), [([0, 2], False), ([1, 2], True), ([1], True)])
def test_members_that_are_left_out(embedding: int, kept: list[int], ramps: bool) -> None:
    edges = torch.linspace(-2, 2, 4).expand(5, -1)
    net = trained(edges=edges, ramped=[False, True, False], embedding=embedding, cardinalities=(3,))
    torch.nn.init.normal_(net.ramp_mix)
    x, codes = torch.randn(7, 5), torch.randint(0, 3, (7, 1))
    each = net.members_forward(x.expand(3, 7, 5), codes.expand(3, 7, 1))
    net.keep_members(torch.tensor(kept))
    torch.testing.assert_close(net(x, codes), net.linear(x) + each[kept].mean(0))
    assert hasattr(net, "ramp_mix") == ramps
    assert ("low" in net.state_dict()) == ramps


def test_errors() -> None:
    with pytest.raises(UsageError, match=r"edges are \(5, 2 or more\), one row a column, not \(4, 3\)"):
        TableNet((5,), 1, edges=torch.zeros(4, 3))
    with pytest.raises(UsageError, match="of each of 3 members whether it sees ramps, not of 2"):
        TableNet((5,), 1, members=3, edges=torch.zeros(5, 3), ramped=[True, False])
    with pytest.raises(Refused, match="takes tables"):
        TableNet((1, 28, 28), 2)
    with pytest.raises(UsageError, match="1 or more"):
        TableNet((5,), 1, members=0)
