from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoton.errors import DataError, UsageError
from spoton.history import History, on_epoch

ROWS = [{"train_loss": 4.0, "lr": 0.1}, {"train_loss": 1.0, "valid_mse": 2.5, "path": "members"}]


def test_epochs_run_on_over_fits() -> None:
    history = History()
    history.begin_fit()
    history.append(ROWS[0])
    history.append(ROWS[1])
    history.begin_fit()
    history.append({"train_loss": 0.5})
    assert [(row["epoch"], row["fit"]) for row in history] == [(1, 1), (2, 1), (3, 2)]
    assert history.names == ["train_loss", "lr", "valid_mse", "path"]
    assert len(history) == 3
    assert history[0] == {"epoch": 1, "fit": 1, "train_loss": 4.0, "lr": 0.1}
    assert repr(history) == "History(3 epochs, 2 fits: train_loss, lr, valid_mse, path)"
    np.testing.assert_array_equal(history.column("valid_mse"), [np.nan, 2.5, np.nan])
    assert list(history.values())[:3] == [(1, 1, "train_loss", 4.0), (1, 1, "lr", 0.1), (2, 1, "train_loss", 1.0)]


def test_a_history_given_and_copied_is_the_same() -> None:
    history = History(ROWS, baseline={"valid_mse": 9.0})
    assert history == History(list(history))
    assert pickle.loads(pickle.dumps(history)) == history
    assert history != History()
    assert history != 3


def test_epochs_do_not_go_back() -> None:
    history = History([{"epoch": 5}])
    with pytest.raises(UsageError, match="epoch 5 comes after 5"):
        history.append({"epoch": 5})
    history.append({"epoch": 10})
    assert history[-1]["epoch"] == 10


def test_only_numbers_and_texts() -> None:
    with pytest.raises(UsageError, match="'loss' is list"):
        History([{"loss": [1, 2]}])
    with pytest.raises(UsageError, match="without epochs"):
        History().note(loss=1)
    assert History([{"loss": np.float32(2), "valid_loss": None}])[0] == {"epoch": 1, "fit": 1, "loss": 2.0}


def test_a_wrong_column_says_which_there_are() -> None:
    with pytest.raises(UsageError, match="no 'loss'; it has train_loss, lr"):
        History(ROWS).column("loss")
    with pytest.raises(UsageError, match="texts"):
        History(ROWS).column("path")


def test_tables_and_files(tmp_path: Path) -> None:
    history = History(ROWS, baseline={"valid_mse": 9.0})
    frame = history.to_frame()
    assert list(frame.columns) == ["epoch", "fit", "train_loss", "lr", "valid_mse", "path"]
    assert frame["valid_mse"].isna().tolist() == [True, False]
    text = history.to_csv(tmp_path / "h.csv")
    assert text.splitlines()[0] == "epoch,fit,train_loss,lr,valid_mse,path"
    assert (tmp_path / "h.csv").read_text() == text
    history.to_json(tmp_path / "h.json")
    again = History.from_json(tmp_path / "h.json")
    assert again == history
    assert again.baseline == {"valid_mse": 9.0}
    with pytest.raises(DataError, match="cannot be written"):
        history.to_csv(tmp_path / "no" / "h.csv")
    for wrong in ("{", "[]", '{"columns": {"epoch": [1], "fit": []}}', "{}"):
        with pytest.raises(DataError, match="no history"):
            History.from_json(wrong)
    assert History.from_json(History().to_json()) == History()


def test_few_digits_where_asked() -> None:
    assert '"a":[0.333333]' in History([{"a": 1 / 3}]).to_json(digits=6)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.floats(), max_size=3), max_size=5))
def test_json_keeps_every_number(rows: list[dict[str, float]]) -> None:
    history = History(rows)
    again = History.from_json(history.to_json())
    assert again.names == history.names
    for one, other in zip(history, again, strict=True):
        assert one.keys() == other.keys()
        assert all(one[k] == other[k] or (math.isnan(one[k]) and math.isnan(other[k])) for k in one)


def test_joined_histories_are_fits_of_one() -> None:
    two_fits = History()
    for loss in (3.0, 2.0):
        two_fits.begin_fit()
        two_fits.append({"train_loss": loss})
    whole = History.joined([two_fits, [{"epoch": 7, "held_out": 1.0}, {"epoch": 7, "held_out": 0.5}]])
    assert [(row["epoch"], row["fit"]) for row in whole] == [(1, 1), (2, 2), (3, 3), (4, 3)]
    assert whole.fits == 3


def test_watchers_are_told_the_inner_one_first() -> None:
    seen: list[str] = []
    history = History()
    with on_epoch(lambda h: seen.append(f"outer {h[-1].get('score')}")):
        with on_epoch(lambda h: h.note(score=7)):
            history.append({})
        history.append({})
    history.append({})
    assert seen == ["outer 7.0", "outer None"]


def test_a_watcher_is_gone_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), on_epoch(lambda h: 1 // 0):  # type: ignore[arg-type,return-value]
        History().append({})
    History().append({})


def test_the_picture() -> None:
    history = History([{"train_mse": 8 / n, "valid_mse": 9 / n} for n in (1, 2, 4)], baseline={"valid_mse": 5.0})
    ax = history.plot()
    train, valid, mean = ax.get_lines()
    assert list(train.get_ydata()) == [8, 4, 2]
    assert list(valid.get_xdata()) == [1, 2, 3]
    assert list(mean.get_ydata()) == [5, 5]
    assert ax.get_title(loc="left") == "train mse 2, valid mse 2.25"
    assert history.plot(ax) is ax
    with pytest.raises(UsageError, match="no curves"):
        History().plot()
