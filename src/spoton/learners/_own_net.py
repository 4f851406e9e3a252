"""A net of the user's own as `TorchRegressor` takes one: an instance, a class, a function, or a name in a file."""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spoton import _trust
from spoton.errors import UsageError
from spoton.layers import RangeHead
from spoton.learners._torch import TorchRegressor, seeded

if TYPE_CHECKING:
    from torch import nn

    from spoton.tasks import Task

TOLD = ("in_shape", "n_out", "y_range")  # what a class or function may ask for
PASSED_ON = ("criterion", "decode", "check_answers")  # what `TorchRegressor` asks of a net


@dataclass(frozen=True, repr=False)
class OwnNet:
    """Makes the net afresh for every run.

    Args:
        source: a module, whose copies get fresh weights; or a class or function that takes nothing, or some of
            `in_shape`, `n_out` and `y_range`, by name or the first two by place.
        loss: takes the outputs and the answers, and gives a loss; the mean squared error where there is none.
    """

    source: Any
    loss: Any = None

    def __call__(self, in_shape: Sequence[int], n_out: int, y_range: Any = None, **options: Any) -> nn.Module:
        """The net with fresh weights."""
        made = _built(self.source, self.__name__, in_shape, n_out, y_range, options)
        if self.loss is not None:
            setattr(made, "criterion", _Copied(self.loss))  # noqa: B010, a net has no such attribute
        return made

    @property
    def __name__(self) -> str:
        """Of the class or function."""
        return str(getattr(self.source, "__name__", type(self.source).__name__))

    def __repr__(self) -> str:
        # a run of other code is another run: the text is in it, and no address
        return f"OwnNet({self.__name__}, {_digest(self.source)}, {self.loss!r})"


@dataclass(frozen=True)
class FileNet:
    """A net by its name in a file of Python; other processes read the file themselves.

    Args:
        path: of the file.
        name: of a module, class or function in it.
        digest: of its text: a changed file is another net.
    """

    path: str
    name: str
    digest: str

    def __call__(self, in_shape: Sequence[int], n_out: int, y_range: Any = None, **options: Any) -> nn.Module:
        """The net with fresh weights."""
        return _built(load(Path(self.path), self.name), self.name, in_shape, n_out, y_range, options)


@dataclass(frozen=True)
class _Copied:
    """Gives a loss as `TorchRegressor` asks for it."""

    loss: Any

    def __call__(self) -> Any:
        from torch import nn

        held = copy.deepcopy(self.loss)
        return held if isinstance(held, nn.Module) else _called(held)


def _called(function: Any) -> nn.Module:
    """A module that calls a function of (outputs, answers)."""
    from torch import nn

    class Called(nn.Module):
        def forward(self, outputs: Any, answers: Any) -> Any:
            return function(outputs, answers)

    return Called()


def load(path: Path, name: str) -> Any:
    """What a file calls by that name.

    Raises:
        UsageError: no such file, one that cannot be run, no such name, or something that makes no net.
    """
    from torch import nn

    if not _trust.is_regular(path):
        raise UsageError(f"there is no file {path}; --module takes FILE.py:NAME")
    spec = importlib.util.spec_from_file_location(f"spoton_own_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no file of Python; --module takes FILE.py:NAME")
    module = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)  # it may import what lies beside it
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise UsageError(f"{path} cannot be run: {type(error).__name__}: {' '.join(str(error).split())}") from error
    finally:
        sys.path.remove(folder)
    if not hasattr(module, name):
        there = [key for key, value in vars(module).items() if _is_net(value) and value.__module__ == spec.name]
        raise UsageError(f"{path} has no {name}; it has {', '.join(there) or 'no net'}")
    found = getattr(module, name)
    if not (isinstance(found, nn.Module) or _is_net(found) or inspect.isfunction(found)):
        kind = "class" if isinstance(found, type) else type(found).__name__
        raise UsageError(f"{name} in {path} is a {kind}, not a torch module, a class of them or a function")
    return found


def file_net(path: Path, name: str) -> FileNet:
    """A net by its name in a file, which is looked at now.

    Raises:
        UsageError: as `load`.
    """
    load(path, name)
    return FileNet(str(path.resolve()), name, hashlib.sha256(path.read_bytes()).hexdigest()[:12])


