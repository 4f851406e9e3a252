"""A net of the user's own as a learner: from Python, or by its name in a file, as `--module FILE.py:NAME` has it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from spoton.errors import UsageError
from spoton.learners._own_net import OwnNet, file_net, load, stale, takes_limits
from spoton.learners._torch import TorchRegressor

FLOATS = ("lr", "weight_decay", "beta2")
SETTINGS = ("epochs", "lr", "schedule", "batch_size", "beta2", "weight_decay", "y_range", "device")

Named = tuple[str, TorchRegressor, tuple[str, ...]]  # its name, the learner, and what the user has to know of it


def is_net(value: Any) -> bool:
    """Whether it is a torch module, a class of them, or a function that may make one."""
    from torch import nn

    made = isinstance(value, nn.Module) or (isinstance(value, type) and issubclass(value, nn.Module))
    return made or (callable(value) and hasattr(value, "__code__"))


def learner_of_net(net: Any) -> Named:
    """The learner that trains a net, see `is_net`: of a module, copies with fresh weights."""
    source = OwnNet(net)
    limits: dict[str, Any] = {} if takes_limits(net) else {"y_range": "none"}
    return source.__name__, TorchRegressor(net=source, **limits), kept(net)


def learner_of_file(words: str) -> Named:
    """The learner that trains a net in a file, as in `net.py:MyNet?epochs=20&lr=1e-3`.

    Words after `?` are parameters of `TorchRegressor`, or of the net.

    Raises:
        UsageError: no such file or name, something that is no net, or an option that is not possible.
    """
    place, _, options = words.partition("?")
    path, colon, name = place.rpartition(":")
    if not (colon and path and name):
        raise UsageError(f"--module takes FILE.py:NAME, as in net.py:MyNet?epochs=20, not '{words}'")
    net = file_net(Path(path), name)
    found = load(Path(path), name)
    given = dict(_option(part, words) for part in options.split("&") if part)
    settings = {key: value for key, value in given.items() if key in SETTINGS}
    if not takes_limits(found):
        settings.setdefault("y_range", "none")
    more = {key: value for key, value in given.items() if key not in SETTINGS}
    shown = f"{name}?{options}" if options else name
    return shown, TorchRegressor(net=net, net_options=more or None, **settings), kept(found)


def kept(net: Any) -> tuple[str, ...]:
    """A sentence on what of a module's weights cannot be made anew, where there is such."""
    from torch import nn

    if not isinstance(net, nn.Module) or not (names := stale(net)):
        return ()
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return (
        f"every run begins with fresh weights, but for {shown}: the layers have no reset_parameters, so these begin as "
        "they came",
    )


def _option(text: str, words: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not (key and equals and value):
        raise UsageError(f"'{text}' in --module {words} is no KEY=VALUE")
    found: Any
    try:
        found = value == "true" if value in ("true", "false") else ast.literal_eval(value)
    except (ValueError, SyntaxError):
        found = value
    if key in FLOATS and not isinstance(found, int | float):
        raise UsageError(f"{key} in --module {words} has to be a number, not '{value}'")
    if key in ("epochs", "batch_size") and not (isinstance(found, int) and found >= 1):
        raise UsageError(f"{key} in --module {words} has to be a whole number from 1 on, not '{value}'")
    return key, found
