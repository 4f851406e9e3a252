"""What every net has to be: made without arguments, (B, *in_shape) -> (B, n_out), within its limits, trainable."""

from __future__ import annotations

from typing import Any

import numpy as np


def check_net(net: Any) -> None:
    """Check one class of `spoton.nets` that takes (in_shape, n_out, y_range)."""
    import torch

    net()
    # all sizes differ and exceed 1, so that no two axes can be taken for each other
    shape, n_out = (3, 33, 40), 5
    lo, hi = [-1.0, 0.0, 1.0, 2.0, 3.0], [0.0, 4.0, 5.0, 6.0, 9.0]
    torch.manual_seed(0)
    module = net(shape, n_out, y_range=(lo, hi)).train()
    x = torch.rand(7, *shape)
    out = module(x)
    if hasattr(module, "decode"):  # it answers with distributions over pixels
        points = module.decode(out)
        assert points.shape == (7, n_out), f"{net.__name__} decodes to {tuple(points.shape)}"
        assert ((points >= 0) & (points <= 39)).all(), f"{net.__name__} points outside of the image"
        total = out.exp().sum(-1)
        assert (total < 1 + 1e-4).all(), f"{net.__name__} gives probabilities that sum to {total.max():.4f}"
        module.criterion()(out, torch.full((7, n_out), 3.0)).backward()
        _check_gradients(net, module)
        return
    assert out.shape == (7, n_out), f"{net.__name__} gives {tuple(out.shape)} for a batch of 7 and 5 outputs"
    values = out.detach().numpy()
    assert ((values >= np.array(lo)) & (values <= np.array(hi))).all(), f"{net.__name__} leaves its y_range"
    out.square().sum().backward()
    _check_gradients(net, module)
    free = net(shape, n_out, y_range=None).eval()
    assert torch.equal(free(x), free(x)), f"{net.__name__} is random in evaluation"


def _check_gradients(net: Any, module: Any) -> None:
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, f"{net.__name__}: {name} gets no gradient"
        assert bool(parameter.grad.isfinite().all()), f"{net.__name__}: the gradient of {name} is not finite"
