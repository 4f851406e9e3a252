"""`tabular_dls` and `check_load`: a fixed order of columns, nothing that explodes, nothing wrong taken silently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from plain_fastai import frame, quiet

from spoton.errors import DataError, UsageError
from spoton.fastai import check_load, evaluate, scale_target, tabular_dls
from spoton.fastai._quiet import quietly

with quietly():
    from fastai.tabular.core import FillMissing, Normalize
    from fastai.tabular.data import TabularDataLoaders
    from fastai.tabular.learner import tabular_learner

HELD = list(range(120, 160))


def plain(df: pd.DataFrame, **options: Any) -> Any:
    options = {
        "y_names": "y",
        "cont_names": sorted({*df} - {"y"}),
        "procs": [Normalize],
        "valid_idx": HELD,
        "bs": 32,
        **options,
    }
    return TabularDataLoaders.from_df(df, **options)


def learner(dls: Any, path: Path | None = None) -> Any:
    torch.manual_seed(0)
    return quiet(tabular_learner(dls, layers=[20], path=path))


def wide(n: int = 160, columns: int = 12) -> pd.DataFrame:
    x = np.random.RandomState(0).randn(n, columns)
    df = pd.DataFrame(x, columns=[f"col{i}" for i in range(columns)])
    return df.assign(y=3 * df.col0 - 2 * df.col1 + df.col2)


def test_the_order_of_columns() -> None:
    df = wide()
    # 1 in 479 million for the order of the table
    assert list(plain(df, cont_names=None).cont_names) != [f"col{i}" for i in range(12)], (
        "from_df keeps the table's order now"
    )
    assert list(tabular_dls(df, "y").cont_names) == [f"col{i}" for i in range(12)]
    if int(pd.__version__.split(".")[0]) >= 3:
        with pytest.raises(ValueError, match="negative"):
            plain(frame(), cont_names=["b", "a"])
    dls = tabular_dls(frame(), "y", cont_names=["b", "a"], bs=32)
    assert list(dls.cont_names) == ["b", "a"]
    assert dls.one_batch()[1].shape == (32, 2)
    assert list(frame().columns) == ["a", "b", "y"]


def test_weights_saved_under_another_order(tmp_path: Path) -> None:
    df = wide(columns=4)
    df = df.assign(col0=df.col0.abs())
    df["y"] = 3 * df.col0 - 2 * df.col1 + df.col2
    names = [f"col{i}" for i in range(4)]
    first = learner(plain(df, cont_names=names), tmp_path)
    first.fit(20, 0.03)
    first.save("first")
    good = evaluate(first, metrics=["r2"])["r2"]
    assert good > 0.9

    turned = [names[i] for i in (2, 0, 3, 1)]
    other = learner(plain(df, cont_names=turned), tmp_path)
    with quietly():
        other.load("first")
    assert evaluate(other, metrics=["r2"])["r2"] < 0, "load() refuses, or mends, another order of columns now"

    other = learner(plain(df, cont_names=turned), tmp_path)
    before = evaluate(other)
    with pytest.raises(DataError, match="saved with its columns in another order") as caught:
        check_load(other, "first")
    assert evaluate(other) == before
    assert other.opt is None
    told = str(caught.value).partition("cont_names=")[2].partition("]")[0]
    # the net at place i has learned names[i]; the fourth column says nothing, so it may stand anywhere
    assert told == str(names)[:-1]

    same = learner(plain(df, cont_names=names), tmp_path)
    assert check_load(same, "first") is same
    assert evaluate(same, metrics=["r2"])["r2"] == pytest.approx(good)

    first.export("first.pkl")
    assert check_load(same, tmp_path / "first.pkl") is same
    with pytest.raises(DataError, match="saved with cont_names"):
        check_load(other, tmp_path / "first.pkl")


def test_another_order_of_more_columns_than_pairs_can_be_tried(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = [f"col{i}" for i in range(90)]
    df = pd.DataFrame(rng.normal(size=(400, 90)), columns=names)
    df["y"] = 3 * df.col0 - 2 * df.col40 + df.col80
    first = learner(plain(df, cont_names=names), tmp_path)
    first.fit(20, 0.03)
    first.save("first")
    turned = [names[i] for i in rng.permutation(90)]
    with pytest.raises(DataError, match="saved with its columns in another order") as caught:
        check_load(learner(plain(df, cont_names=turned), tmp_path), "first")
    told = str(caught.value).partition("cont_names=[")[2].partition("]")[0].split(", ")
    assert [told[i] for i in (0, 40, 80)] == ["'col0'", "'col40'", "'col80'"]
    same = learner(plain(df, cont_names=names), tmp_path)
    assert check_load(same, "first") is same


def test_what_is_no_learner_of_tables(tmp_path: Path) -> None:
    for tried in (check_load, lambda learn, _: evaluate(learn), lambda learn, _: scale_target(learn)):
        with pytest.raises(UsageError, match="a fastai Learner is expected, this is a int without dls; give one"):
            tried(3, "first")


def test_a_target_among_the_inputs() -> None:
    df = frame()
    assert plain(df, cont_names=["a", "b", "y"]).one_batch()[1].shape == (32, 3), "from_df refuses that now"
    with pytest.raises(UsageError, match="y would be an input twice, or a target among the inputs"):
        tabular_dls(df, "y", cont_names=["a", "b", "y"])


def test_text_that_is_listed_nowhere() -> None:
    df = frame().assign(town="x", street="y")
    with pytest.raises(TypeError) as caught, quietly():
        plain(df)
    assert "town" not in str(caught.value), "from_df names the columns of text now"
    with pytest.raises(DataError, match="town, street hold no numbers; list them in cat_names"):
        tabular_dls(df, "y")
    assert tabular_dls(df, "y", cat_names=["town", "street"], bs=32).one_batch()[0].shape == (32, 2)


def test_numbers_that_are_none() -> None:
    df = frame()
    df.loc[3, "a"] = np.nan
    assert plain(df).train_ds.conts["a"].isna().sum() == 1, "Normalize refuses what is missing now"
    with pytest.raises(DataError, match="a lack numbers in some rows; add FillMissing to procs"):
        tabular_dls(df, "y", bs=32, procs=[Normalize])
    assert not tabular_dls(df, "y", bs=32).train_ds.conts.isna().any().any()

    class Idle(FillMissing):  # type: ignore[misc]
        def encodes(self, to: Any) -> None:
            """As in fastai 2.8.3 with pandas 3."""

    with pytest.raises(DataError, match="FillMissing has not filled them: update fastai"):
        tabular_dls(df, "y", bs=32, procs=[Idle, Normalize])
    df.loc[3, "a"] = -np.inf
    with pytest.raises(DataError, match="a hold infinite numbers"):
        tabular_dls(df, "y", bs=32)


def test_one_name_is_a_list_of_one() -> None:
    df = frame().assign(town="x").rename(columns={"y": 0})
    dls = tabular_dls(df, 0, cat_names="town", cont_names="a", bs=32)
    assert (list(dls.cat_names), list(dls.cont_names), list(dls.y_names)) == (["town"], ["a"], [0])


def test_nearly_constant_columns() -> None:
    df = frame().assign(c=1.0, d=0.0)
    df.loc[130, "c"] = 1.001
    df.loc[3, "d"] = 1e-3
    df.loc[140, "d"] = 1.0
    assert plain(df).valid_ds.conts.abs().max().max() > 5000, "fastai's Normalize has a floor now"
    dls = tabular_dls(df, "y", valid_idx=HELD, bs=32)
    assert dls.valid_ds.conts.abs().max().max() < 20
    assert (dls.valid_ds.conts["c"] == 0).all()
    # an ordinary column is standardised as ever
    a = df["a"].to_numpy()
    assert dls.train_ds.conts["a"].to_numpy() == pytest.approx((a[:120] - a[:120].mean()) / a[:120].std(), abs=1e-5)
    row = dls.valid_ds.decode().items
    assert row["a"].to_numpy() == pytest.approx(a[120:], abs=1e-5)
    new = pd.DataFrame({"a": [0.0], "b": [0.0], "c": [7.0], "d": [9.0]})
    assert dls.test_dl(new).one_batch()[1].abs().max() < 20


def test_a_batch_that_is_larger_than_the_data() -> None:
    learn = learner(plain(frame(), bs=128))
    before = [parameter.clone() for parameter in learn.model.parameters()]
    learn.fit(1)
    now = learn.model.parameters()
    assert all(torch.equal(a, b) for a, b in zip(before, now, strict=True)), "a single batch is trained on now"
    with pytest.raises(UsageError, match="120 rows to train on and bs=128"):
        tabular_dls(frame(), "y", valid_idx=HELD, bs=128)


def test_each_epoch_shows_each_row_once() -> None:
    seen = plain(frame()).train.get_idxs()
    assert len(set(seen)) < 100, "fastai's tabular loader draws without replacement now"
    seen = tabular_dls(frame(), "y", valid_idx=HELD, bs=32).train.get_idxs()
    assert sorted(seen) == list(range(120))


def test_a_learner_of_it_works(tmp_path: Path) -> None:
    df = frame(mean=0).assign(town=["x", "y"] * 80)
    df.loc[5, "a"] = np.nan
    dls = tabular_dls(df, ["y"], cat_names=["town"], bs=32, path=tmp_path)
    assert len(dls.valid_ds) == 32
    assert list(tabular_dls(df, "y", cat_names=["town"], bs=32).valid_ds.items.index) == list(dls.valid_ds.items.index)
    learn = learner(dls)
    learn.fit(15, 0.02)
    assert evaluate(learn)["r2"] > 0.8
    learn.export("learner.pkl")
    row = df.drop(columns="y").iloc[0]
    assert float(learn.predict(row)[2]) == pytest.approx(float(df.y[0]), abs=2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"y_names": "z"}, "'z' is not in the table"),
        ({"y_names": []}, "needs inputs and targets"),
        ({"y_names": ["y"], "cont_names": []}, "needs inputs and targets"),
        ({"valid_idx": [1, 1]}, "each once"),
        ({"valid_idx": [160]}, "each once"),
        ({"valid_idx": []}, "each once"),
        ({"valid_share": 1.5}, "between 0 and 1"),
        ({"bs": 1}, "bs from 2"),
    ],
)
def test_what_cannot_be_is_refused(options: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        tabular_dls(frame(), **{"y_names": "y", **options})
    with pytest.raises(DataError, match="missing in some rows"):
        tabular_dls(frame().assign(y=np.nan), "y")
