"""Which columns were found, and their coefficients: worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from spoton.metrics import Selection, score_selection

RNG = np.random.RandomState(0)
X = pd.DataFrame(RNG.normal(size=(40, 5)), columns=list("abcde"))
Y = pd.DataFrame({"y": 3 * X["a"] - 4 * X["b"] + 7})


def score(chosen: str, coef: object = None, table: pd.DataFrame = X, support: str = "ab") -> dict[str, float]:
    mask = np.array([name in chosen for name in table.columns])
    weights = None if coef is None else np.asarray(coef, dtype=float).reshape(len(table.columns), -1)
    return score_selection(Selection(mask, weights), tuple(support), table, Y)


@pytest.mark.parametrize(
    ("chosen", "precision", "recall"),
    [("ab", 1, 1), ("abcde", 0.4, 1), ("a", 1, 0.5), ("ac", 0.5, 0.5), ("cd", 0, 0), ("", 0, 0)],
)
def test_shares_worked_out_by_hand(chosen: str, precision: float, recall: float) -> None:
    assert score(chosen) == {"support_precision": precision, "support_recall": recall}


def test_coefficients_are_measured_in_sds_of_their_columns() -> None:
    assert score("ab", [3, -4, 0, 0, 0])["coef_error"] == pytest.approx(0, abs=1e-12)
    assert score("", [0, 0, 0, 0, 0])["coef_error"] == pytest.approx(1)
    sd = X.std(ddof=0)
    size = math.hypot(3 * sd["a"], 4 * sd["b"])
    assert score("abc", [3, -4, 2, 0, 0])["coef_error"] == pytest.approx(2 * sd["c"] / size)
    assert score("ab", [3, -3, 0, 0, 0])["coef_error"] == pytest.approx(sd["b"] / size)
    # the same learner, with columns in other units
    units = np.array([1e3, 1e-3, 10, 1, 1])
    other = score("abc", np.array([3, -4, 2, 0, 0]) / units, X * units)
    assert other["coef_error"] == pytest.approx(2 * sd["c"] / size)


def test_against_least_squares_on_the_true_columns_with_noise() -> None:
    noisy = Y + RNG.normal(size=(40, 1))
    weights = np.zeros((5, 1))
    weights[:2] = LinearRegression().fit(X[["a", "b"]], noisy).coef_.T
    found = score_selection(Selection(np.array([1, 1, 0, 0, 0], bool), weights), ("a", "b"), X, noisy)
    assert found["coef_error"] == pytest.approx(0, abs=1e-12)


def test_a_copy_counts_as_its_original_whatever_its_unit() -> None:
    table = X.assign(c=100 - 2 * X["a"])
    assert score("cb", table=table) == {"support_precision": 1, "support_recall": 1}
    assert score("acb", table=table) == {"support_precision": 1, "support_recall": 1}
    assert score("cbd", table=table)["support_precision"] == pytest.approx(2 / 3)
    for weights in ([0, -4, -1.5, 0, 0], [1, -4, -1, 0, 0]):
        assert score("abc", weights, table)["coef_error"] == pytest.approx(0, abs=1e-9)
    almost = X.assign(c=X["a"] + 1e-6 * X["d"])
    assert score("cb", table=almost) == {"support_precision": 0.5, "support_recall": 0.5}


def test_true_columns_that_are_copies_are_each_to_be_found_and_share_their_weight() -> None:
    """As in columns/perfect: each alone is perfect, so any weights of the right sum are those of least squares."""
    table = pd.DataFrame({"a": Y["y"] + 1, "b": Y["y"] + 2, "c": X["c"]})
    assert score("a", table=table) == {"support_precision": 1, "support_recall": 0.5}
    for weights in ([1, 0, 0], [0.5, 0.5, 0], [7, -6, 0]):
        assert score("ab", weights, table)["coef_error"] == pytest.approx(0, abs=1e-9)
    assert score("ab", [0.25, 0.25, 0], table)["coef_error"] == pytest.approx(0.5)


def test_odd_tables() -> None:
    assert score("ab", table=X.assign(c=0.1), coef=[3, -4, 9, 0, 0])["coef_error"] == pytest.approx(0, abs=1e-9)
    words = X.assign(c="red")
    assert score("ac", [3, -4, 0, 0, 0], words) == {"support_precision": 0.5, "support_recall": 0.5}
    missing = X.assign(c=np.nan)
    assert score("ab", [3, -4, 0, 0, 0], missing) == {"support_precision": 1, "support_recall": 1}
    endless = X.assign(c=np.inf)
    assert set(score("ab", [3, -4, 0, 0, 0], endless)) == {"support_precision", "support_recall"}
    flat = score_selection(Selection(np.ones(5, bool), np.zeros((5, 1))), ("a",), X, Y * 0)
    assert flat["coef_error"] == 0
    assert math.isnan(score("ab", support="xyz")["support_recall"])
