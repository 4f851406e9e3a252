"""What every layer has to be: whole in the table of examples, differentiable, finite, free of hidden assumptions."""

from __future__ import annotations

import inspect

import pytest
import torch
from layer_examples import EXAMPLES, SMALL, Example, flat, missing
from torch import Tensor, nn

from spoton import catalogue
from spoton.errors import UsageError


@pytest.fixture(params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> Example:
    return EXAMPLES[request.param]


def test_every_layer_has_an_example() -> None:
    assert not missing(), "add them to tests/layers/layer_examples.py"


@pytest.mark.parametrize("name", catalogue.classes("spoton.layers", nn.Module))
def test_a_layer_is_made_without_arguments_and_shows_itself(name: str) -> None:
    layer = catalogue.classes("spoton.layers", nn.Module)[name]
    assert repr(layer()).startswith(name)
    assert layer.__doc__


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_temperatures_are_positive(temperature: float) -> None:
    tempered = {
        name: layer
        for name, layer in catalogue.classes("spoton.layers", nn.Module).items()
        if "temperature" in inspect.signature(layer).parameters
    }
    assert {"FirstIndex", "LastIndex", "SoftSort", "Centroid"} <= set(tempered)
    for layer in tempered.values():
        with pytest.raises(UsageError, match="a temperature has to be positive, not"):
            layer(temperature=temperature)


def test_gradients_of_inputs_and_parameters(example: Example) -> None:
    module = example.module().double()
    names, parameters = zip(*module.named_parameters(), strict=True) if list(module.parameters()) else ((), ())
    inputs = list(example.tensors(SMALL | {"H": 3, "W": 4}))
    data = [inputs.pop() for _ in range(example.data)][::-1]

    def run(*values: Tensor) -> tuple[Tensor, ...]:
        given = dict(zip(names, values, strict=False))
        return flat(torch.func.functional_call(module, given, (*values[len(names) :], *data)))

    if not example.differentiable:
        assert not any(v.requires_grad for v in run(*parameters, *(x.requires_grad_() for x in inputs)))
        return
    leaves = [v.detach().requires_grad_() for v in (*parameters, *inputs)]
    # layers of hundreds of weights or answers along a random direction, which is as strict on average
    many = max(sum(v.numel() for v in leaves), sum(part.numel() for part in run(*leaves))) > 400
    assert torch.autograd.gradcheck(run, leaves, fast_mode=many)


def test_dtypes_are_kept_and_half_precision_stays_finite(example: Example) -> None:
    for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.float16):
        module = example.module().to(dtype)
        for scale in (1.0, 500.0) if example.extreme else (1.0,):
            first, *others = example.tensors(SMALL, dtype)
            first = (first * scale).requires_grad_()
            out = flat(module(first, *others))
            for part in out:
                assert part.dtype in {dtype, torch.float32}
                assert torch.isfinite(part).all()
            if example.differentiable:
                sum(part.float().mean() for part in out).backward()  # type: ignore[union-attr]
                assert torch.isfinite(first.grad).all()  # type: ignore[arg-type]


def test_strides_do_not_matter(example: Example) -> None:
    """Inputs that are transposed or reversed in memory give what contiguous ones give."""
    module = example.module().double()
    inputs = example.tensors(SMALL)
    turned = [x.transpose(-1, 0).contiguous().transpose(-1, 0) for x in inputs]
    assert not any(x.is_contiguous() for x in turned)
    for a, b in zip(flat(module(*inputs)), flat(module(*turned)), strict=True):
        assert torch.allclose(a, b, rtol=1e-12, atol=1e-12)


def test_examples_are_answered_one_by_one_with_any_leading_axes(example: Example) -> None:
    """No batch axis, one or two: the same answers."""
    if not example.batched:
        return
    module = example.module().double()
    inputs = example.tensors(SMALL)
    together = flat(module(*inputs))
    deeper = flat(module(*(torch.stack([x, x, x]) for x in inputs)))
    for i in range(SMALL["B"]):
        for part, alone, deep in zip(together, flat(module(*(x[i] for x in inputs))), deeper, strict=True):
            assert torch.allclose(part[i], alone, rtol=1e-12, atol=1e-12)
            assert torch.allclose(deep[2, i], alone, rtol=1e-12, atol=1e-12)


def test_nothing_is_left_on_the_cpu(example: Example) -> None:
    """On the meta device, which computes shapes alone and mixes with no other: as on a GPU, in float32 and bfloat16."""
    for dtype in (torch.float32, torch.bfloat16):
        module = example.module().to("meta", dtype)
        expected = flat(example.module().to(dtype)(*example.tensors(SMALL, dtype)))
        found = flat(module(*(x.to("meta") for x in example.tensors(SMALL, dtype))))
        for a, b in zip(found, expected, strict=True):
            assert a.device.type == "meta"
            assert (a.shape, a.dtype) == (b.shape, b.dtype)
