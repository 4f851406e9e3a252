"""What a fitted learner is made of, taken apart into plain values and tensors, and put together again.

Nothing that a file of a model holds is run: nets are built by spoton's own code from the parameters of their learner,
and get their weights as plain tensors. What has such a form has a `Keeper` in `spoton.models._keepers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator

from spoton.errors import DataError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

Tensors = dict[str, "Tensor"]
LEFT_OUT = ("_optimizer", "_random_state", "_feature_subsample_rng")  # what scikit-learn's estimators fit with, alone
DEEPEST = 60  # things within things; files made by hand could go on for ever


class OwnNetNeeded(UsageError):
    """The model has a net of the user's own, and its code has to be given."""


@dataclass(frozen=True)
class Part:
    """Stands in a file for what has a `Keeper`.

    Attributes:
        kind: name of the keeper.
        values: plain values, and Parts.
        key: what names of its tensors begin with; empty where it has none.
    """

    kind: str
    values: dict[str, Any]
    key: str = ""


@dataclass(frozen=True)
class Keeper:
    """How objects of a class become plain values and tensors, and come back.

    Attributes:
        kind: its name in files.
        of: the class.
        take: object -> (plain values, tensors).
        make: (plain values, tensors, `Surroundings`) -> object.
        fitted: whether an object has anything to be taken; one that was not fitted is its parameters.
    """

    kind: str
    of: type
    take: Callable[[Any], tuple[dict[str, Any], Mapping[str, Any]]]
    make: Callable[[dict[str, Any], Tensors, Surroundings], Any]
    fitted: Callable[[Any], bool] = lambda _: True


@dataclass(frozen=True)
class Surroundings:
    """What a model is loaded with.

    Attributes:
        net: the user's own net, where the model has one.
        device: where nets go; None for where they were trained, if that is there.
    """

    net: Any = None
    device: str | None = None


def taken_apart(estimator: Any, keepers: list[Keeper]) -> tuple[Any, Tensors]:
    """A fitted estimator as one of plain values and Parts, and the tensors of these."""
    tensors: Tensors = {}

    def walk(value: Any, depth: int) -> Any:
        if depth > DEEPEST:
            raise UsageError("this learner holds things within things without an end, and cannot be kept")
        for keeper in keepers:
            if type(value) is keeper.of and keeper.fitted(value):
                values, held = keeper.take(value)
                key = f"{len(tensors)}" if held else ""
                # a copy: safetensors refuses tensors that share their memory
                tensors.update({f"{key}/{name}": t.detach().cpu().clone().contiguous() for name, t in held.items()})
                return Part(keeper.kind, {name: walk(inner, depth + 1) for name, inner in values.items()}, key)
        if type(value) in (list, tuple):
            return type(value)(walk(inner, depth + 1) for inner in value)
        if type(value) is dict:
            return {name: walk(inner, depth + 1) for name, inner in value.items()}
        if _is_ours(value):
            held = {name: None if name in LEFT_OUT else inner for name, inner in vars(value).items()}
            return like(type(value), {name: walk(inner, depth + 1) for name, inner in held.items()})
        return value

    return walk(estimator, 0), tensors


def put_together(value: Any, keepers: list[Keeper], tensors: Tensors, around: Surroundings) -> Any:
    """The fitted estimator of what `taken_apart` gave.

    Raises:
        DataError: parts that no keeper knows, or that do not go together.
    """
    known = {keeper.kind: keeper for keeper in keepers}

    def walk(value: Any, depth: int) -> Any:
        if depth > DEEPEST:
            raise DataError("the estimator holds things within things without an end")
        if type(value) is Part:
            if value.kind not in known:
                raise DataError(f"the estimator has a part '{value.kind}' that this version does not know")
            values = {name: walk(inner, depth + 1) for name, inner in value.values.items()}
            start = f"{value.key}/"
            mine = {n.removeprefix(start): t for n, t in tensors.items() if value.key and n.startswith(start)}
            return known[value.kind].make(values, mine, around)
        if type(value) in (list, tuple):
            return type(value)(walk(inner, depth + 1) for inner in value)
        if type(value) is dict:
            return {name: walk(inner, depth + 1) for name, inner in value.items()}
        if _is_ours(value):
            for name, inner in list(vars(value).items()):
                vars(value)[name] = walk(inner, depth + 1)
        return value

    return walk(value, 0)


def like(cls: type, attributes: Mapping[str, Any]) -> Any:
    """An object of a class with these attributes; `__init__` is not called."""
    made: Any = object.__new__(cls)
    vars(made).update(attributes)
    return made


def _is_ours(value: Any) -> bool:
    """Whether to look inside: objects of spoton, and estimators of scikit-learn that may hold one."""
    if isinstance(value, type) or not hasattr(value, "__dict__"):
        return False
    return type(value).__module__.startswith("spoton.") or isinstance(value, BaseEstimator)
