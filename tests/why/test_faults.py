"""Errors of the data are found, and named; clean data are not accused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from spoton import Task, get_task
from spoton.plots import canvas, fact_picture
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
    for fact in found:  # a picture a finding
        assert fact.picture is not None
        fact_picture(canvas().axes[0], fact.picture)


def test_pictures_of_faults_show_what_was_measured() -> None:
    X, y = images_of("topleft")
    (off, _) = faults_of(X, y + 1)
    assert off.picture is not None
    shares = dict(zip(off.picture.x, off.picture.y, strict=True))
    assert max(shares, key=lambda place: shares[place] or 0.0) == 1.0
    assert shares[1.0] == 1.0
    (crossed,) = faults_of(X, swapped(y))
    assert crossed.picture is not None
    columns, rows, *_ = crossed.picture.y
    assert columns is not None
    assert rows is not None
    assert columns < rows
    assert f"R2 {rows:.2f}" in crossed.words
    assert f"({columns:.2f})" in crossed.words


def test_rows_in_no_order_are_not_called_a_fault_but_told() -> None:
    """No shift brings them back, and a law without a linear part looks the same."""
    data = get_task("linear/dense?columns=20").data()
    mixed = np.random.RandomState(0).permutation(data.y.to_numpy())
    study = Study(Task.from_arrays("own", data.X, mixed), subject_of("mean"))
    (fact,) = Frames().look(study)
    assert not fact.fault
    assert "explains nothing of the answers" in fact.words
    assert "rows that do not belong together" in fact.words


@pytest.mark.parametrize("shift", [-1, 1, 2])
def test_shifted_rows_are_named(shift: int) -> None:
    data = get_task("linear/dense?columns=20").data()
    found = faults_of(data.X, np.roll(data.y.to_numpy(), shift, axis=0))
    assert len(found) == 1
    assert f"moved by {shift} rows" in found[0].words
    assert found[0].picture is not None
    assert found[0].picture.x == (-2, -1, 0, 1, 2)
    assert found[0].picture.x[int(np.argmax(found[0].picture.y))] == shift
