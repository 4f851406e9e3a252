"""Points as coordinates: hard ones against the transformer, soft ones against the distributions they are means of."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import Tensor

from spoton import ink, optional
from spoton.errors import UsageError
from spoton.layers import (
    SCANS,
    PointFeatures,
    RasterPoints,
    _eager,
    _fused,
    _hard,
    _lines,
    _packed,
    _plain,
    _twelve,
    _words,
    extents,
    point_features,
    raster_first,
    raster_points,
    scan_ends,
)
from spoton.layers._twelve import TWELVE
from spoton.learners import PointFeatures as Transformer

SHAPE = (2, 3, 5, 7)
WIDE = (2, 37, 70)  # more columns than fit into one word, more lines than go side by side


@pytest.fixture(params=["kernels", "torch", "pairs"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With the compiled kernels, without them, and as large batches are done without them."""
    if request.param == "kernels" and not optional.installed("numba"):
        pytest.skip("needs the extra: pip install 'spoton[fast]'")
    monkeypatch.setattr(_eager, "FAST", request.param == "kernels")
    if request.param == "pairs":
        monkeypatch.setattr(_twelve, "MANY", 0)
    return str(request.param)


def logits(seed: int = 0, shape: tuple[int, ...] = SHAPE, dtype: torch.dtype = torch.float64) -> Tensor:
    return (torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2 - 1).to(dtype)


def digits(share: float, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Pixels, a share of them ink; the first image is empty, the second full."""
    rng = np.random.RandomState(seed)
    images = np.where(rng.rand(*shape) < share, rng.rand(*shape), 0).astype(np.float32)
    images[0], images[1] = 0, 1
    return images


@pytest.mark.parametrize(
    "shape", [(9, 1, 5, 7), (6, 1, 1, 64), (6, 1, 65, 3), (6, 1, 1, 1), (5, 1, *WIDE[1:]), (3, 1, 66, 65)]
)
@pytest.mark.parametrize("share", [0.02, 0.3])
def test_hard_is_the_transformer_bit_for_bit(way: str, shape: tuple[int, ...], share: float) -> None:
    images = digits(share, shape, 3)
    for features in (("pts11", "pts12", "pts22"), ("pts22",), ("pts12", "pts11")):
        expected = Transformer(features=features).fit(images).transform(images)
        found = point_features(torch.from_numpy(images)[:, 0], features, mode="hard")
        assert found.dtype == torch.float32
        assert np.array_equal(found.numpy(), expected)


@pytest.mark.parametrize("shape", [(7, 5, 9), (4, 66, 65)])
def test_hard_points_of_views_types_and_pieces(
    way: str, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever lies in memory, and however many images go at a time."""
    monkeypatch.setattr(_hard, "PIECE", 2 * shape[1] * shape[2])
    images = digits(0.2, shape, 4)
    box, ends = ink.extents(images > 0), ink.ends(images > 0)
    expected = torch.from_numpy(np.concatenate([p.reshape(len(p), -1) for p in ink.crossed(box, ends).values()], 1))
    z = torch.from_numpy(images)
    turned = z.transpose(0, 2).contiguous().transpose(0, 2)
    minus = torch._neg_view(-z)  # memory holds the opposite of the numbers
    assert minus.is_neg()
    for given_z in (z, z.clone().requires_grad_(), turned, minus, torch.nn.Parameter(z), z.double(), z.bfloat16()):
        for place in (given_z, given_z[None]):
            found = point_features(place, mode="hard")
            assert found.dtype == given_z.dtype
            assert not found.requires_grad
            assert torch.equal(found.reshape(len(z), -1).long(), expected)
    with torch.inference_mode():
        assert torch.equal(PointFeatures(mode="hard", none=-1)(z).long(), expected)


def test_words() -> None:
    """What compiled kernels are given instead of these functions does the same."""
    for word in (1, 2, 2**63, 2**64 - 1, 0b1011000):
        bits = [i for i in range(64) if word >> i & 1]
        assert [_words.lowest(np.uint64(word)), _words.highest(np.uint64(word))] == [bits[0], bits[-1]]
    flat = np.where(np.arange(40) % 3 == 0, 1.0, -1.0)
    flat[9] = np.nan
    assert int(_words.positive(flat, 4)) == sum(1 << j for j in range(32) if flat[4 + j] > 0)


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(bool, st.tuples(st.integers(1, 3), st.integers(1, 9), st.sampled_from([1, 7, 63, 64, 65, 130]))))
def test_bits_agree_with_numpy(mask: np.ndarray) -> None:
    """The packing itself, as compiled or as plain Python; of any type of number, and at any place in memory."""
    box, ends = ink.extents(mask), ink.ends(mask)
    expected = np.stack([(box | ends)[name] for name in TWELVE], axis=1)
    for images in (mask, mask.astype(np.uint8), np.where(mask, 0.5, -1).astype(np.float32)):
        found = np.empty((len(mask), 12), np.int64)
        _packed.packed_points(images, np.arange(12), -1.0, found)
        assert np.array_equal(found, expected)


