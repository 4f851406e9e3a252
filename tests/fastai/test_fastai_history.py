"""`History` and `CSVHistory`: what fastai's recorder and CSVLogger lose, they keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from plain_fastai import custom, quiet, tabular
from torch import nn

from spoton.errors import DataError, UsageError
from spoton.fastai import CSVHistory, History
from spoton.fastai._quiet import quietly

with quietly():
    from fastai.callback.core import Callback
    from fastai.callback.progress import CSVLogger, ProgressCallback
    from fastai.callback.schedule import lr_find  # noqa: F401  # it adds Learner.lr_find
    from fastai.learner import load_learner
    from fastai.metrics import mae


def plain(path: Path, **options: Any) -> Any:
    return tabular(metrics=mae, path=path, cbs=CSVLogger(**options))


def ours(path: Path, **options: Any) -> Any:
    return tabular(metrics=mae, path=path, cbs=CSVHistory(**options))


def rows(path: Path) -> list[str]:
    return (path / "history.csv").read_text().splitlines()


def counts(path: Path) -> list[list[int]]:
    """(epoch, fit) of each row."""
    return pd.read_csv(path / "history.csv")[["epoch", "fit"]].to_numpy().tolist()


def test_a_validation_overwrites_the_file_of_csvlogger_and_not_ours(tmp_path: Path) -> None:
    learn = plain(tmp_path)
    learn.fit(3)
    assert len(rows(tmp_path)) == 4
    learn.validate()
    assert len(rows(tmp_path)) == 2, "validate() leaves CSVLogger's file alone now: say so in docs/fastai.md"

    learn = ours(tmp_path)
    learn.fit(2)
    written = rows(tmp_path)
    learn.validate()
    learn.get_preds()
    learn.predict(pd.Series({"a": 1.0, "b": 2.0}))
    learn.lr_find(num_it=12, show_plot=False)
    assert rows(tmp_path) == written
    learn.fit(1, 0.01)
    assert rows(tmp_path)[:3] == written
    assert counts(tmp_path) == [[1, 1], [2, 1], [3, 2]]
    kept = learn.csv_history.history
    assert kept.column("lr") == pytest.approx([1e-3, 1e-3, 1e-2])
    read = learn.csv_history.read_log()
    assert read.equals(kept.to_frame())
    assert list(read) == ["epoch", "fit", "train_loss", "valid_loss", "mae", "seconds", "lr"]


def test_lr_find_is_no_fit(tmp_path: Path) -> None:
    learn = plain(tmp_path)
    learn.lr_find(num_it=12, show_plot=False)
    assert len(rows(tmp_path)) > 1, "lr_find() writes nothing into CSVLogger's file now"
    learn = tabular(path=tmp_path, cbs=History())
    learn.lr_find(num_it=12, show_plot=False)
    assert len(learn.history.history) == 0
    assert len(learn.recorder.lrs) == 12  # plot_lr_find needs them


def test_appending_repeats_no_header(tmp_path: Path) -> None:
    learn = plain(tmp_path, append=True)
    learn.fit(1)
    learn.fit(1)
    assert sum(line.startswith("epoch") for line in rows(tmp_path)) == 2, "CSVLogger writes one header now"
    with pytest.raises(DataError, match="not written by CSVHistory, its columns are epoch, train_loss"):
        ours(tmp_path, append=True).fit(1)

    (tmp_path / "history.csv").unlink()
    ours(tmp_path, append=True).fit(2)
    learn = ours(tmp_path, append=True)
    learn.fit(1)
    learn.fit(1)
    assert counts(tmp_path) == [[1, 1], [2, 1], [3, 2], [4, 3]]
    assert len(learn.csv_history.history) == 4
    learn.metrics = []
    learn.fit(1)  # fewer columns: the header has them
    assert rows(tmp_path)[-1].split(",")[4] == ""
    learn.metrics = [mae, torch.nn.functional.l1_loss]
    learn.fit(1)  # one more
    read = pd.read_csv(tmp_path / "history.csv")
    assert read["mae"].isna().tolist() == [False] * 4 + [True, False]
    assert read["l1_loss"].isna().tolist() == [True] * 5 + [False]
    ours(tmp_path).fit(1)
    assert counts(tmp_path) == [[1, 1]]


def test_no_bar_does_not_silence_it(tmp_path: Path) -> None:
    def fitted(callback: Any) -> Any:
        learn = tabular(path=tmp_path, cbs=callback)
        learn.logger = print
        learn.add_cb(ProgressCallback())  # as by default
        with learn.no_bar():
            learn.fit(1)
        learn.fit(2)
        return learn

    learn = fitted(CSVLogger())
    assert len(rows(tmp_path)) == 1, "CSVLogger writes after a fit with no_bar() now"
    learn = fitted(CSVHistory())
    assert counts(tmp_path) == [[1, 1], [2, 2], [3, 2]]
    assert learn.logger is print


def test_export_works_and_leaves_the_learner_whole(tmp_path: Path) -> None:
    learn = plain(tmp_path)
    learn.fit(1)
    with pytest.raises(Exception, match="Cannot pickle closed files"):
        learn.export("learner.pkl")
    assert len(learn.dls.train_ds) == 0, "a failed export leaves the data where they are now"

    learn = ours(tmp_path)
    learn.fit(1)
    learn.export("learner.pkl")
    learn.fit(1)
    assert counts(tmp_path) == [[1, 1], [2, 2]]
    again = quiet(load_learner(tmp_path / "learner.pkl"))
    assert len(again.csv_history.history) == 1
    assert again.csv_history.learn is again
    row = pd.Series({"a": 1.0, "b": 2.0})
    assert again.predict(row)[2].shape == (1,)


def test_folders_are_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        plain(tmp_path, fname="runs/one/history.csv").fit(1)
    ours(tmp_path, fname="runs/one/history.csv").fit(1)
    assert counts(tmp_path / "runs" / "one") == [[1, 1]]


class Interrupt(Callback):  # type: ignore[misc]
    def before_batch(self) -> None:
        if self.learn.epoch == 2:
            raise KeyboardInterrupt


def test_an_interrupted_fit_keeps_its_epochs(tmp_path: Path) -> None:
    learn = plain(tmp_path)
    logger = learn.logger
    with pytest.raises(KeyboardInterrupt):
        learn.fit(5, cbs=Interrupt())
    learn.csv_logger.file.close()
    assert learn.logger != logger, "an interrupted fit gives CSVLogger's logger back now"
    learn = ours(tmp_path)
    logger = learn.logger
    with pytest.raises(KeyboardInterrupt):
        learn.fit(5, cbs=Interrupt())
    assert learn.logger is logger
    learn.validate()
    learn.fit(1)
    assert counts(tmp_path) == [[1, 1], [2, 1], [3, 2]]


def test_fine_tune_is_two_fits(tmp_path: Path) -> None:
    learn = ours(tmp_path)
    learn.fine_tune(2, freeze_epochs=1)
    assert counts(tmp_path) == [[1, 1], [2, 2], [3, 2]]


def test_what_the_recorder_holds_survives_a_validation() -> None:
    learn = tabular(metrics=mae)
    learn.fit(3)
    learn.get_preds()
    assert (len(learn.recorder.values), learn.recorder.losses) == (1, []), "the Recorder keeps its values now"
    learn = tabular(metrics=mae, cbs=History())
    learn.fit(3)
    before = list(learn.recorder.values), list(learn.recorder.losses), list(learn.recorder.lrs)
    seen = learn.validate()
    learn.get_preds()
    assert (learn.recorder.values, learn.recorder.losses, learn.recorder.lrs) == before
    assert len(before[0]) == 3
    assert len(before[1]) == 9  # 120 rows in batches of 32, the last one dropped
    assert list(seen) == pytest.approx(list(before[0][-1][1:]))


def test_the_training_loss_is_the_mean_of_its_epoch() -> None:
    """fastai's is a running average over all epochs: after a sudden fall it is behind for long."""
    X, y = torch.zeros(64, 1), torch.full((64, 1), 10.0)
    net = nn.Linear(1, 1)
    nn.init.zeros_(net.bias)

    class Jump(Callback):  # type: ignore[misc]
        def before_epoch(self) -> None:
            if self.learn.epoch == 1:
                nn.init.constant_(net.bias, 10.0)

    learn = custom(X, y, net, cbs=[History(), Jump()])
    learn.fit(2, 0.0)
    assert learn.recorder.values[-1][0] > 10, "fastai's training loss begins anew in each epoch now"
    assert learn.history.history.column("train_loss") == pytest.approx([100, 0])


