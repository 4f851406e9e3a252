"""Real tables, and the one that is made up to be like a real one."""

from __future__ import annotations

from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import sklearn.datasets

from spoton import evaluate
from spoton.errors import DataError, MissingExtra, UsageError
from spoton.optional import installed
from spoton.tasks import get_task
from spoton.tasks._california import NAMES, TARGET, fetched
from spoton.tasks._real import SOURCES


@pytest.mark.parametrize("name", SOURCES)
def test_a_real_table_is_as_it_is_described(name: str) -> None:
    source, task = SOURCES[name], get_task(f"real/{name}")
    try:
        data = task.data()
    except MissingExtra as reason:
        pytest.skip(str(reason))
    assert data.X.shape == (source.rows, len(source.columns))
    assert tuple(data.X.columns) == task.support == source.columns  # type: ignore[union-attr]
    assert source.target not in source.columns
    assert np.isfinite(data.X.to_numpy()).all()  # type: ignore[union-attr]
    assert "not known" in task.ceiling
    assert 0.2 < evaluate("oracle", task).metrics["valid"]["r2"] < 0.99


def test_a_missing_package_names_the_extra() -> None:
    if installed("statsmodels"):
        pytest.skip("statsmodels is installed")
    with pytest.raises(MissingExtra, match=r"spoton\[tables\]"):
        get_task("real/fair").data()


def test_fewer_rows_of_a_sorted_table_are_a_draw() -> None:
    whole, some = get_task("real/iris").data(), get_task("real/iris?rows=30").data()
    assert len(some) == 30
    assert some.y.mean().iloc[0] == pytest.approx(whole.y.mean().iloc[0], abs=0.4)  # the first 30 have 0.25, not 1.2
    with pytest.raises(UsageError, match="real/iris has 150 rows"):
        get_task("real/iris?rows=151")


def test_the_synthetic_table_is_like_the_real_one_and_its_oracle_is_the_mean() -> None:
    data = get_task("california-like").data()
    X, y = data.X, data.y[TARGET]
    assert list(X.columns) == list(NAMES)  # type: ignore[union-attr]
    assert X["MedInc"].skew() > 1  # type: ignore[call-overload]
    assert X["AveOccup"].max() > 50 * X["AveOccup"].median()  # type: ignore[call-overload]
    assert X["HouseAge"].max() == 52  # type: ignore[call-overload]
    assert y.max() == 5
    assert 0.02 < (y == 5).mean() < 0.06
    run = evaluate("oracle", "california-like", keep_predictions=True)
    assert 0.8 < run.metrics["train"]["r2"] < 0.9
    left = y.to_numpy()[get_task("california-like").split(0).train] - run.predictions["train"][:, 0]  # type: ignore[index]
    assert abs(left.mean()) < 3 * left.std() / np.sqrt(len(left))


def test_california_says_what_to_do_offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unreachable(**_: object) -> None:
        raise URLError("no network")

    monkeypatch.setattr(sklearn.datasets, "fetch_california_housing", unreachable)
    with pytest.raises(DataError, match="take california-like"):
        fetched()
    monkeypatch.undo()
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    with pytest.raises(DataError, match="go online once"):
        fetched(download=False)


def test_california_reads_what_scikit_learn_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    made = get_task("california-like?rows=40").data()
    frame = made.X.assign(**{TARGET: made.y[TARGET]})  # type: ignore[union-attr]

    class Bunch:
        def __init__(self) -> None:
            self.frame = frame

    monkeypatch.setattr(sklearn.datasets, "fetch_california_housing", lambda **_: Bunch())
    data = get_task("california?rows=20").load().data
    assert data.X.shape == (20, 8)
    assert data.y[TARGET].isin(frame[TARGET]).all()
    with pytest.raises(UsageError, match="california has 20640 rows"):
        get_task("california?rows=20641")