def expectation(log_p: Tensor, none: Tensor) -> Tensor:
    return (log_p.exp() * torch.arange(log_p.shape[-1], dtype=log_p.dtype)).sum(-1) + none


@pytest.mark.parametrize("none", [-1.0, 3.5])
def test_soft_points_are_means_of_raster_first(none: float) -> None:
    z = logits()
    p_none = torch.nn.functional.logsigmoid(-z).sum((-1, -2)).exp() * none
    found = raster_points(z, none=none)
    assert found.shape == (2, 3, 8, 2)
    for i, scan in enumerate(SCANS):
        log_p = raster_first(z, scan)
        assert torch.allclose(found[..., i, 0], expectation(log_p.logsumexp(-2), p_none))
        assert torch.allclose(found[..., i, 1], expectation(log_p.logsumexp(-1), p_none))


def test_soft_features_are_crossings_of_means_of_extents_and_scan_ends() -> None:
    z = logits(1)
    none = -torch.nn.functional.logsigmoid(-z).sum((-1, -2)).exp()
    box = {side: expectation(log_p, none).flatten().numpy() for side, log_p in extents(z).items()}
    found = [expectation(ends[..., i, :], none) for ends in scan_ends(z) for i in range(4)]
    names = [f"{side}_{end}" for side, end in (ink.KINDS[scan] for scan in SCANS)]
    ends = {name: values.flatten().numpy() for name, values in zip(names, found, strict=True)}
    for group, points in ink.crossed(box, ends).items():
        assert np.allclose(point_features(z, (group,)).reshape(6, -1).numpy(), points.reshape(6, -1)), group


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_sharp_masks_give_hard_points(way: str, dtype: torch.dtype) -> None:
    images = digits(0.2, (9, *WIDE[1:]), 5)
    z = torch.from_numpy(np.where(images > 0, 1000.0, -1000.0)).to(dtype)
    expected = point_features(z, mode="hard")
    assert expected.dtype == dtype
    assert torch.equal(point_features(z), expected)
    assert (expected[0] == -1).all()


def test_straight_through_is_hard_forward_and_soft_backward(way: str) -> None:
    z = logits(2, dtype=torch.float32).requires_grad_()
    hard, through = (raster_points(z, mode=mode) for mode in ("hard", "st"))
    assert not hard.requires_grad
    assert torch.equal(through, hard)
    soft = torch.autograd.grad(raster_points(z).sin().sum(), z)[0]
    assert torch.isfinite(soft).all()
    weights = torch.arange(16.0).reshape(8, 2).cos()
    for a, b in zip(*(torch.autograd.grad((p * weights).sum(), z) for p in (raster_points(z), through)), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("shape", [SHAPE, (1, 1, 1), WIDE, (2, 3, 33), (2, 33, 3)])
@pytest.mark.parametrize("scale", [1.0, 30.0, 1000.0])
def test_the_kernels_are_the_formulas(shape: tuple[int, ...], scale: float) -> None:
    """In float32 against float64; where numba is not there, the kernels run as plain Python."""
    if np.prod(shape) > 500 and not optional.installed("numba"):
        pytest.skip("plain Python takes too long; the extra `fast` compiles it")
    z = (logits(4, shape) * scale).reshape(-1, *shape[-2:]).float()
    exact = z.double().requires_grad_()
    expected = _plain.expected(exact, -1.0)
    slopes = torch.randn(expected.shape, generator=torch.Generator().manual_seed(0))
    (gradient,) = torch.autograd.grad(expected, exact, slopes.double())
    sums, found = torch.empty(len(z), 4, sum(z.shape[1:])), torch.empty(len(z), 12)
    _lines.expected_points(z.numpy(), np.float32(-1), sums.numpy(), found.numpy())
    assert torch.allclose(found.double(), expected, rtol=1e-5, atol=1e-4)
    back = torch.empty_like(z)
    _lines.expected_points_backward(z.numpy(), np.float32(-1), sums.numpy(), slopes.numpy(), back.numpy())
    assert torch.allclose(back.double(), gradient, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(2, 5, 7), (2, 1, 1), (2, 1, 9), (70, 9, 6), (3, 16, 1)])