def test_the_training_rows_in_evaluation_mode() -> None:
    X = torch.randn(60, 3)
    y = X @ torch.randn(3, 1)
    net = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1), nn.BatchNorm1d(1))
    net[3].eval()  # frozen by hand
    learn = custom(X, y, net, metrics=mae, cbs=History(eval_every=2))
    learn.fit(4, 0.01)
    kept = learn.history.history
    assert np.isnan(kept.column("train_loss_eval")).tolist() == [True, False, True, False]
    net.eval()
    with torch.no_grad():
        error = (net(X[:45]) - y[:45]).abs()
    assert kept[-1]["train_loss_eval"] == pytest.approx(float((error**2).mean()), rel=1e-5)
    assert kept[-1]["train_mae_eval"] == pytest.approx(float(error.mean()), rel=1e-5)
    assert kept[-1]["mae"] == pytest.approx(learn.validate()[1], rel=1e-5)
    with pytest.raises(UsageError, match="eval_every"):
        History(eval_every=-1)


def test_measuring_on_the_side_changes_no_training() -> None:
    found = []
    for every in (0, 1):
        X = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
        torch.manual_seed(1)
        net = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1))
        import random

        random.seed(0)
        learn = custom(X, X.sum(1, keepdim=True), net, metrics=mae, cbs=History(eval_every=every))
        learn.fit(3, 0.01)
        found.append(learn.get_preds()[0])
    assert torch.equal(*found)
