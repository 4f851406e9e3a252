"""What the fuzz tests share: strategies of broken and hostile input, and the rule that all readers are held to.

The rule: whatever the input, a reader gives a result or raises a `SpotonError` of one readable line, within seconds,
within its limit of memory, and opens no file outside of the folder that it was given.

`SPOTON_FUZZ=100` in the environment runs a hundred times as many inputs, other ones each time; without it the same few
run always.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from spoton.errors import SpotonError

T = TypeVar("T")

FACTOR = float(os.environ.get("SPOTON_FUZZ", "1"))
PATIENCE, LONGEST = 20, 240  # seconds for one input: of the processor, and by the clock
TRIED: Counter[str] = Counter()  # inputs by reader
TAKEN: Counter[str] = Counter()  # of these such as gave a result


def inputs(number: int) -> Any:
    """Settings of a fuzz test: so many inputs, times SPOTON_FUZZ."""
    return settings(
        max_examples=max(1, int(number * FACTOR)),
        deadline=None,
        derandomize=FACTOR == 1,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def survives(reader: str, call: Callable[[], T], given: Path | None = None) -> T | None:
    """The result of `call`, or None where it raised an error of spoton; anything else fails the test.

    Args:
        reader: its name, to count by.
        call: reads something.
        given: the folder that may be read; a file outside of it, and outside of Python, must not be opened.
    """
    TRIED[reader] += 1
    try:
        with _patient(), _watched(given):
            found = call()
    except SpotonError as error:
        _check_sentence(str(error))
        return None
    TAKEN[reader] += 1
    return found


def _check_sentence(said: str) -> None:
    assert said.strip()
    assert said.isprintable(), said  # one line, and nothing that moves the cursor of a terminal
    assert len(said) < 12_000, said


@contextmanager
def _patient() -> Iterator[None]:
    def late(*_: object) -> None:
        raise AssertionError(f"still at it after {PATIENCE} s of work, or {LONGEST} s of waiting")

    timers = ((signal.SIGPROF, signal.ITIMER_PROF, PATIENCE), (signal.SIGALRM, signal.ITIMER_REAL, LONGEST))
    before = [signal.signal(number, late) for number, _, _ in timers]
    for _, timer, seconds in timers:
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for (number, timer, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


_OPENED: list[str] | None = None


def _listen(event: str, words: tuple[Any, ...]) -> None:
    if event == "open" and _OPENED is not None and isinstance(words[0], str | bytes):
        _OPENED.append(os.fsdecode(words[0]))


sys.addaudithook(_listen)  # it cannot be taken out again, so it is idle but for the time of a call


@contextmanager
def _watched(given: Path | None) -> Iterator[None]:
    global _OPENED
    if given is None:
        yield
        return
    _OPENED = []
    try:
        yield
    finally:
        opened, _OPENED = _OPENED, None
        own = (given, *map(Path, (sys.prefix, sys.base_prefix)), Path(__file__).parents[2] / "src")
        allowed = [os.path.realpath(folder) + os.sep for folder in own]
        for name in opened:
            path = os.path.realpath(name)
            # Python looks for the source of its modules anywhere on its path
            assert any(path.startswith(folder) for folder in allowed) or path.endswith((".py", ".pyc")), path


# -- strategies ----------------------------------------------------------------------------------------------

NUMBERS = (
    *("0", "1", "-1", "2.5", "-0.0", "1e308", "-1e308", "1e999", "nan", "NaN", "-inf", "Infinity", "1e-320", "0x10"),
    *(
        "1_000",
        "1,5",
        "٣",
        "½",
        "+3",
        " 4 ",
        "--1",
        "1e",
        ".",
        "9" * 25,
        "9" * 5000,
        "18446744073709551616",
        "True",
        "",
    ),
)
TEXTS = (
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "\ufeff",
        "\u202e",
        "\x1b[2J",
        "\r",
        "\n",
        '"',
        "'",
        ",",
        ";",
        "\t",
        "x" * 300,
        "y" * 5000,
    ),
    *(
        "../outside.png",
        "/etc/passwd",
        "sub/../../outside.png",
        "..",
        ".",
        "/",
        "~",
        "C:\\x",
        "a.png",
        "NULL",
        "%s",
        "{}",
    ),
    *("\U0001f600", "\udcff", "é", "é" * 200, "<b>", "&amp;", "${HOME}", "=1+1"),
)
numbers = st.one_of(
    st.sampled_from(NUMBERS), st.integers().map(str), st.floats().map(repr), st.floats(-1, 40).map(repr)
)
# of a whole file either all are plain, so that it is read to its end, or any
plain_numbers = st.integers(0, 5).map(str) | st.sampled_from(["0.5", "2.25", "-0.5", "1e0"])
texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=12))
codings = st.sampled_from(["utf-8"] * 25 + ["utf-8-sig", "utf-16", "utf-32", "latin-1", "cp1252"])


def encoded(text: str, coding: str) -> bytes:
    """The text as bytes; what the coding does not have becomes a question mark."""
    return text.encode(coding, "surrogatepass" if coding.startswith("utf") else "replace")


PLACES = 10**6
WOUNDS = st.tuples(
    st.sampled_from(("turn", "set", "lose", "repeat", "put", "over", "cut")),
    st.integers(0, PLACES),  # where, as a share of the file
    st.integers(0, 255),
    st.binary(min_size=1, max_size=8),
)


def damaged(whole: bytes, tokens: Sequence[bytes] = ()) -> st.SearchStrategy[bytes]:
    """A file, whole, or with up to six wounds: bits turned, parts lost, repeated, overwritten, its end cut."""
    wounds: st.SearchStrategy[list[Any]] = st.just([]) | st.lists(WOUNDS, min_size=1, max_size=6)
    return wounds.map(lambda drawn: _hurt(whole, drawn, tokens))


def _hurt(whole: bytes, wounds: Sequence[tuple[str, int, int, bytes]], tokens: Sequence[bytes]) -> bytes:
    data = bytearray(whole)
    for kind, place, number, piece in wounds:
        at = place * len(data) // PLACES
        if tokens:
            piece = tokens[number % len(tokens)]
        if kind == "turn" and at < len(data):
            data[at] ^= 1 << number % 8
        elif kind == "set" and at < len(data):
            data[at] = number
        elif kind == "lose":
            del data[at : at + 1 + number % 40]
        elif kind == "repeat":
            data[at:at] = data[at : at + 1 + number % 40] * (1 + number % 3)
        elif kind in ("put", "over"):
            data[at : at + (len(piece) if kind == "over" else 0)] = piece
        elif kind == "cut":
            del data[at:]
    return bytes(data)


# what JSON can hold, and such things as no program would write
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, -1, 2**31, 2**63, -(2**63) - 1, 10**400, 1e308, float("nan"), float("inf"), -0.0, 1e-320]),
    st.integers(-3, 40),
    st.floats(),
    texts,
)
json_values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)


@st.composite
def changed(draw: st.DrawFn, tree: Any, values: st.SearchStrategy[Any] = json_values) -> Any:
    """A tree of dicts and lists in which up to four places hold something else, are gone, or come twice."""
    import copy

    found = copy.deepcopy(tree)
    for _ in range(draw(st.sampled_from((0, 1, 1, 1, 2, 4)))):
        node: Any = found
        while isinstance(node, dict | list) and node:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = draw(st.sampled_from(keys))
            if isinstance(node[key], dict | list) and node[key] and draw(st.integers(0, 5)):
                node = node[key]
                continue
            kind = draw(st.sampled_from(("value", "value", "value", "gone", "twice")))
            if kind == "value":
                node[key] = copy.deepcopy(draw(values))  # the same list may be drawn again
            elif kind == "gone":
                del node[key]
            elif isinstance(node, list):
                node.append(copy.deepcopy(node[key]))
            else:
                node[draw(texts)] = copy.deepcopy(node[key])
            break
    return found
