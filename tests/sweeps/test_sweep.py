"""Sweeps: exact grids, repeatable draws, nothing made twice, early stops, and what is refused."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any, cast

import optuna
import pytest
from optuna.trial import TrialState
from slow_learner import Slow, sums

import spoton
from spoton._run import Run
from spoton.errors import StoreError, UnknownName, UsageError
from spoton.store import Store
from spoton.sweeps import Sweep
from spoton.sweeps import _claims as claims
from spoton.sweeps._family import Family
from spoton.sweeps._plan import Plan, plan
from spoton.sweeps._rows import rows_for_tuning
from spoton.sweeps._search import Search
from spoton.sweeps._studies import Studies, quiet
from spoton.sweeps._trial import Job

RIDGE: dict[str, Any] = {"alpha": "1e-3..1e3:log", "+xnorm": None}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def small(**more: Any) -> Sweep:
    options: dict[str, Any] = {"trials": 6, "seeds": 1, "finalists": 1, "store": "runs.db"}
    return spoton.sweep(sums(), "ridge", RIDGE, **(options | more))


def params_of(found: Sweep) -> list[Any]:
    return [row.params for row in found.trials]


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


def test_a_sweep_that_was_interrupted_goes_on_as_it_would_have(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = small(trials=13, studies="whole.jsonl", store=None)
    seen: list[Run] = []

    def stop(run: Run) -> None:
        seen.append(run)
        if len(seen) == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small(trials=13, on_run=stop)
    assert len(seen) == 8
    found = small(trials=13)
    assert found.made == 5
    assert params_of(found) == params_of(whole)
    assert [run.learner for run in found.runs] == [row.learner for row in found.trials]
    assert small(trials=13).made == 0
    assert small(trials=15).made == 2
    with Store.open("runs.db") as store:
        names = [run.learner for run in store.runs(task=found.plan.tuning.name)]
    assert len(names) == len(set(names)) == 15


def test_a_trial_that_was_broken_off_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    real, count = Job.run, [0]

    def killed(self: Job, storage: Any = None) -> Run:
        count[0] += 1
        if count[0] == 4:
            raise KeyboardInterrupt
        return real(self, storage)

    monkeypatch.setattr(Job, "run", killed)
    with pytest.raises(KeyboardInterrupt):
        small()
    found = small()
    assert [found.made, len(found.trials)] == [3, 6]
    broken = [t for t in found.study.trials if t.state == TrialState.FAIL]
    assert len(broken) == 1
    assert broken[0].params == found.study.trials[broken[0].number + 1].params


def test_trials_of_processes_that_are_gone_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(claims, "owner", lambda: ["elsewhere", 1, ""])
        patched.setattr(claims, "give_up", lambda *_: None)
        patched.setattr("spoton.sweeps._trial.Job.run", killed)
        with pytest.raises(KeyboardInterrupt):
            small()
    found = small()
    assert [found.made, found.report] == [5, []]  # another machine may still make it, so it is left alone
    assert [row.state for row in found.trials].count("running") == 1
    monkeypatch.setattr(claims, "alive", lambda held: held[0] != "elsewhere")
    found = small()
    assert [found.made, len(found.trials), len(found.report)] == [1, 6, 2]


def test_own_process_is_alive_and_others_are_not() -> None:
    host, number, begun = claims.owner()
    assert claims.alive([host, number, begun])
    assert not claims.alive([host, number, begun + "0"])
    assert not claims.alive([host, 2**22 + 7, begun])
    assert claims.alive(["elsewhere", 1, ""])


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


def test_studies_and_runs_have_databases_of_their_own() -> None:
    for studies in ("runs.db", "./runs.db", "sqlite:///runs.db"):
        with pytest.raises(UsageError, match="is the store of runs; a sweep keeps its trials"):
            small(studies=studies)
    server = "mariadb://me:secret@localhost/runs"
    with pytest.raises(UsageError) as caught:
        small(store=server, studies="mysql+pymysql://you:hidden@127.0.0.1:3306/runs")
    assert "secret" not in str(caught.value)
    assert "hidden" not in str(caught.value)
    Store.open("runs.db").close()
    for studies, said in (("runs.db", "as sqlite:///runs.db"), ("sqlite:///runs.db", "is a store of runs")):
        with pytest.raises(StoreError, match=said):
            small(store=None, studies=studies)
    Path("notes.txt").write_text("hello\n")
    with pytest.raises(StoreError, match="no journal of trials"):
        small(studies="notes.txt")
    assert Path("notes.txt").read_text() == "hello\n"


def test_a_database_keeps_trials_as_well() -> None:
    first = small(studies="sqlite:///trials.db", trials=3)
    again = small(studies="sqlite:///trials.db", trials=3)
    assert [first.made, again.made] == [3, 0]
    assert params_of(first) == params_of(again)
    first.study._storage.remove_session()


def test_half_a_line_of_a_killed_writer_is_cut_off() -> None:
    small(trials=3)
    path = Path("spoton-sweeps.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"op_code":4,"wor')
    found = small(trials=4)
    assert [found.made, len(found.trials)] == [1, 4]
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_processes_that_sweep_together_make_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def run(self: Job, storage: Any = None) -> Run:
        time.sleep(0.01)
        made.append(self.cell.name)
        return Run("t", self.cell.name, status="ok", metrics={"valid": {"r2": self.number / 100}})

    monkeypatch.setattr(Job, "run", run)
    params: dict[str, Any] = {"alpha": [1, 2, 3, 4, 5], "+xnorm": None}
    checked = plan(sums(), "ridge", params, sampler="random", trials=9, seeds=1, **REST)
    where = Studies.at("together.jsonl")
    with quiet():
        make_study(checked, where)

        def sweep() -> None:
            study, storage = make_study(checked, where)
            nothing = cast(Any, lambda _: None)
            Search(checked, study, storage, where, nothing, nothing, nothing).all(1)

        threads = [threading.Thread(target=sweep) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        study, _ = make_study(checked, where)
    assert len(made) == len(set(made)) == 9
    assert len(claims.counted(study.trials)) == 9
    assert not claims.running(study.trials)


REST: dict[str, Any] = {"metric": None, "seed": 0, "train_size": None, "prune": None, "finalists": 1}


def make_study(checked: Plan, where: Studies) -> tuple[Any, Any]:
    storage = where.open()
    study = optuna.create_study(storage=storage, study_name=checked.study, direction="maximize", load_if_exists=True)
    return study, storage


def test_a_process_that_died_while_it_drew_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "PATIENCE", 0.2)
    first = small(trials=2)
    for _ in range(2):
        first.study.ask()  # and no claim
    start = time.monotonic()
    found = small(trials=6)
    assert [found.made, len(found.trials), len(found.report)] == [4, 6, 2]
    assert [t.state for t in found.study.trials].count(TrialState.FAIL) == 2
    assert time.monotonic() - start < 60
    late = first.study.ask()
    claims.give_up(first.study, [late.number])
    assert not claims.claim(first.study, late, "ridge", None, 99)


def test_a_trial_that_was_made_and_not_told_is_told_later(monkeypatch: pytest.MonkeyPatch) -> None:
    real, count = claims.finish, [0]

    def killed(*given: Any) -> None:
        count[0] += 1
        if count[0] == 3:
            raise KeyboardInterrupt
        real(*given)

    with monkeypatch.context() as patched:
        patched.setattr(claims, "finish", killed)
        patched.setattr(claims, "give_up", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            small()
    monkeypatch.setattr(claims, "alive", lambda _: False)
    found = small()
    assert [found.made, len(found.trials), len(found.runs)] == [3, 6, 6]
    assert {row.state for row in found.trials} == {"complete"}