@pytest.mark.parametrize("scale", [1.0, 30.0, 1000.0])
def test_pairs_are_the_formulas(shape: tuple[int, ...], scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """In float64, to the last digits, by pieces of the batch; logits of -inf have no slope."""
    monkeypatch.setattr(_fused, "PAIRS_PIECE", 66 * shape[1] * shape[2])
    z = (logits(11, shape) * scale).requires_grad_()
    expected = _plain.expected(z, 2.5)
    slopes = torch.randn(expected.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found, sums = _fused.expected(z.detach(), 2.5)
    assert torch.allclose(found, expected, rtol=1e-10, atol=1e-10)
    (gradient,) = torch.autograd.grad(expected, z, slopes)
    back = _fused.expected_backward(z.detach(), sums, slopes, 2.5)
    assert torch.allclose(back, gradient, rtol=1e-10, atol=1e-10)
    blank = torch.full((2, 3, 4), -torch.inf, dtype=torch.float64)
    assert (_fused.expected_backward(blank, sums, slopes[:2], 2.5) == 0).all()


@pytest.mark.parametrize("function", [raster_points, point_features])
def test_gradients_and_second_ones(function: object) -> None:
    z = logits(6, (2, 3, 4)).requires_grad_()
    assert torch.autograd.gradcheck(function, (z,))
    assert torch.autograd.gradgradcheck(raster_points, (z,))


def test_second_derivatives_and_transforms_go_by_the_formulas(way: str) -> None:
    z = logits(7, (3, 4, 5), torch.float32)
    loss = lambda x: raster_points(x).square().sum()  # noqa: E731
    (gradient,) = torch.autograd.grad(loss(z.requires_grad_()), z, create_graph=True)
    (second,) = torch.autograd.grad(gradient.square().sum(), z)
    exact = z.detach().double().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(exact), exact, create_graph=True)
    (expected,) = torch.autograd.grad(gradient.square().sum(), exact)
    assert torch.allclose(second.double(), expected, rtol=1e-3, atol=1e-3)
    z = z.detach()
    by_image = torch.func.vmap(torch.func.grad(loss))(z)
    assert torch.allclose(by_image, torch.func.grad(loss)(z), rtol=1e-4, atol=1e-4)
    assert torch.allclose(torch.func.jvp(loss, (z,), (torch.ones_like(z),))[1], by_image.sum(), rtol=1e-4)


def test_nan_is_not_hidden(way: str) -> None:
    z = logits(8, (2, 4, 5), torch.float32)
    z[0, 1, 2] = torch.nan
    found = raster_points(z)
    assert found[0].isnan().all()
    assert found[1].isfinite().all()


def test_no_image_and_one_row(way: str) -> None:
    assert raster_points(torch.zeros(0, 5, 7)).shape == (0, 8, 2)
    assert PointFeatures(mode="hard")(torch.zeros(0, 4, 5, 7)).shape == (0, 4, 72)
    row = torch.tensor([[-1.0, 2.0, -1.0, 3.0]])
    assert raster_points(row, mode="hard")[:2].tolist() == [[1, 0], [3, 0]]


def test_in_the_middle_of_a_net(way: str) -> None:
    """Gradient descent moves a mask until its expected points are the answers."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 48), torch.nn.Unflatten(1, (6, 8)), PointFeatures(("pts11",)))
    x, answers = torch.rand(4, 3), torch.rand(4, 8) * 4
    optimiser = torch.optim.Adam(net.parameters(), lr=0.1)
    losses = []
    for _ in range(60):
        optimiser.zero_grad()
        loss = (net(x) - answers).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4


def test_wrong_names_are_answered_with_the_right_ones() -> None:
    with pytest.raises(UsageError, match="no mode is called 'gumbel'; known: soft, st, hard"):
        RasterPoints(mode="gumbel")
    with pytest.raises(UsageError, match="pts11"):
        PointFeatures(features=("pts",))


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("c++"), reason="torch.compile builds with a C++ compiler, and there is none")
def test_compiled_is_eager(way: str) -> None:
    """In one graph: with the kernels as operators of torch's own, or the formulas."""
    torch.compiler.reset()
    z = logits(9, (2, 5, 7), torch.float32).requires_grad_()
    function = lambda x: (raster_points(x), *scan_ends(x))  # noqa: E731
    eager, compiled = function(z), torch.compile(function, fullgraph=True)(z)
    for a, b in zip(eager, compiled, strict=True):
        assert torch.allclose(a, b, atol=1e-5)
        slopes = torch.arange(a.numel()).reshape(a.shape).cos()
        for c, d in zip(*(torch.autograd.grad(o, z, slopes, retain_graph=True) for o in (a, b)), strict=True):
            assert torch.allclose(c, d, atol=1e-5)
