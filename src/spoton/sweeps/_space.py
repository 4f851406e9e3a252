"""What a sweep may choose from: ranges and choices, by text or from Python."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Any

from spoton.errors import UsageError
from spoton.learners._assemble import _value as read

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Setting = dict[str, Any]  # parameter -> value
HOW = "give low..high, low..high:log or low..high:step=S, or values a,b,c"
MOST = 100_000  # settings of a grid
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})((?::[^:]*)*)")


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; whole ones where both, and the step, are ints.

    Args:
        low: the least.
        high: the largest.
        log: drawn evenly in the logarithm; `low` has to be above 0.
        step: only `low`, `low + step`, ...

    Raises:
        UsageError: limits that are not finite or not in order, or a step or logarithm that does not go with them.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __post_init__(self) -> None:
        what = f"the range {self.low:g}..{self.high:g}"
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise UsageError(f"{what} has to go from a number to a larger one")
        if self.log and self.low <= 0:
            raise UsageError(f"{what} cannot be logarithmic, since it begins at {self.low:g}; begin above 0")
        if self.step is None:
            return
        if self.log:
            raise UsageError(f"{what} has a step and is logarithmic; leave out one of the two")
        if not 0 < _exact(self.step) <= _exact(self.high) - _exact(self.low):
            raise UsageError(f"{what} has the step {self.step:g}; give one above 0 that fits in")

    @property
    def whole(self) -> bool:
        """Whether its numbers are ints."""
        return all(isinstance(part, int) for part in (self.low, self.high, self.step or 1))

    @property
    def last(self) -> float:
        """The largest number that it has: with a step it may be below `high`."""
        if self.step is None:
            return self.high
        low, step = _exact(self.low), _exact(self.step)
        last = low + (_exact(self.high) - low) // step * step
        return int(last) if self.whole else float(last)

    def values(self) -> list[Any] | None:
        """All of them in order, None where they are too many to count."""
        if self.step is None and not self.whole:
            return None
        step = _exact(self.step or 1)
        count = int((_exact(self.last) - _exact(self.low)) / step) + 1
        if count > MOST:
            return None
        found = [_exact(self.low) + i * step for i in range(count)]
        return [int(value) if self.whole else float(value) for value in found]

    def distribution(self) -> BaseDistribution:
        """Optuna's form of it."""
        from optuna.distributions import FloatDistribution, IntDistribution

        if self.whole:
            return IntDistribution(int(self.low), int(self.last), log=self.log, step=int(self.step or 1))
        return FloatDistribution(self.low, self.last, log=self.log, step=self.step)

    def settle(self, drawn: Any) -> Any:
        """A number that was drawn, with four digits: as it stands in the learner's name."""
        if self.whole:
            return int(drawn)
        value = float(f"{float(drawn):.{4 if self.step is None else 10}g}")
        return min(max(value, self.low), self.last)

    def __str__(self) -> str:
        more = ":log" * self.log + (f":step={self.step}" if self.step is not None else "")
        return f"{self.low}..{self.high}{more}"


@dataclass(frozen=True)
class Choices:
    """One of several values: numbers, texts, True and False, None, and tuples of numbers.

    Raises:
        UsageError: no value, or one given twice.
    """

    of: tuple[Any, ...]

    def __post_init__(self) -> None:
        labels = self.labels
        if not labels:
            raise UsageError("a parameter without values cannot be swept; give one at least")
        for label in labels:
            if labels.count(label) > 1:
                raise UsageError(f"the value {label} is given twice; give it once")

    @property
    def labels(self) -> list[str]:
        """The values as they stand in a learner's name."""
        return [label(value) for value in self.of]

    def values(self) -> list[Any]:
        """All of them."""
        return list(self.of)

    def distribution(self) -> BaseDistribution:
        """Optuna's form of it."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(self.labels)

    def settle(self, drawn: Any) -> Any:
        """The value of a label that was drawn."""
        return self.of[self.labels.index(drawn)]

    def __str__(self) -> str:
        return ",".join(self.labels)


@dataclass(frozen=True)
class Space:
    """All parameters of a sweep, by name."""

    parts: Mapping[str, Range | Choices]

    def distributions(self) -> dict[str, BaseDistribution]:
        """Optuna's form of it."""
        return {name: part.distribution() for name, part in self.parts.items()}

    def settle(self, drawn: Mapping[str, Any]) -> Setting:
        """What Optuna drew, as values."""
        return {name: part.settle(drawn[name]) for name, part in self.parts.items()}

    def drawn(self, setting: Mapping[str, Any]) -> dict[str, Any]:
        """The reverse of `settle`."""
        return {n: label(setting[n]) if isinstance(p, Choices) else setting[n] for n, p in self.parts.items()}

    @property
    def size(self) -> int | None:
        """How many settings there are, None where they are too many to count."""
        counts = [None if (values := part.values()) is None else len(values) for part in self.parts.values()]
        total = None if any(count is None for count in counts) else math.prod(count or 0 for count in counts)
        return None if total is None or total > MOST else total

    def grid(self) -> Iterator[Setting]:
        """Every setting, the last parameter first to change.

        Raises:
            UsageError: a range of numbers that cannot be counted.
        """
        values = {}
        for name, part in self.parts.items():
            values[name] = part.values() or []
            if not values[name]:
                raise UsageError(
                    f"a grid needs values, and {name}={part} has too many to count; give {name}=a,b,c or a :step="
                )
        if self.size is None:
            raise UsageError(f"a grid holds {MOST:,} settings at most; give fewer values, or take another sampler")
        return (dict(zip(values, row, strict=True)) for row in product(*values.values()))

    def corners(self) -> Iterator[Setting]:
        """Settings in which each value of the choices and both ends of each range stand once at least."""
        ends = {n: p.values() if isinstance(p, Choices) else [p.low, p.last] for n, p in self.parts.items()}
        for i in range(max(map(len, ends.values()))):
            yield {name: values[min(i, len(values) - 1)] for name, values in ends.items()}

    def __str__(self) -> str:
        return " ".join(f"{name}={part}" for name, part in self.parts.items())