def fresh(module: nn.Module) -> nn.Module:
    """A copy with new weights, as far as its layers can be reset; see `stale`."""
    found = copy.deepcopy(module)
    for part in found.modules():
        if (reset := _reset_of(part)) is not None:
            reset()
    return found


def stale(module: nn.Module) -> list[str]:
    """Names of parameters that `fresh` leaves as they are: their layers have no way to reset them."""
    return [
        f"{place}.{name}" if place else name
        for place, part in module.named_modules()
        if _reset_of(part) is None
        for name, _ in part.named_parameters(recurse=False)
    ]


def check_net(model: TorchRegressor, task: Task, name: str) -> None:
    """Try a net on two rows of a task before anything is measured.

    Raises:
        UsageError: it cannot be made, cannot take the inputs, or answers in another shape.
    """
    import torch

    data = task.data().take(np.arange(2))
    inputs = TorchRegressor._inputs(data.X)
    n_out = int(task.data().y.nunique().iloc[0]) if task.kind == "class" else data.y.shape[1]
    with seeded(0), torch.no_grad():
        try:
            net = model.net(inputs.shape[1:], n_out, **(model.net_options or {})).eval()
            out = net(torch.as_tensor(inputs))
            out = net.decode(out) if hasattr(net, "decode") else out
        except UsageError:
            raise
        except (Exception, SystemExit) as error:
            said = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            raise UsageError(f"{name} cannot take inputs of shape {tuple(inputs.shape)}: {said}") from error
    came = tuple(out.shape) if hasattr(out, "shape") else type(out).__name__
    if came != (2, n_out):
        raise UsageError(f"{name} answers two rows in shape {came}; the answers of {task.name} need (2, {n_out})")


def _built(
    source: Any, name: str, in_shape: Sequence[int], n_out: int, y_range: Any, options: Mapping[str, Any]
) -> nn.Module:
    """The module; with limits behind it where they are asked for and it takes none itself."""
    from torch import nn

    if isinstance(source, nn.Module):
        if options:
            raise UsageError(f"{name} is a net that is made already, and takes no {', '.join(options)}")
        return _limited(fresh(source), y_range)
    told = dict(zip(TOLD, (tuple(in_shape), n_out, y_range), strict=True))
    taken = inspect.signature(source).parameters.values()
    names, anything = [p.name for p in taken], any(p.kind is p.VAR_KEYWORD for p in taken)
    if unknown := [key for key in options if key not in names and not anything]:
        raise UsageError(f"{name} takes no {', '.join(unknown)}; it takes {', '.join(names) or 'nothing'}")
    plain = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    needed = [p.name for p in taken if p.default is p.empty and p.kind not in plain and p.name not in options]
    foreign = [key for key in needed if key not in TOLD]
    if len(needed) == 2 and len(foreign) == 2:
        made = source(told["in_shape"], told["n_out"], **options)
    elif foreign:
        raise UsageError(f"{name} asks for {', '.join(foreign)}; a net takes (in_shape, n_out), or nothing")
    else:
        made = source(**{key: value for key, value in told.items() if key in names or anything}, **options)
    if not isinstance(made, nn.Module):
        raise UsageError(f"{name} gives a {type(made).__name__}, not a torch module")
    return made if "y_range" in names or anything else _limited(made, y_range)


def _limited(net: nn.Module, y_range: Any) -> nn.Module:
    """The net, and the sigmoid between limits behind it."""
    from torch import nn

    if y_range is None:
        return net
    both = nn.Sequential(net, RangeHead(*y_range))
    for name in PASSED_ON:
        if hasattr(net, name):
            setattr(both, name, getattr(net, name))
    return both


def _reset_of(part: nn.Module) -> Any:
    """torch's attention has its own name for it."""
    return getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)


def _is_net(value: Any) -> bool:
    from torch import nn

    return isinstance(value, type) and issubclass(value, nn.Module)


def takes_limits(source: Any) -> bool:
    """Whether a class or function makes its own limits."""
    from torch import nn

    return not isinstance(source, nn.Module) and "y_range" in inspect.signature(source).parameters


def _digest(source: Any) -> str:
    from torch import nn

    if isinstance(source, nn.Module):
        text = repr(source) + "".join(f"{key}{tuple(value.shape)}" for key, value in source.state_dict().items())
    else:
        try:
            text = inspect.getsource(source)
        except (OSError, TypeError):  # typed at a prompt
            text = f"{getattr(source, '__module__', '')}.{getattr(source, '__qualname__', '')}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]
