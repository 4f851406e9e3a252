"""Mixtures over candidates against triple loops in NumPy, and decoding against all proposals tried one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from spoton import ink
from spoton.layers import (
    GatedPoint,
    GatedPointNLL,
    decode_gated_point,
    gated_point_nll,
    mixture_nll,
    point_candidates,
    point_nll,
)

B, P, C, D, H, W = 5, 2, 3, 4, 6, 9  # two points, images that are not square


def log_p(*shape: int, seed: int, over: int = 1, scale: float = 2.0) -> Tensor:
    z = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * scale
    return torch.log_softmax(z.flatten(-over), dim=-1).reshape(shape)


def example(seed: int = 0, scale: float = 2.0) -> tuple[Tensor, Tensor, Tensor]:
    """Gates (B, P, C, D), candidates of x (B, C, W) and of y (B, D, H)."""
    gates = log_p(B, P, C, D, seed=seed, over=2, scale=scale)
    return gates, log_p(B, C, W, seed=seed + 1, scale=scale), log_p(B, D, H, seed=seed + 2, scale=scale)


def answers(seed: int = 3) -> Tensor:
    """Pixels (B, 2P), some of them not whole."""
    rng = np.random.RandomState(seed)
    whole = np.stack([rng.randint(0, (W, H)[k % 2], B) for k in range(2 * P)], axis=1)
    return torch.from_numpy(whole + rng.uniform(-0.49, 0.49, whole.shape))


def probabilities(parts: tuple[Tensor, Tensor, Tensor]) -> tuple[NDArray[np.float64], ...]:
    return tuple(np.exp(part.numpy()) for part in parts)


def test_a_mixture_against_a_triple_loop() -> None:
    gates, experts = log_p(B, C, seed=4), log_p(B, C, 2 * P, W, seed=5)
    y = answers().clamp(0, H - 1)
    g, p, at = gates.exp().numpy(), experts.exp().numpy(), np.rint(y.numpy()).astype(int)
    total = 0.0
    for b in range(B):
        likelihood = 0.0
        for c in range(C):
            product = 1.0
            for k in range(2 * P):
                product *= p[b, c, k, at[b, k]]
            likelihood += g[b, c] * product
        total -= math.log(likelihood)
    assert mixture_nll(gates, experts, y).item() == pytest.approx(total / B)


def test_pairs_against_a_triple_loop() -> None:
    found, y = example(), answers()
    g, px, py = probabilities(found)
    at = np.rint(y.numpy()).astype(int)
    total = 0.0
    for b in range(B):
        for p in range(P):
            likelihood = 0.0
            for c in range(C):
                for d in range(D):
                    likelihood += g[b, p, c, d] * px[b, c, at[b, 2 * p]] * py[b, d, at[b, 2 * p + 1]]
            total -= math.log(likelihood)
    assert gated_point_nll(*found, y).item() == pytest.approx(total / B)
    assert GatedPointNLL()(found, y).item() == pytest.approx(total / B)


def test_one_pair_alone_is_the_likelihood_of_its_candidates() -> None:
    log_x, log_y = log_p(B, 1, W, seed=6), log_p(B, 1, H, seed=7)
    y = answers()[:, :2]
    alone = point_nll(log_x, y[:, :1]) + point_nll(log_y, y[:, 1:])
    assert gated_point_nll(torch.zeros(B, 1, 1, 1), log_x, log_y, y).item() == pytest.approx(alone.item())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.5, 2.0, 20.0]))
def test_decoding_against_all_proposals(seed: int, scale: float) -> None:
    """Each pair's modes, weighed by what the whole mixture thinks of that pixel."""
    found = example(seed, scale)
    g, px, py = probabilities(found)
    points = decode_gated_point(*found).numpy()
    assert points.shape == (B, 2 * P)
    for b in range(B):
        for p in range(P):
            mixture = np.einsum("cd,cx,dy->xy", g[b, p], px[b], py[b])
            proposed = [(px[b, c].argmax(), py[b, d].argmax()) for c in range(C) for d in range(D)]
            best = max(mixture[x, y] for x, y in proposed)
            x, y = points[b, 2 * p : 2 * p + 2]
            assert (x, y) in proposed
            assert mixture[x, y] == pytest.approx(best, rel=1e-9)


def test_pairs_that_agree_support_each_other() -> None:
    """Two pairs of 0.3 that propose the same pixel outvote one of 0.4."""
    at = torch.tensor([[2, 2, 7]])
    log_x = torch.nn.functional.one_hot(at, W).double().clamp_min(1e-9).log()
    log_y = torch.nn.functional.one_hot(torch.tensor([[4]]), H).double().clamp_min(1e-9).log()
    gates = torch.tensor([0.3, 0.3, 0.4], dtype=torch.float64).log().reshape(1, 1, 3, 1)
    assert decode_gated_point(gates, log_x, log_y).tolist() == [[2, 4]]


def test_the_layer_is_a_softmax_over_pairs() -> None:
    torch.manual_seed(0)
    layer = GatedPoint(features=6, points=P, candidates=(C, D)).double()
    features = torch.randn(B, 6, dtype=torch.float64)
    _, log_x, log_y = example()
    gates, *same = layer(features, log_x, log_y)
    assert same[0] is log_x
    assert same[1] is log_y
    z = (features @ layer.gates.weight.T + layer.gates.bias).detach().reshape(B, P, C * D)
    assert torch.allclose(gates.exp(), torch.softmax(z, -1).reshape(B, P, C, D))
    assert torch.equal(layer.decode((gates, log_x, log_y)), decode_gated_point(gates, log_x, log_y))


def test_gradients() -> None:
    found, y = [part.requires_grad_() for part in example()], answers()
    assert torch.autograd.gradcheck(lambda *parts: gated_point_nll(*parts, y), found)
    experts = log_p(B, C, 2, W, seed=5).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda g, p: mixture_nll(g, p, y[:, :2]), (log_p(B, C, seed=4).requires_grad_(), experts)
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_impossible_answers_stay_finite(dtype: torch.dtype) -> None:
    """An answer that every candidate gives next to nothing."""
    found = [part.to(dtype).requires_grad_() for part in example(scale=1000.0)]
    loss = gated_point_nll(*found, answers())
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(part.grad).all() for part in found)  # type: ignore[arg-type]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_candidates_of_sharp_masks_are_those_of_numpy(seed: int) -> None:
    mask = np.random.RandomState(seed).rand(4, H, W) < 0.2
    mask[:, 2, 3] = True
    log_x, log_y = point_candidates(torch.from_numpy(np.where(mask, 1000.0, -1000.0)).float())
    box, end = ink.extents(mask), ink.ends(mask)
    middle = [ink.middle(box[low], box[high]) for low, high in (("left", "right"), ("top", "bottom"))]
    expected_x = [
        box["left"],
        box["right"],
        middle[0],
        *(end[f"{s}_{e}"] for s in ("top", "bottom") for e in ("first", "last")),
    ]
    expected_y = [
        box["top"],
        box["bottom"],
        middle[1],
        *(end[f"{s}_{e}"] for s in ("left", "right") for e in ("first", "last")),
    ]
    assert np.array_equal(log_x.argmax(-1).numpy(), np.stack(expected_x, 1))
    assert np.array_equal(log_y.argmax(-1).numpy(), np.stack(expected_y, 1))
