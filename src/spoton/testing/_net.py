"""What every net has to be: made without arguments, (B, *in_shape) -> (B, n_out), within its limits, trainable."""

from __future__ import annotations

from typing import Any

import numpy as np

from spoton.errors import Refused


def check_net(net: Any) -> None:
    """Check one class of `spoton.nets` that takes (in_shape, n_out, y_range)."""
    import torch

    net()
    # all sizes differ and exceed 1, so that no two axes can be taken for each other
    shape = (3, 33, 40) if _takes(net, (3, 33, 40), 4) else (11,)  # a net for lists takes tables alone
    n_out = 5 if _takes(net, shape, 5) else 4  # points (x, y) come in pairs
    lo, hi = [-1.0, 0.0, 1.0, 2.0, 3.0][:n_out], [0.0, 4.0, 5.0, 6.0, 9.0][:n_out]
    torch.manual_seed(0)
    module = net(shape, n_out, y_range=(lo, hi)).train()
    x = torch.rand(7, *shape)
    out = module(x)
    if hasattr(module, "check_answers"):  # it points at elements of a list
        _check_pointing(net, module, x, out)
        return
    if hasattr(module, "decode"):  # it points at pixels of the image
        points = module.decode(out)
        assert points.shape == (7, n_out), f"{net.__name__} decodes to {tuple(points.shape)}"
        assert ((points >= 0) & (points <= 39)).all(), f"{net.__name__} points outside of the image"
        if n_out == 4:  # then it knows which outputs are y
            assert (points[:, 1::2] <= 32).all(), f"{net.__name__} points below the image"
        # distributions over positions (B, n_out, L), or over pixels (B, P, H, W)
        if not isinstance(out, tuple) and out.ndim > 2:
            total = out.exp().flatten(2).sum(-1) if out.ndim == 4 else out.exp().sum(-1)
            assert (total < 1 + 1e-4).all(), f"{net.__name__} gives probabilities that sum to {total.max():.4f}"
        module.criterion()(out, torch.full((7, n_out), 3.0)).backward()
        _check_gradients(net, module)
        module.eval()
        again = module.decode(module(x)), module.decode(module(x))
        assert torch.equal(*again), f"{net.__name__} is random in evaluation"
        return
    assert out.shape == (7, n_out), f"{net.__name__} gives {tuple(out.shape)} for a batch of 7 and 5 outputs"
    values = out.detach().numpy()
    assert ((values >= np.array(lo)) & (values <= np.array(hi))).all(), f"{net.__name__} leaves its y_range"
    out.square().sum().backward()
    _check_gradients(net, module)
    free = net(shape, n_out, y_range=None).eval()
    assert torch.equal(free(x), free(x)), f"{net.__name__} is random in evaluation"


def _takes(net: Any, shape: tuple[int, ...], n_out: int) -> bool:
    """Whether the net takes so many outputs; where not, it has to say why."""
    try:
        net(shape, n_out)
    except Refused as reason:
        assert len(str(reason)) > 15, f"{net.__name__} refuses {n_out} outputs without a reason"
        return False
    return True


def _check_pointing(net: Any, module: Any, x: Any, out: Any) -> None:
    log_p, values = out
    answers = module.decode(out)
    assert answers.shape == (7, 5), f"{net.__name__} decodes to {tuple(answers.shape)}"
    assert (answers.unsqueeze(-1) == values.unsqueeze(-2)).any(-1).all(), f"{net.__name__} decodes to no candidate"
    assert (log_p.exp().sum(-1) < 1 + 1e-4).all(), f"{net.__name__} gives probabilities that sum to more than 1"
    module.criterion()(out, x[:, :5]).backward()
    _check_gradients(net, module)
    module.eval()
    assert all(map(type(x).equal, module(x), module(x))), f"{net.__name__} is random in evaluation"


def _check_gradients(net: Any, module: Any) -> None:
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, f"{net.__name__}: {name} gets no gradient"
        assert bool(parameter.grad.isfinite().all()), f"{net.__name__}: the gradient of {name} is not finite"
