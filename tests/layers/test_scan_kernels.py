"""The scans by hand-written passes, compiled or not, against the formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from spoton import optional
from spoton.layers import RasterFirst, _eager, _log_scans, _plain, scan_ends

SHAPE = (2, 3, 5, 7)  # all sizes differ and exceed 1


def logits(seed: int, shape: tuple[int, ...] = SHAPE) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2


@pytest.fixture(params=["kernels", "torch"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With the compiled kernels, and without them."""
    if request.param == "kernels" and not optional.installed("numba"):
        pytest.skip("needs the extra: pip install 'spoton[fast]'")
    monkeypatch.setattr(_eager, "FAST", request.param == "kernels")
    return str(request.param)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [SHAPE, (1, 1, 1), (3, 37, 20), (1, 3, 150), (2, 150, 3)])
@pytest.mark.parametrize("scale", [1.0, 30.0, 1000.0])
def test_by_hand_is_the_formulas(way: str, dtype: torch.dtype, shape: tuple[int, ...], scale: float) -> None:
    """Forward and backward passes by hand, against the formulas in float64: RasterFirst, then scan_ends."""
    z = (logits(7, shape) * scale).to(dtype).requires_grad_()
    exact = z.detach().double().requires_grad_()
    loose = {"rtol": 1e-5, "atol": 1e-4} if dtype == torch.float32 else {"rtol": 1e-10, "atol": 1e-10}
    for function, formula in ((RasterFirst(), _plain.scan_maps), (scan_ends, _plain.log_line_ends)):
        found, expected = function(z), formula(exact)
        if isinstance(found, Tensor):
            found, expected = (found,), (expected,)
        slopes = [torch.randn(p.shape, generator=torch.Generator().manual_seed(1), dtype=dtype) for p in found]
        (gradient,) = torch.autograd.grad(found, z, slopes)
        (true_gradient,) = torch.autograd.grad(expected, exact, [slope.double() for slope in slopes])
        for a, b in zip((*found, gradient), (*expected, true_gradient), strict=True):
            assert a.dtype == dtype
            assert torch.allclose(a.double(), b, **loose)


def test_kernels_in_plain_python_are_the_formulas() -> None:
    """What numba compiles, run as it stands."""
    z = logits(8, (2, 3, 4)).float()
    maps, back = np.empty((2, 8, 3, 4), np.float32), np.empty((2, 3, 4), np.float32)
    interpreted = getattr(_log_scans.scan_maps, "py_func", _log_scans.scan_maps)
    with np.errstate(all="ignore"):
        interpreted(z.numpy(), maps)
        _log_scans.scan_maps_backward(z.numpy(), np.ones_like(maps), back)
    exact = z.double().requires_grad_()
    expected = _plain.scan_maps(exact)
    expected.sum().backward()
    assert np.allclose(maps, expected.detach().numpy(), atol=1e-5)
    assert np.allclose(back, exact.grad.numpy(), atol=1e-5)  # type: ignore[union-attr]


def test_masked_out_pixels_have_no_part(way: str) -> None:
    """Logits of -inf: log 0 where nothing can be, finite gradients everywhere, and none in blank images."""
    z = logits(9, (2, 5, 7)).float()
    z[0], z[1, :, :3] = -torch.inf, -torch.inf
    z.requires_grad_()
    by_rows, by_columns = scan_ends(z)
    assert torch.allclose(by_rows[1].exp()[:, :3], torch.zeros(4, 3))
    (by_rows.exp().sum() + by_columns.exp().sum()).backward()
    assert torch.isfinite(z.grad).all()  # type: ignore[arg-type]
    assert (z.grad[0] == 0).all()  # type: ignore[index]


def test_nan_is_not_hidden(way: str) -> None:
    z = logits(9, (2, 5, 7)).float()
    z[0, 1, 2] = torch.nan
    for part in (RasterFirst()(z), *scan_ends(z)):
        assert part[0].isnan().flatten(1).any(1).all()
        assert part[1].isfinite().all()


def test_second_derivatives_go_by_the_formulas(way: str) -> None:
    """By autograd in float64, and in float32 where the kernels are; and the transforms of torch.func."""
    z = logits(10, (2, 3, 4)).requires_grad_()
    assert torch.autograd.gradgradcheck(RasterFirst(), (z,))
    assert torch.autograd.gradgradcheck(scan_ends, (z,))
    loss = lambda x: sum(part.square().sum() for part in (RasterFirst()(x), *scan_ends(x)))  # noqa: E731
    small = z.detach().float().requires_grad_()
    seconds = []
    for x in (small, z):
        (gradient,) = torch.autograd.grad(loss(x), x, create_graph=True)
        seconds.append(torch.autograd.grad(gradient.sin().sum(), x)[0].double())
    assert torch.allclose(*seconds, rtol=1e-2, atol=1e-2)
    (gradient,) = torch.autograd.grad(loss(small), small)
    assert torch.allclose(torch.func.vmap(torch.func.grad(loss))(small.detach()), gradient, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("size", [8, 32])
def test_memory_grows_with_pixels_alone(way: str, size: int) -> None:
    """Kept for the backward pass: the logits, and for scan_ends two numbers a place and scan."""
    z = torch.zeros(2, size, size).requires_grad_()
    kept: list[int] = []

    def keep(x: Tensor) -> Tensor:
        kept.append(x.numel())
        return x

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        RasterFirst()(z)
        assert sum(kept) == z.numel()
        kept.clear()
        scan_ends(z)
    # besides, the sums are kept once more for their logarithms
    assert sum(kept) <= z.numel() + 4 * 2 * 8 * size
