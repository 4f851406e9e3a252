"""Effects and their intervals, by values worked out by hand."""

from __future__ import annotations

import math

import pytest

from spoton import Run
from spoton.why._diagnosis import position
from spoton.why._effect import WORST, Effect, effect, error_of
from spoton.why._render import _share


def a_run(r2: float, status: str = "ok") -> Run:
    return Run("t", "l", status=status, metrics={"valid": {"r2": r2}} if status == "ok" else {})


def test_the_error_is_the_root_of_what_r2_leaves() -> None:
    assert error_of(a_run(0.75)) == 0.5
    assert error_of(a_run(1.0)) == 0.0
    assert error_of(a_run(-1e22)) == WORST
    assert error_of(a_run(0.9, "failed")) == WORST


def test_a_share_of_the_gap_is_paired_by_seed() -> None:
    # gaps 0.8 and 0.4; half of each closes, though the errors themselves differ
    found = effect({0: 0.9, 1: 0.5}, {0: 0.5, 1: 0.3}, {0: 0.1, 1: 0.1})
    assert found is not None
    assert found.closed == pytest.approx(0.5)
    assert found.low == pytest.approx(0.5)
    assert found.high == pytest.approx(0.5)
    assert found.verdict == "helps"


def test_the_interval_is_student_s() -> None:
    # shares 0.2 and 0.4: mean 0.3, sd of the mean 0.1, t of 95 % with one degree of freedom 6.3138
    found = effect({0: 1.0, 1: 1.0}, {0: 0.8, 1: 0.6}, {})
    assert found is not None
    assert (found.closed, found.high) == (pytest.approx(0.3), pytest.approx(0.3 + 0.63138, abs=1e-4))
    assert found.verdict == "unclear"  # two seeds that far apart prove nothing


def test_one_seed_is_never_enough() -> None:
    found = effect({0: 1.0}, {0: 0.1}, {})
    assert found is not None
    assert (found.low, found.verdict) == (-math.inf, "unclear")


def test_no_gap_no_effect() -> None:
    assert effect({0: 0.0, 1: 0.0}, {0: 0.5, 1: 0.5}, {}) is None
    assert effect({0: 1.0}, {1: 0.5}, {}) is None


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [((0.4, 0.41, 0.39), "helps"), ((1.4, 1.41, 1.39), "harms"), ((1.0, 1.01, 0.99), "no effect")],
)
def test_verdicts(changed: tuple[float, ...], verdict: str) -> None:
    found = effect(dict.fromkeys(range(3), 1.0), dict(enumerate(changed)), {})
    assert found is not None
    assert found.verdict == verdict


def test_the_position_is_between_the_mean_answer_and_the_oracle() -> None:
    assert position({0: 0.55}, {0: 0.1}) == pytest.approx(0.5)
    assert position({0: 1.0, 1: 0.0}, {}) == pytest.approx(0.5)
    assert position({}, {}) == 0.0


def test_what_rounds_to_nothing_is_written_without_a_minus() -> None:
    assert _share(Effect(-0.001, -0.004, 0.002, 2)) == "0 % (0 to 0)"
    assert _share(Effect(-0.07, -0.22, 0.09, 2)) == "-7 % (-22 to 9)"
