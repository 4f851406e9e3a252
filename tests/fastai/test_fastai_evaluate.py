"""`evaluate`, `R2` and `checked`: scikit-learn's figures over all rows, and no silent broadcasting."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from plain_fastai import custom, frame, tabular
from sklearn.metrics import max_error, mean_squared_error, r2_score
from torch import Tensor, nn

from spoton.data import as_input
from spoton.errors import DataError, UnknownName, UsageError
from spoton.fastai import R2, checked, evaluate
from spoton.fastai._quiet import quietly
from spoton.learners._fastai import FastaiRegressor
from spoton.metrics import score

with quietly():
    from fastai.callback.progress import ProgressCallback
    from fastai.metrics import R2Score, mae, rmse


def test_plain_validation_of_the_training_rows_drops_some_and_ours_none() -> None:
    learn = tabular(metrics=[rmse])
    learn.fit(2, 0.01)
    table = learn.dls.train_ds
    learn.model.eval()
    with torch.no_grad():
        answers = learn.model(None, torch.tensor(table.conts.to_numpy(), dtype=torch.float32)).numpy()
    whole = float(((answers - table.ys.to_numpy()) ** 2).mean())
    assert abs(float(learn.validate(ds_idx=0)[0]) / whole - 1) > 1e-6, "validate(ds_idx=0) takes every row once now"
    seen = evaluate(learn, "train")
    assert seen["mse"] == pytest.approx(whole, rel=1e-5)
    assert set(seen) == {"r2", "mse", "mae"}
    assert evaluate(learn, "train") == seen


def test_nothing_that_was_recorded_changes(capsys: Any) -> None:
    learn = tabular(metrics=[rmse])
    learn.add_cb(ProgressCallback())
    with learn.no_logging(), learn.no_mbar():
        learn.fit(2, 0.01)
    values, losses = list(learn.recorder.values), list(learn.recorder.losses)
    state, rng = torch.get_rng_state(), learn.dls.train.rng.getstate()
    capsys.readouterr()
    evaluate(learn, "train")
    evaluate(learn)
    assert capsys.readouterr().out == ""
    assert (learn.recorder.values, learn.recorder.losses) == (values, losses)
    assert learn.final_record == values[-1]
    assert torch.equal(torch.get_rng_state(), state)
    assert learn.dls.train.rng.getstate() == rng
    assert learn.progress.run


def test_the_figures_are_those_of_the_bench_and_of_scikit_learn() -> None:
    df = frame(mean=0)
    df["z"] = df.a**2
    X, y = df[["a", "b"]], df[["y", "z"]]
    model = FastaiRegressor(epochs=3, layers=(20,), random_state=0).fit(X, y)
    bench = score(y.to_numpy(), model.predict(X), ["y0", "y1"])
    assert evaluate(model.learn_, "train") == pytest.approx(bench, rel=1e-5)
    learn = tabular(df, ["y", "z"])
    answers, targets = (t.double().numpy() for t in learn.get_preds())
    seen = evaluate(learn)
    assert seen["r2"] == pytest.approx(r2_score(targets, answers))
    assert seen["r2:z"] == pytest.approx(r2_score(targets[:, 1], answers[:, 1]))
    chosen = evaluate(learn, "valid", ["mse", mean_squared_error, partial(mean_squared_error)])
    assert list(chosen) == ["mse", "mean_squared_error", "partial"]
    assert len(set(chosen.values())) == 1
    assert evaluate(learn, metrics="mse") == evaluate(learn, metrics=["mse"]) == {"mse": chosen["mse"]}
    assert evaluate(learn, metrics=mean_squared_error) == {"mean_squared_error": chosen["mse"]}


def test_what_cannot_be_evaluated_says_why() -> None:
    learn = custom(torch.randn(8, 2), torch.randn(8, 1), nn.Linear(2, 3), loss_func=any_loss)
    with pytest.raises(UnknownName, match="r2"):
        evaluate(learn, metrics=["r22"])
    for wrong in (rmse, [rmse], mae, [R2()], [3]):
        with pytest.raises(UsageError, match="evaluate takes names of spoton's metrics and functions"):
            evaluate(learn, metrics=wrong)
    with pytest.raises(UsageError, match="train and valid"):
        evaluate(learn, "test")
    with pytest.raises(DataError, match=r"\(2, 3\) answers for \(2, 1\) targets"):
        evaluate(learn)
    with pytest.raises(ValueError, match=r"[Mm]ultioutput not supported"):
        evaluate(custom(torch.randn(8, 2), torch.randn(8, 2), nn.Linear(2, 2)), metrics=[max_error])


def two_outputs() -> tuple[Any, Any]:
    """Around 0 and around 100; half of each output's variance is explained."""
    rng = np.random.RandomState(0)
    known, noise = rng.randn(2, 400, 2)
    answers = known + np.array([0, 100])
    return answers, answers + noise


