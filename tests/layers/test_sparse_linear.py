"""`SparseLinear` and its descent: steps worked out by hand, no unit, four columns among eight hundred."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from spoton.errors import DataError, UsageError
from spoton.layers import HypentropyDescent, SparseLinear, hypentropy_step_, split_parameters

BETA = 1e-8


def stepped(weight: Tensor, gradient: Tensor, **options: float) -> Tensor:
    """The weights after one step."""
    weight = weight.clone()
    hypentropy_step_(weight, gradient, **options)
    return weight


def test_the_first_step_moves_theta_by_tau_where_the_slope_is_largest() -> None:
    found = stepped(torch.zeros(1, 3, dtype=torch.float64), torch.tensor([[4.0, -2.0, 0.0]], dtype=torch.float64))
    assert found[0].tolist() == pytest.approx([-BETA * math.sinh(1), BETA * math.sinh(0.5), 0.0], rel=1e-12)


def test_a_grown_weight_moves_by_c_over_the_sum_of_all() -> None:
    # |w|_1 = 4 and |g|_inf = 1: eta is 1/4, not 1; both thetas are far in the exponential range
    weight = torch.tensor([[3.0, -1.0]], dtype=torch.float64)
    found = stepped(weight, torch.tensor([[1.0, 0.2]], dtype=torch.float64))
    assert found[0].tolist() == pytest.approx([3 * math.exp(-0.25), -math.exp(0.05)], rel=1e-12)


def test_c_and_tau_are_limits() -> None:
    small = stepped(torch.zeros(2, dtype=torch.float64), torch.tensor([1.0, 0.0], dtype=torch.float64), tau=0.1)
    assert small[0].item() == pytest.approx(-BETA * math.sinh(0.1), rel=1e-12)
    grown = stepped(torch.ones(2, dtype=torch.float64), torch.tensor([1.0, 0.0], dtype=torch.float64), c=0.2)
    assert grown.tolist() == pytest.approx([math.exp(-0.1), 1.0], rel=1e-12)


def test_a_code_beyond_its_levels_is_told() -> None:
    layer = SparseLinear(1, 1, cardinalities=(2, 3))
    x = torch.zeros(4, 1)
    assert layer(x, torch.tensor([[1, 2]] * 4)).shape == (4, 1)
    with pytest.raises(DataError, match="column 0 go from 0 to 1, one is 2"):
        layer(x, torch.tensor([[0, 0], [2, 0], [0, 0], [1, 1]]))
    with pytest.raises(DataError, match="column 1 go from 0 to 2, one is -1"):
        layer(x, torch.tensor([[0, -1]] * 4))
    with pytest.raises(UsageError, match=r"codes \(..., 2\) are expected, these are \(4, 1\)"):
        layer(x, torch.zeros(4, 1, dtype=torch.int64))


def test_no_slope_no_step() -> None:
    weight = torch.tensor([[0.5, 0.0]])
    assert torch.equal(stepped(weight, torch.zeros(1, 2)), stepped(weight, torch.zeros(1, 2)))
    assert stepped(weight, torch.zeros(1, 2))[0].tolist() == pytest.approx([0.5, 0.0], rel=1e-5)
    assert torch.equal(stepped(torch.zeros(2, 3), torch.zeros(2, 3)), torch.zeros(2, 3))


@settings(deadline=None)
@given(unit=st.floats(1e-6, 1e6), seed=st.integers(0, 100))
def test_the_unit_of_the_loss_does_not_matter_while_weights_are_small(unit: float, seed: int) -> None:
    slope = torch.randn(2, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    weight = torch.zeros(2, 5, dtype=torch.float64)
    torch.testing.assert_close(stepped(weight, slope * unit), stepped(weight, slope), rtol=1e-9, atol=0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_outputs_do_not_know_each_other(dtype: torch.dtype) -> None:
    weight, slope = torch.randn(3, 4, dtype=dtype), torch.randn(3, 4, dtype=dtype)
    together = stepped(weight, slope)
    assert together.isfinite().all()
    for row in range(3):
        assert torch.equal(together[row], stepped(weight[row], slope[row]))


def table(rows: int, columns: int, outputs: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """Standardised noise, and answers that are sums of four columns each."""
    random = torch.Generator().manual_seed(0)
    X = torch.randn(rows, columns, dtype=torch.float64, generator=random)
    X = (X - X.mean(0)) / X.std(0, correction=0)
    w = torch.zeros(columns, outputs, dtype=torch.float64)
    for k in range(outputs):
        w[7 * k : 7 * k + 4, k] = torch.tensor([0.5, -0.4, 0.3, 0.6])
    return X, X @ w, w


def descend(net: nn.Module, X: Tensor, y: Tensor, epochs: int = 3) -> None:
    """The loop that a user would write."""
    sparse, rest = split_parameters(net)
    optimizers = [HypentropyDescent(sparse), torch.optim.Adam(rest, lr=1e-3)]
    torch.manual_seed(1)
    for _ in range(epochs):
        for batch in torch.randperm(len(X)).split(8):
            loss = nn.functional.mse_loss(net(X[batch]), y[batch])
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()


def test_four_columns_among_eight_hundred_in_three_passes_inside_a_net() -> None:
    X, y, w = table(560, 800, outputs=2)
    net = nn.Sequential(SparseLinear(800, 2, dtype=torch.float64), nn.Identity())
    descend(net, X, y)
    fresh = torch.randn(200, 800, dtype=torch.float64)
    left = (net(fresh) - fresh @ w).square().mean(0) / (fresh @ w).var(0)
    assert left.max() < 1e-5, "a share of the variance; the bias that Adam steps is the most of it"
    assert (net[0].weight.abs() > 0.1).sum() == 8
    assert net[0].weight.abs().topk(5).values[:, 4].max() < 1e-3


def test_levels_are_the_same_as_columns_of_zeros_and_ones() -> None:
    torch.manual_seed(0)
    layer, plain = SparseLinear(2, 3, cardinalities=(4, 2)), SparseLinear(2 + 4 + 2, 3)
    nn.init.normal_(layer.weight)
    plain.load_state_dict(layer.state_dict())
    x, codes = torch.randn(5, 7, 2), torch.stack([torch.randint(4, (5, 7)), torch.randint(2, (5, 7))], -1)
    ones = [nn.functional.one_hot(codes[..., i], levels).float() for i, levels in enumerate((4, 2))]
    torch.testing.assert_close(layer(x, codes), plain(torch.cat([x, *ones], -1)))


def test_split_parameters() -> None:
    net = nn.Sequential(SparseLinear(4, 3), nn.ReLU(), nn.Linear(3, 2), SparseLinear(2, 1, bias=False))
    sparse, rest = split_parameters(net)
    assert [tuple(p.shape) for p in sparse] == [(3, 4), (1, 2)]
    assert [tuple(p.shape) for p in rest] == [(3,), (2, 3), (2,)]


def test_errors() -> None:
    with pytest.raises(UsageError, match="0 categorical columns, and some codes came"):
        SparseLinear(2, 1)(torch.zeros(1, 2), torch.zeros(1, 1, dtype=torch.int64))
    with pytest.raises(UsageError, match="1 categorical columns, and no codes came"):
        SparseLinear(2, 1, cardinalities=(3,))(torch.zeros(1, 2))
    with pytest.raises(UsageError, match="have to be positive"):
        HypentropyDescent(SparseLinear().parameters(), beta=0.0)


def test_a_closure_and_a_weight_without_gradient() -> None:
    layer = SparseLinear(2, 1)
    optimizer = HypentropyDescent([layer.weight])
    optimizer.step()
    assert not layer.weight.any()

    def closure() -> float:
        loss = (layer(torch.ones(1, 2)) - 1).square().sum()
        loss.backward()
        return float(loss.detach())

    assert optimizer.step(closure) == pytest.approx(1.0)
    assert (layer.weight > 0).all()
