"""Every layer as torch.export, torch.compile and onnxruntime see it: what eager gives, for sizes that vary."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from functools import cache

import pytest
import torch
from layer_examples import EXAMPLES, OTHER, SMALL, Example, flat
from torch import Tensor, nn

from spoton.layers import and_logits, first_index, log1mexp, log_sigmoid, raster_first

# axes of 3 pixels and more: the scans leave one out, and torch.export then takes sizes of 1 apart
LEAST = {"B": 2, "H": 3, "W": 3}
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}  # float32, in another order of summation

ONE_A_CLASS = [name for name in EXAMPLES if " " not in name]

pytestmark = pytest.mark.slow


@cache  # for the graph itself and for ONNX
def exported(name: str) -> torch.export.ExportedProgram:
    """The layer as a graph, its batch, height and width left open."""
    example = EXAMPLES[name]
    sizes = {axis: torch.export.Dim(axis, min=least, max=4096) for axis, least in LEAST.items()}
    open_axes = tuple({i: sizes[axis] for i, axis in axes.items()} for axes in example.axes())
    inputs = example.tensors(SMALL, torch.float32)
    return torch.export.export(example.module().eval(), inputs, dynamic_shapes=open_axes)


def assert_same(found: tuple[Tensor, ...], expected: tuple[Tensor, ...]) -> None:
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert a.shape == b.shape
        assert torch.allclose(a, b, **TOLERANCE)


@pytest.mark.parametrize("name", EXAMPLES)
def test_exported_is_eager(name: str) -> None:
    example = EXAMPLES[name]
    graph, module = exported(name).module(), example.module().eval()
    for sizes in (SMALL, OTHER):
        inputs = example.tensors(sizes, torch.float32)
        assert_same(flat(graph(*inputs)), flat(module(*inputs)))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own exporter, from within
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", EXAMPLES)
def test_onnxruntime_is_eager(name: str) -> None:
    example = EXAMPLES[name]
    run, module = by_onnxruntime(exported(name)), example.module().eval()
    for sizes in (SMALL, OTHER):
        inputs = example.tensors(sizes, torch.float32)
        with torch.no_grad():
            expected = flat(module(*inputs))
        assert_same(run(*inputs), expected)


def by_onnxruntime(graph: torch.export.ExportedProgram) -> Callable[..., tuple[Tensor, ...]]:
    """The graph as a function that onnxruntime carries out."""
    for package in ("onnx", "onnxscript"):
        pytest.importorskip(package, reason="needs the extra: pip install 'spoton[onnx]'")
    runtime = pytest.importorskip("onnxruntime", reason="needs the extra: pip install 'spoton[onnx]'")
    program = torch.onnx.export(graph, dynamo=True, verbose=False)
    assert program is not None
    stored = io.BytesIO()
    program.save(stored)
    session = runtime.InferenceSession(stored.getvalue(), providers=["CPUExecutionProvider"])

    def run(*inputs: Tensor) -> tuple[Tensor, ...]:
        named = {given.name: x.numpy() for given, x in zip(session.get_inputs(), inputs, strict=True)}
        return tuple(map(torch.from_numpy, session.run(None, named)))

    return run


class Survival(nn.Module):
    """What the scans are made of, and one of them."""

    def forward(self, z: Tensor) -> tuple[Tensor, ...]:
        """For logits (H, W)."""
        return log_sigmoid(z), log1mexp(-z.abs()), raster_first(z, "righttop"), first_index(z)[1], and_logits(z, z)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_all_digits_survive_the_export() -> None:
    """At logits where log(sigmoid(z)), as torch writes logsigmoid to ONNX, has none left."""
    z = torch.tensor([[-80.0, -20.0, -5.0, -1e-3], [80.0, 20.0, 5.0, 1e-3], [-40.0, -30.0, -10.0, -25.0]])
    graph = torch.export.export(Survival(), (z,))
    truth = [part.float() for part in Survival()(z.double())]
    for found in (graph.module()(z), by_onnxruntime(graph)(z)):
        for a, b in zip(found, truth, strict=True):
            assert torch.allclose(a, b, rtol=1e-6, atol=0)


@pytest.mark.skipif(not shutil.which("c++"), reason="torch.compile builds with a C++ compiler, and there is none")
@pytest.mark.parametrize("name", ONE_A_CLASS)  # a variant shares most of its code, and each takes seconds to build
def test_compiled_is_eager(name: str) -> None:
    """Answers and gradients, in one graph for all sizes."""
    torch.compiler.reset()
    example = EXAMPLES[name]
    module = example.module()
    compiled = torch.compile(module, fullgraph=True, dynamic=True)
    for sizes in (SMALL, OTHER):
        assert_same(answers(compiled, example, sizes), answers(module, example, sizes))


def answers(module: nn.Module, example: Example, sizes: dict[str, int]) -> tuple[Tensor, ...]:
    """What it gives, and the gradient of the first input."""
    first, *others = example.tensors(sizes, torch.float32)
    out = flat(module(first.requires_grad_(), *others))
    if not example.differentiable:
        return out
    # a sum alone would not tell answers apart that trade places
    weighted = [(part * torch.arange(part.numel()).reshape(part.shape).cos()).sum() for part in out]
    gradient = torch.autograd.grad(sum(weighted[1:], weighted[0]), first)
    return (*(part.detach() for part in out), *gradient)
