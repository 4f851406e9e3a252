"""`TaskFamily`: the tasks that share a first word, and the options that their names take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from spoton import catalogue, names
from spoton.errors import UsageError
from spoton.tasks._task import Task


@dataclass(frozen=True)
class Option:
    """An option of a name: how to read it, what it is when left out, and one line about it.

    `read` turns text into a value and raises ValueError with what it expects otherwise; `write` turns the value into
    the one text that stands for it in canonical names (`.02`, `0.02` and `2e-2` are one variant).
    """

    read: Callable[[str], Any]
    default: Any
    about: str
    write: Callable[[Any], str] = field(default=lambda value: _shortest(value))


def _shortest(value: float) -> str:
    """`0.02` rather than `0.020000000000000000416`, and every digit where they are needed."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


@dataclass(frozen=True)
class TaskFamily:
    """A family of tasks: `name/member?option=value`, or `name?option=value` where it has no members.

    Attributes:
        name: the first word.
        about: one line.
        members: name -> one line; a single empty name for a family without members.
        options: those that every member takes.
        make: builds the task from its canonical name, its member and the values of all options.
    """

    name: str
    about: str
    members: Mapping[str, str]
    make: Callable[[str, str, dict[str, Any]], Task]
    options: Mapping[str, Option] = field(default_factory=dict)

    def task_names(self) -> dict[str, str]:
        """Full names without options, each with its line."""
        return {f"{self.name}/{member}" if member else self.name: about for member, about in self.members.items()}

    def build(self, stem: str, given: Mapping[str, str]) -> Task:
        """Read the options, put the name into its canonical form (sorted, without defaults), and make the task."""
        values = {key: option.default for key, option in self.options.items()}
        for key, text in given.items():
            if key not in self.options:
                raise catalogue.unknown(f"option of {stem}", key, self.options)
            try:
                values[key] = self.options[key].read(text)
            except ValueError as error:
                raise UsageError(f"{key}={text} in {stem} is not possible: {error}") from None
        changed = {
            key: option.write(values[key]) for key, option in self.options.items() if values[key] != option.default
        }
        task = self.make(names.join_name(stem, changed), stem.partition("/")[2], values)
        return replace(task, own=False)


def whole(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number from `low` to `high`."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high} is expected")
        return value

    return read


def real(low: float, high: float) -> Callable[[str], float]:
    """Reads a number from `low` to `high`."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ValueError(f"a number from {low:g} to {high:g} is expected")
        return value

    return read


def choice(*known: str) -> Callable[[str], str]:
    """Reads one of the words `known`."""

    def read(text: str) -> str:
        if text not in known:
            raise ValueError(f"one of {', '.join(known)} is expected")
        return text

    return read