def any_loss(answers: Tensor, _: Tensor, **__: Any) -> Tensor:
    return answers.sum()


def value(metric: Any, answers: Any, targets: Any) -> float:
    """As a Learner computes it, over batches."""
    net = nn.Identity()
    net.register_parameter("dummy", nn.Parameter(torch.zeros(1)))
    learn = custom(torch.as_tensor(answers), torch.as_tensor(targets), net, bs=64, metrics=[metric], loss_func=any_loss)
    return float(learn.validate()[1])


def test_r2_of_several_outputs() -> None:
    answers, targets = two_outputs()
    held = slice(300, None)
    true = r2_score(targets[held], answers[held])
    assert true < 0.6
    assert value(R2Score(), answers, targets) > 0.99, "fastai's R2Score scores each output by itself now"
    assert value(R2(), answers, targets) == pytest.approx(true)
    for j in (0, 1):
        assert value(R2(j), answers, targets) == pytest.approx(r2_score(targets[held, j], answers[held, j]))
    weighted = r2_score(targets[held], answers[held], multioutput="variance_weighted")
    assert value(R2("variance_weighted"), answers, targets) == pytest.approx(weighted)
    weighted = r2_score(targets[held], answers[held], multioutput=[0.3, 0.7])
    assert value(R2([0.3, 0.7]), answers, targets) == pytest.approx(weighted)
    assert value(R2(), answers.reshape(-1, 1, 2), targets) == pytest.approx(true)
    assert value(R2(), answers[:, :1], targets[:, 0]) == pytest.approx(r2_score(targets[held, 0], answers[held, 0]))
    assert (R2().name, R2(1).name) == ("r2", "r2_1")
    with pytest.raises(UsageError, match="multioutput"):
        R2("raw_values")
    with pytest.raises(UsageError, match="no output 2"):
        value(R2(2), answers, targets)
    with pytest.raises(DataError, match="one answer a target"):
        value(R2(), answers[:, :1], targets)


def far(answers: Tensor, targets: Tensor) -> Tensor:
    return (answers - targets).abs().mean()


def test_a_column_of_answers_against_a_row_of_targets() -> None:
    answers, targets = torch.arange(8.0)[:, None], torch.arange(8.0)
    assert far(answers, targets) > 2  # every answer is right
    assert value(far, answers, targets) > 0.4, "fastai checks the shapes of metrics now"
    with pytest.raises(DataError, match=r"far needs answers and targets of one shape, these are \(2, 1\) and \(2,\)"):
        value(checked(far), answers, targets)
    assert value(checked(far), answers, targets[:, None]) == 0
    learn = custom(answers, answers, nn.Linear(1, 1), metrics=[checked(far)])
    assert learn.metrics[0].name == "far"
    assert checked(partial(far)).__name__ == "far"
    with pytest.raises(UsageError, match="takes a function"):
        checked(rmse)


def test_images_are_input_as_the_bench_has_them() -> None:
    """The rows come in the order of the data, so they can be joined with what else is known of them."""
    from spoton.fastai._evaluate import rows_of

    X = as_input(np.arange(40.0).reshape(40, 1)).astype(np.float32)
    net = nn.Linear(1, 1)
    learn = custom(torch.tensor(X), torch.tensor(X), net)
    actual, predicted, names = rows_of(learn, "train")
    assert actual[:, 0].tolist() == list(range(30))
    assert predicted == pytest.approx(net(torch.tensor(X[:30])).detach().numpy())
    assert names == ["y0"]
