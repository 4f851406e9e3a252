"""Errors of the data are found, and named; clean data are not accused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from spoton import Task, get_task
from spoton.why import Fact, Study
from spoton.why._why import subject_of
from spoton.why.probes import Frames

MEMBERS = ("topleft", "center", "corner", "box")


def faults_of(X: object, y: object) -> list[Fact]:
    study = Study(Task.from_arrays("own", X, y), subject_of("mean"))
    return [fact for fact in Frames().look(study) if fact.fault]


def images_of(member: str) -> tuple[np.ndarray, pd.DataFrame]:
    data = get_task(f"pnist/{member}").data()
    return np.asarray(data.X), data.y.copy()


@pytest.mark.parametrize("member", MEMBERS)
def test_clean_points_are_not_accused(member: str) -> None:
    assert faults_of(*images_of(member)) == []


@pytest.mark.parametrize("name", ["columns/plain", "friedman1", "diabetes", "linear/dense?columns=20", "steps"])
def test_clean_tables_are_not_accused(name: str) -> None:
    data = get_task(name).data()
    assert faults_of(data.X, data.y) == []


def swapped(y: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(y.to_numpy()[:, ::-1], columns=y.columns)


def flipped(y: pd.DataFrame) -> pd.DataFrame:
    return y.assign(**{y.columns[1]: 27 - y.iloc[:, 1]})


FAULTS: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "swapped": (swapped, "x and y swapped"),
    "flipped": (flipped, "flipped axis"),
    "one off": (lambda y: y + 1, "offset"),
    "half a pixel off": (lambda y: y + 0.5, "offset"),
    "normalised": (lambda y: y / 28, "normalised coordinates"),
}


# the middle of the ink is no corner of it: nothing tells to a pixel where it should be
@pytest.mark.parametrize(
    ("fault", "member"),
    [*((fault, "topleft") for fault in FAULTS), *((fault, "center") for fault in FAULTS if "off" not in fault)],
)
def test_planted_faults_are_named(fault: str, member: str) -> None:
    X, y = images_of(member)
    spoil, words = FAULTS[fault]
    found = faults_of(X, spoil(y))
    assert found
    assert all(words in fact.words for fact in found)
    assert all(fact.advice for fact in found)


@pytest.mark.parametrize("shift", [-1, 1, 2])
def test_shifted_rows_are_named(shift: int) -> None:
    data = get_task("linear/dense?columns=20").data()
    found = faults_of(data.X, np.roll(data.y.to_numpy(), shift, axis=0))
    assert len(found) == 1
    assert f"moved by {shift} rows" in found[0].words
