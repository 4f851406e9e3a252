"""Sweeps: exact grids, repeatable draws, early stops, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState
from slow_learner import Slow, sums
from small_sweeps import params_of, small

import spoton
from spoton.errors import StoreError, UnknownName, UsageError
from spoton.sweeps._family import Family
from spoton.sweeps._rows import rows_for_tuning


def test_a_grid_is_covered_exactly() -> None:
    grid = {"alpha": [0.1, 1, 10], "+xnorm": [True, False], "+ynorm": ["standard", "robust", False]}
    found = spoton.sweep(sums(), "ridge", grid, sampler="grid", seeds=1, store="runs.db")
    assert len(found.trials) == 18
    assert {row.learner for row in found.trials} == {
        f"ridge{x}{y}?alpha={a}" for x in ("+xnorm", "") for y in ("+ynorm", "+ynorm=robust", "") for a in (0.1, 1, 10)
    }
    assert {row.state for row in found.trials} == {"complete"}
    assert found.plan.prune is False
    assert len(found.finals) == 6
    assert {run.learner for run in found.report} == {"ridge", found.best_learner}
    options: dict[str, Any] = {"seeds": 1, "store": "runs.db", "finalists": 1, "studies": "part.jsonl"}
    part = spoton.sweep(sums(), "ridge", grid, sampler="grid", trials=5, **options)
    assert [part.made, len(part.trials)] == [0, 5]  # the same runs, found in the store


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_the_same_seed_draws_the_same_trials(sampler: str) -> None:
    first = small(sampler=sampler, trials=12, studies="one.jsonl")
    again = small(sampler=sampler, trials=12, studies="two.jsonl")
    other = small(sampler=sampler, trials=12, studies="three.jsonl", seed=1)
    assert params_of(first) == params_of(again) != params_of(other)
    assert again.made == 0  # the store had all of them
    assert [row.value for row in first.trials] == [row.value for row in again.trials]


def test_a_small_space_ends_when_all_of_it_is_made() -> None:
    found = spoton.sweep(sums(), "ridge", {"alpha": [1, 2, 3]}, trials=50, seeds=1, finalists=1, sampler="random")
    assert sorted(row.params["alpha"] for row in found.trials) == [1, 2, 3]


def test_bad_trials_are_stopped_early() -> None:
    space = {"rate": "0.0..1.0"}
    options: dict[str, Any] = {"trials": 25, "seeds": 1, "finalists": 1, "sampler": "random", "metric": "mse"}
    epochs = {}
    for prune in (True, False):
        Slow.made = 0
        found = spoton.sweep(sums(), ("slow", Slow(epochs=8)), space, prune=prune, studies=f"{prune}.jsonl", **options)
        epochs[prune] = Slow.made
        if prune:
            stopped = [row for row in found.trials if row.state == "pruned"]
            best = found.best_params["rate"]
            assert len(stopped) >= 8
            assert all(row.epochs is not None and row.epochs < 8 for row in stopped)
            assert all(row.reason.startswith("pruned after epoch") for row in stopped)
            assert {t.state for t in found.study.trials} == {TrialState.COMPLETE, TrialState.PRUNED}
            assert [run.status for run in found.runs].count("skipped") == len(stopped)
            assert max(row.params["rate"] for row in stopped) < best
    assert found.best_params["rate"] == best  # the same trial wins
    assert epochs[True] < 0.75 * epochs[False]


def test_trials_with_other_numbers_of_epochs_are_not_compared() -> None:
    space: dict[str, Any] = {"rate": "0.0..1.0", "epochs": [3, 6]}
    found = spoton.sweep(
        sums(), ("slow", Slow()), space, trials=14, seeds=1, finalists=1, metric="mse", sampler="random"
    )
    assert found.plan.prune
    for row in found.trials:
        before = [
            t for t in found.trials if t.planned == row.planned and t.number < row.number and t.state == "complete"
        ]
        assert row.state == "complete" or len(before) >= 5


def test_failed_trials_are_rows_with_a_reason() -> None:
    space = {"rate": [0.1, 0.9], "breaks": [True, False]}
    found = spoton.sweep(sums(), ("slow", Slow(epochs=2)), space, sampler="grid", seeds=1, store="runs.db", finalists=1)
    assert [row.state for row in found.trials] == ["failed", "complete", "failed", "complete"]
    assert found.trials[0].reason == "RuntimeError: the learner broke"
    assert found.best_params == {"rate": 0.9, "breaks": False}
    assert found.to_frame().loc[0, ["state", "rate", "breaks"]].tolist() == ["failed", 0.1, True]
    again = spoton.sweep(sums(), ("slow", Slow(epochs=2)), space, sampler="grid", seeds=1, store="runs.db", finalists=1)
    assert again.made == 0  # what failed for a reason would fail again
    nothing = spoton.sweep(sums(), ("slow", Slow(breaks=True)), {"rate": [0.1]}, seeds=1)
    assert [nothing.best, nothing.report, nothing.best_params] == [None, [], {}]


def test_no_trial_sees_a_row_that_is_reported() -> None:
    task = sums(200)
    tuning = rows_for_tuning(task, (0, 1, 2))
    seen = {tuple(row) for row in tuning.data().X.to_numpy()}
    whole = task.data().X.to_numpy()
    for seed in (0, 1, 2):
        assert not seen & {tuple(row) for row in whole[task.split(seed).valid]}
    assert len(seen) == len(set(range(200)).difference(*(task.split(seed).valid for seed in (0, 1, 2))))
    found = small()
    assert found.plan.tuning_seed == 1
    assert {run.task for run in found.runs} == {"sums (tuning rows, off seeds 0)"}
    assert {(run.task, run.seed) for run in found.report} == {("sums", 0)}


def test_the_direction_is_that_of_the_metric() -> None:
    r2, mse = small(metric="r2", finalists=3), small(metric="mse", studies="other.jsonl")
    assert r2.study.direction.name == "MAXIMIZE"
    assert mse.study.direction.name == "MINIMIZE"
    values = [row.value or 0.0 for row in mse.ranked()]
    assert values == sorted(values)
    assert sorted([row.value or 0.0 for row in r2.ranked()], reverse=True) == [row.value for row in r2.ranked()]
    means = [r2.mean_of(row) for row in r2.ranked()[:3]]
    assert r2.best is not None
    assert r2.mean_of(r2.best) == max(mean for mean in means if mean is not None)


def test_names_of_learners_with_settings() -> None:
    family = Family("featsnet@pix+ynorm?epochs=9")
    assert family({})[0] == "featsnet@pix+ynorm?epochs=9"
    assert family({"lr": 0.00316, "+xnorm": True})[0] == "featsnet@pix+xnorm+ynorm?epochs=9&lr=0.00316"
    assert Family("ridge")({"@": "pts6+pix", "+ynorm": "robust"})[0] == "ridge@pts6+pix+ynorm=robust"
    assert Family("fastai-tabular")({"layers": (200, 100)})[0] == "fastai-tabular?layers=200x100"
    assert Family("ridge").epochs({}) is None
    assert Family("net3").epochs({"epochs": 7}) == 7


@pytest.mark.parametrize(
    ("learner", "params", "said"),
    [
        ("net3", {"lrr": [1]}, "did you mean lr"),
        ("nett3", {"lr": [1]}, "did you mean net3"),
        ("oracle", {"lr": [1]}, "nothing to choose"),
        ("net3?lr=1", {"lr": [0.1]}, "fixes lr already"),
        ("ridge+ynorm", {"+ynorm": [True]}, r"fixes \+ynorm already"),
        ("ridge@pts", {"@": ["pix"]}, "fixes @ already"),
        ("ridge", {"+norm": [True]}, r"did you mean \+"),
        ("ridge", {"+ynorm": ["good"]}, "scaling of answers"),
        ("ridge", {"@": ["ptss"]}, "did you mean pts"),
        ("ridge", {"@pts": [True]}, "features are swept as"),
        ("ridge", {"+ynorm": "1..3"}, "takes words"),
        ("spotnet", {"+xnorm": [True]}, "takes images as they are"),
    ],
)
def test_a_wrong_parameter_is_said_before_anything_runs(learner: str, params: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        spoton.sweep("pnist/topleft", learner, params)
    assert not list(Path.cwd().iterdir())


def test_other_things_that_are_refused() -> None:
    for error, said, options in (
        (UnknownName, "no metric is called 'msee'; did you mean mse", {"metric": "msee"}),
        (UnknownName, "no metric of sums is called 'hit'", {"metric": "hit"}),
        (UnknownName, "no sampler is called 'tp'", {"sampler": "tp"}),
        (UsageError, "too many to count", {"sampler": "grid"}),
        (UsageError, "1 trial and 1 finalist", {"trials": 0}),
        (UsageError, "jobs has to be 1 or more", {"jobs": 0}),
        (UsageError, "on one seed at least", {"seeds": 0}),
        (UsageError, "and 10 are needed", {"seeds": 20}),
        (UsageError, "train size of 79 is not possible", {"train_size": 79}),
        (UsageError, "ridge has no epochs", {"prune": True}),
        (StoreError, "no such folder", {"studies": "no/such.jsonl"}),
    ):
        with pytest.raises(error, match=said):
            small(**options)
    with pytest.raises(UnknownName, match="parameter of Slow"):
        spoton.sweep(sums(), Slow(), {"speed": [1]})
    assert not list(Path.cwd().iterdir())
