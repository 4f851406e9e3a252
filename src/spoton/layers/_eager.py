"""When a layer may go its hand-written way, and when it has to go by formulas that torch sees through."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from spoton.layers._jit import FAST

PLAIN = (Tensor, nn.Parameter)  # subclasses may mean anything


def kernels(z: Tensor) -> bool:
    """Whether the compiled kernels of the extra `fast` take this tensor."""
    return FAST and z.is_cpu and z.dtype == torch.float32


def exporting() -> bool:
    """Whether `torch.export` or `torch.onnx` watches: what is computed now becomes a graph for other programs."""
    if torch.compiler.is_compiling():
        # torch 2.6 and older cannot tell it from torch.compile, which is none the worse for it
        return getattr(torch.compiler, "is_exporting", lambda: True)()
    return torch.onnx.is_in_onnx_export()


def watched() -> bool:
    """Whether a graph is being made, or a transform of `torch.func` works: then torch has to see each operation."""
    return (
        torch.compiler.is_compiling()
        or torch._C._get_tracing_state() is not None  # as `torch.jit.is_tracing` asks
        or torch._C._are_functorch_transforms_active()  # as torch's own Function asks; nothing public tells
    )


def by_hand(z: Tensor) -> bool:
    """Whether the operators of `spoton.layers._operators` may be used.

    Not in `torch.export` and ONNX, with subclasses of tensors, in the transforms of `torch.func`, nor for derivatives
    in forward mode. `torch.compile` takes the kernels as they are; where there are none it compiles the formulas.
    """
    if torch.compiler.is_compiling():
        return not exporting() and kernels(z)
    return (
        type(z) in PLAIN and not watched() and forward_ad.unpack_dual(z).tangent is None  # type: ignore[no-untyped-call]  # torch's own gap
    )


def images(logits: Tensor) -> Tensor:
    """(n, H, W), of float32 at least: sums over many pixels need the digits."""
    wide = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    return wide.reshape(-1, *logits.shape[-2:])


def like(found: Tensor, logits: Tensor) -> Tensor:
    """The leading axes and the type of the logits again."""
    return found.reshape(*logits.shape[:-2], *found.shape[1:]).to(logits.dtype)