def _exact(value: float) -> Decimal:
    """The number that is written, not the nearest one in binary: tenths add up."""
    return Decimal(str(value))


def label(value: Any) -> str:
    """A value as it stands in a learner's name, as in `true`, `0.001`, `200x100`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return "x".join(label(part) for part in value)
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def parse_part(name: str, text: str) -> Range | Choices:
    """`1e-4..1e-1:log`, `8..64:step=8` or `5,10,40`.

    Raises:
        UsageError: it is none of them; the sentence names the parameter.
    """
    try:
        if ".." in text:
            return _range(text)
        words = [word.strip() for word in text.split(",")]
        if not all(words):
            raise UsageError("a value is missing")
        return Choices(tuple(_word(name, word) for word in words))
    except UsageError as error:
        raise UsageError(f"{name}={text}: {error}; {HOW}") from error


def _range(text: str) -> Range:
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise UsageError("this is no range of numbers")
    low, high = (_read_number(found[i]) for i in (1, 2))
    if isinstance(low, int) != isinstance(high, int):
        low, high = float(low), float(high)
    log, step = False, None
    for option in found[3].split(":")[1:]:
        key, _, value = option.partition("=")
        if option == "log" and not log:
            log = True
        elif key == "step" and re.fullmatch(_NUMBER, value) and step is None:
            step = _read_number(value)
        else:
            raise UsageError(f"':{option}' is not known")
    return Range(low, high, log, step)


def _read_number(text: str) -> float:
    whole = re.fullmatch(r"[+-]?\d{1,999}", text)  # Python reads no longer ones, and as a float they are infinite
    return int(text) if whole else float(text)


def _word(name: str, text: str) -> Any:
    """Words of names stay texts: `+ynorm=robust`, `@=pts12+pts22`; values of parameters are read as in names."""
    if name.startswith(("+", "@")):
        return {"true": True, "false": False}.get(text, text)
    return read(text)


def parse(params: Iterable[str] | Mapping[str, Any]) -> Space:
    """The space of `--param NAME=VALUES` words, or of a mapping from names to such texts, lists, `range`s or `Range`s.

    Raises:
        UsageError: what cannot be read, in a sentence that names it.
    """
    pairs: Sequence[tuple[str, Any]]
    if isinstance(params, Mapping):
        pairs = list(params.items())
    else:
        pairs = [(word.partition("=")[0].strip(), word.partition("=")[2] if "=" in word else None) for word in params]
    parts: dict[str, Range | Choices] = {}
    for name, given in pairs:
        if name in parts:
            raise UsageError(f"the parameter {name} is given twice; give it once")
        if not name or (given is None and not name.startswith("+")):
            raise UsageError(f"'{name}' is not of the form NAME=VALUES; {HOW}")
        parts[name] = _part(name, given)
    if not parts:
        raise UsageError(f"a sweep needs a parameter at least, as in lr=1e-4..1e-1:log; {HOW}")
    return Space(parts)


def _part(name: str, given: Any) -> Range | Choices:
    if given is None:
        return Choices((False, True))  # a modifier alone: without and with it
    if isinstance(given, str):
        return parse_part(name, given)
    if isinstance(given, Range | Choices):
        return given
    if isinstance(given, range) and len(given) > 1 and given.step > 0:
        return Range(given[0], given[-1], step=given.step)
    if not isinstance(given, list | tuple):
        raise UsageError(f"{name} has to be a text, a list of values or a spoton.sweeps.Range, not {given!r}; {HOW}")
    try:
        return Choices(tuple(given))
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from error
