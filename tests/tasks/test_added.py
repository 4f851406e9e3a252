"""The columns of `added=`: their number, and what they are made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spoton.errors import UsageError
from spoton.tasks import families, get_task
from spoton.tasks._finish import OPTIONS, added_columns

X = pd.DataFrame({"a": [1.0, 2.0, 4.0, 7.0], "b": [3.0, -1.0, 0.5, 2.0]})


@pytest.mark.parametrize(("columns", "share", "added"), [(9, 0.1, 1), (10, 0.5, 10), (4, 0.9, 36), (3, 0.4, 2)])
def test_they_take_up_their_share(columns: int, share: float, added: int) -> None:
    wide = pd.DataFrame(np.ones((5, columns)))
    assert added_columns(wide, "random", share, 0).shape == (5, added)


def test_random_columns_are_standard_normal() -> None:
    noise = added_columns(pd.DataFrame(np.full((4000, 5), 100.0)), "random", 0.5, 0)
    assert np.allclose(noise.mean(), 0, atol=0.06)
    assert np.allclose(noise.std(), 1, atol=0.06)


def test_second_order_columns_are_products_of_two() -> None:
    products = [X[one] * X[two] for one in X for two in X]
    for _, column in added_columns(X, "second-order", 0.8, 0).items():
        assert any(np.array_equal(column, product) for product in products)


def test_corrupted_columns_are_half_a_column_and_half_noise() -> None:
    random = np.random.RandomState(3)
    wide = pd.DataFrame(random.normal(size=(5000, 3)) * [1, 10, 0.1] + [0, 5, 1])
    for _, column in added_columns(wide, "corrupted", 0.5, 0).items():
        related = wide.corrwith(column)
        source = related.idxmax()
        assert related[source] == pytest.approx(1 / np.sqrt(2), abs=0.03)  # half signal, half noise of the same sd
        assert column.std() == pytest.approx(wide[source].std() / np.sqrt(2), rel=0.05)
        assert column.mean() == pytest.approx(wide[source].mean() / 2, abs=0.05 * wide[source].std())


@pytest.mark.parametrize("task", ["friedman2", "columns/plain?superfluous=20&rows=50", "real/iris", "linear/dense"])
def test_they_stand_behind_all_others_and_change_nothing(task: str) -> None:
    joint = "&" if "?" in task else "?"
    plain, wide = get_task(task), get_task(f"{task}{joint}added=corrupted&share=0.5")
    n = plain.data().X.shape[1]
    assert wide.data().X.shape[1] == 2 * n
    assert wide.data().X.iloc[:, :n].equals(plain.data().X)  # type: ignore[union-attr]
    assert wide.data().y.equals(plain.data().y)
    assert wide.support == plain.support


def test_every_table_takes_them() -> None:
    families_of_tables = {family.name for family in families() if set(OPTIONS) <= set(family.options)}
    assert {"columns", "linear", "friedman1", "diabetes", "steps", "products", "real"} <= families_of_tables
    assert {"california", "california-like"} <= families_of_tables


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="say which: added=random"):
        get_task("friedman1?share=0.3")
    with pytest.raises(UsageError, match="one of random, corrupted, second-order is expected"):
        get_task("friedman1?added=laplace")
    assert get_task("friedman1?added=random&share=0.5").name == "friedman1?added=random"
