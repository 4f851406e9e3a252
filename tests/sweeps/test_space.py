"""Ranges and choices: what is written is what is drawn."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.samplers import RandomSampler
from optuna.study import create_study

from spoton.errors import UsageError
from spoton.sweeps import Choices, Range
from spoton.sweeps._space import label, parse, parse_part
from spoton.sweeps._studies import quiet

finite = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False, allow_infinity=False)
WORDS = st.text("abcdefghij", min_size=1, max_size=4).filter(lambda word: word not in ("inf", "nan"))


def drawn(part: Range | Choices, seed: int) -> Any:
    with quiet():
        trial = create_study(sampler=RandomSampler(seed=seed)).ask({"p": part.distribution()})
    return part.settle(trial.params["p"])


@settings(max_examples=60, deadline=None)
@given(st.integers(-1000, 1000), st.integers(1, 1000), st.integers(0, 9))
def test_ints_stay_ints_within_their_limits(low: int, span: int, seed: int) -> None:
    part = parse_part("p", f"{low}..{low + span}")
    assert part == Range(low, low + span)
    value = drawn(part, seed)
    assert isinstance(value, int)
    assert low <= value <= low + span
    assert part.values() == list(range(low, low + span + 1))


@settings(max_examples=60, deadline=None)
@given(finite, st.floats(1e-3, 1e6), st.integers(0, 9))
def test_floats_have_four_digits_within_their_limits(low: float, span: float, seed: int) -> None:
    part = parse_part("p", f"{low!r}..{low + span!r}")
    assert isinstance(part, Range)
    assert not part.whole
    assert part.values() is None
    value = drawn(part, seed)
    assert low <= value <= low + span
    assert value in (part.low, part.high) or value == float(f"{value:.4g}")
    assert part.settle(value) == value


@settings(max_examples=60, deadline=None)
@given(st.integers(-12, 5), st.integers(1, 8), st.integers(0, 9))
def test_log_ranges(low: int, decades: int, seed: int) -> None:
    part = parse_part("p", f"1e{low}..1e{low + decades}:log")
    assert part == Range(float(f"1e{low}"), float(f"1e{low + decades}"), log=True)
    assert part.distribution().log  # type: ignore[attr-defined]
    assert low - 1e-6 <= math.log10(drawn(part, seed)) <= low + decades + 1e-6


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 50), st.integers(1, 20), st.integers(1, 12), st.sampled_from([1, 10, 100]), st.integers(0, 9))
def test_steps_are_kept_exactly(low: int, count: int, step: int, share: int, seed: int) -> None:
    high = low + count * step
    text = f"{low / share}..{high / share}:step={step / share}" if share > 1 else f"{low}..{high}:step={step}"
    part = parse_part("p", text)
    assert isinstance(part, Range)
    assert part.values() == [(low + i * step) / share if share > 1 else low + i * step for i in range(count + 1)]
    assert drawn(part, seed) in (part.values() or [])


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS | st.integers(-99, 99).map(str), min_size=1, max_size=6, unique=True), st.integers(0, 9))
def test_choices_are_the_words_that_were_given(words: list[str], seed: int) -> None:
    part = parse_part("p", ",".join(words))
    assert isinstance(part, Choices)
    assert part.labels == words
    assert label(drawn(part, seed)) in words
    assert [parse_part("p", str(part)), len(part.values())] == [part, len(words)]


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=12))
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    with suppress(UsageError):
        assert parse([f"p={text}"]).parts["p"].distribution()


def test_values_are_what_names_mean() -> None:
    space = parse(
        ["a=5,10", "b=true,false", "c=1e-2,0.5", "d=200x100,50", "+ynorm", "+yrange=none,samples", "@=pts,pix"]
    )
    assert [part.values() for part in space.parts.values()] == [
        [5, 10],
        [True, False],
        [0.01, 0.5],
        [(200, 100), 50],
        [False, True],
        ["none", "samples"],
        ["pts", "pix"],
    ]
    assert space.size == 128
    assert str(space).split()[3] == "d=200x100,50"


def test_python_values() -> None:
    space = parse({"a": [1, None], "b": range(2, 9, 3), "c": Range(0.1, 1.0), "d": (1.5, 2.5), "e": "1..3"})
    assert [str(part) for part in space.parts.values()] == ["1,None", "2..8:step=3", "0.1..1.0", "1.5,2.5", "1..3"]
    assert space.parts["b"].values() == [2, 5, 8]
    assert space.size is None


def test_the_end_of_a_range_whose_step_does_not_fit() -> None:
    assert Range(0.0, 1.0, step=0.3).values() == [0.0, 0.3, 0.6, 0.9]
    assert Range(1, 10, step=4).values() == [1, 5, 9]
    assert Range(0, 1, step=0.25).values() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert Range(1, 10, step=4).distribution().high == 9  # type: ignore[attr-defined]


def test_the_grid_is_every_setting_once() -> None:
    space = parse(["a=1..3", "b=x,y", "c=0..1:step=0.5"])
    cells = list(space.grid())
    assert len(cells) == space.size == 18
    assert len({tuple(cell.items()) for cell in cells}) == 18
    assert cells[0] == {"a": 1, "b": "x", "c": 0.0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("p=", "a value is missing"),
        ("p=1,,2", "a value is missing"),
        ("p=3..1", "from a number to a larger one"),
        ("p=1..1", "from a number to a larger one"),
        ("p=0..1:log", "begin above 0"),
        ("p=1..10:log:step=2", "leave out one"),
        ("p=1..10:step=20", "fits in"),
        ("p=1..10:lin", "':lin' is not known"),
        ("p=a..b", "no range of numbers"),
        ("p=1e400..1e500", "from a number to a larger one"),
        ("p=1,2,1", "given twice"),
        ("p", "not of the form NAME=VALUES"),
        ("=1,2", "not of the form NAME=VALUES"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse([text])


def test_what_python_gives_wrongly_is_said() -> None:
    for params, said in (
        ({}, "a parameter at least"),
        ({"a": 3}, "a list of values"),
        ({"a": []}, "without values"),
        (["a=1", "a=2"], "given twice"),
    ):
        with pytest.raises(UsageError, match=said):
            parse(params)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="too many to count"):
        parse(["a=0.1..0.2"]).grid()
    with pytest.raises(UsageError, match="100,000 settings at most"):
        parse(["a=1..1000", "b=1..1000"]).grid()
