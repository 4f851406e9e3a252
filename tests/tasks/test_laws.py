"""Laws with and without superfluous columns: sums, dense laws, steps, products."""

from __future__ import annotations

import numpy as np
import pytest

from spoton import evaluate
from spoton.errors import UsageError
from spoton.tasks import get_task
from spoton.tasks._oracles import ColumnsOracle


def test_a_sum_is_that_of_its_columns_which_lie_anywhere() -> None:
    for name, terms in (("columns/sum?superfluous=795", 5), ("columns/sum?terms=20", 20)):
        task = get_task(name)
        data = task.data()
        assert data.X.shape == (700, 800)
        assert len(task.support) == terms
        assert np.allclose(data.X[list(task.support)].sum(axis=1), data.y["y"], rtol=0, atol=1e-12)
        places = [int(column[1:]) for column in task.support]
        assert places == sorted(places)
        assert max(places) - min(places) > 200


def test_terms_are_for_sums() -> None:
    with pytest.raises(UsageError, match="terms=3 is for columns/sum"):
        get_task("columns/plain?terms=3")


@pytest.mark.parametrize(("columns", "condition"), [(20, 1e4), (100, 1e4), (7, 1.0), (3, 1e6)])
def test_a_dense_law_has_its_condition_number_and_uses_every_column(columns: int, condition: float) -> None:
    data = get_task(f"linear/dense?columns={columns}&condition={condition:g}").data()
    X = data.X.to_numpy()  # type: ignore[union-attr]
    assert X.shape == (700, columns)
    assert np.linalg.cond(X - X.mean(axis=0)) == pytest.approx(condition, rel=1e-4)
    weights = ColumnsOracle(list(data.X.columns)).fit(data.X, data.y["y"]).coef_  # type: ignore[union-attr]
    assert (np.abs(weights) > 0.49).all()
    assert (np.abs(weights) < 1.51).all()
    assert columns < 7 or weights.min() < 0 < weights.max()


def test_the_oracle_of_a_dense_law_minds_no_units() -> None:
    run = evaluate("oracle", "linear/dense?columns=100&condition=1e6&rescale=1&superfluous=30")
    assert run.metrics["valid"]["r2"] > 1 - 1e-12


def test_a_dense_law_needs_more_rows_than_columns() -> None:
    with pytest.raises(UsageError, match="a law of 50 columns needs 51 rows"):
        get_task("linear/dense?columns=50&rows=50").data()


def test_steps_by_hand() -> None:
    data = get_task("steps?superfluous=796").data()
    assert data.X.shape == (700, 800)
    for x, y in zip(data.X.to_numpy()[:50], data.y["y"], strict=False):  # type: ignore[union-attr]
        assert y == 10 * (x[0] > 0.3) + 5 * (x[1] > 0.6) - 7 * (x[2] > 0.2) + 4 * (x[2] > 0.7) + 3 * (x[3] > 0.5)


def test_products_show_nothing_column_by_column() -> None:
    data = get_task("products?rows=20000").data()
    x = data.X.to_numpy()  # type: ignore[union-attr]
    assert np.allclose(x[:, 0] * x[:, 1] + x[:, 2] * x[:, 3] + x[:, 4] * x[:, 5], data.y["y"])
    assert data.X.corrwith(data.y["y"]).abs().max() < 0.03  # type: ignore[union-attr]
