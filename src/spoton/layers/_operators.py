"""The scans of `spoton.layers._fused` as functions that torch can differentiate, in eager mode and in torch.compile.

Autograd through the formulas of `spoton.layers._plain` keeps dozens of arrays of the image's size. These keep the
logits, and scan again on the way back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.library import custom_op

from spoton.layers import _fused, _plain
from spoton.layers._eager import PLAIN
from spoton.layers._jit import FAST


def apply(name: str, *inputs: Any) -> Any:
    """`scan_maps`, `line_ends` or `expected` of `spoton.layers._fused`, with a gradient."""
    if torch.compiler.is_compiling():
        return OPERATORS[name](*inputs)
    return FUNCTIONS[name].apply(*inputs)


def _backward(name: str, z: Tensor, *others: Any) -> Any:
    """The function itself on plain tensors; while torch.compile watches, the operator that stands for it."""
    return (getattr(_fused, name) if type(z) in PLAIN else OPERATORS[name])(z, *others)


def _twice(plain: Callable[[Tensor], Any], z: Tensor, *grads: Tensor) -> Any:
    """The gradient with a graph of its own, for second derivatives: those the plain formulas have."""
    return torch.autograd.grad(plain(z), z, grads, create_graph=True)[0]


class ScanMaps(torch.autograd.Function):
    """`scan_maps` with its gradient."""

    @staticmethod
    def forward(z: Tensor) -> Any:
        return _fused.scan_maps(z)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        (z,) = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _twice(_plain.scan_maps, z, grad)
        return _backward("scan_maps_backward", z, grad)


class LineEnds(torch.autograd.Function):
    """`line_ends` with its gradient by the sums; the largest terms count as constants."""

    @staticmethod
    def forward(z: Tensor) -> Any:
        return _fused.line_ends(z)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(inputs[0], *output)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        z, rows, columns = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _twice(_plain.line_ends, z, *grads)
        return _backward("line_ends_backward", z, rows, columns, grads[0][:, 1], grads[1][:, 1])


class Expected(torch.autograd.Function):
    """`expected` with the gradient by its first answer; the second is for the backward pass."""

    @staticmethod
    def forward(z: Tensor, none: float) -> Any:
        return _fused.expected(z, none)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(inputs[0], output[1])
        ctx.none = inputs[1]

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> Any:
        z, sums = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _twice(lambda x: _plain.expected(x, ctx.none), z, grad), None
        return _backward("expected_backward", z, sums, grad, ctx.none), None


FUNCTIONS: dict[str, type[torch.autograd.Function]] = {
    "scan_maps": ScanMaps,
    "line_ends": LineEnds,
    "expected": Expected,
}


def _shape_of_input(z: Tensor, *others: Any) -> Tensor:
    return z.new_empty(z.shape)


def _shape_of_maps(z: Tensor) -> Tensor:
    return z.new_empty(z.shape[0], 8, z.shape[1], z.shape[2])


def _shapes_of_ends(z: Tensor) -> tuple[Tensor, Tensor]:
    return z.new_empty(z.shape[0], 2, 4, z.shape[2]), z.new_empty(z.shape[0], 2, 4, z.shape[1])


def _shapes_of_expected(z: Tensor, none: float) -> tuple[Tensor, Tensor]:
    return z.new_empty(z.shape[0], 12), z.new_empty(z.shape[0], 4, z.shape[1] + z.shape[2])


# What torch.compile, which cannot look into a kernel, has to know of it. In eager mode operators give nothing that the
# functions do not, and their first call loads the compiler.
_BACK = "(Tensor z, Tensor rows, Tensor columns, Tensor by_row, Tensor by_column) -> Tensor"
_DECLARED: dict[str, tuple[str, Callable[..., Any]]] = {
    "scan_maps": ("(Tensor z) -> Tensor", _shape_of_maps),
    "scan_maps_backward": ("(Tensor z, Tensor grad) -> Tensor", _shape_of_input),
    "line_ends": ("(Tensor z) -> (Tensor, Tensor)", _shapes_of_ends),
    "line_ends_backward": (_BACK, _shape_of_input),
    "expected": ("(Tensor z, float none) -> (Tensor, Tensor)", _shapes_of_expected),
    "expected_backward": ("(Tensor z, Tensor sums, Tensor grad, float none) -> Tensor", _shape_of_input),
}
OPERATORS: dict[str, Any] = {}
if FAST:
    for _name, (_schema, _shapes) in _DECLARED.items():
        OPERATORS[_name] = custom_op(f"spoton::{_name}", getattr(_fused, _name), mutates_args=(), schema=_schema)
        OPERATORS[_name].register_fake(_shapes)
    for _name, _kind in FUNCTIONS.items():
        OPERATORS[_name].register_autograd(_kind.backward, setup_context=_kind.setup_context)
