"""Studies: a sweep that was broken off goes on, processes share one, nothing is made twice, nothing is lost."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any, cast

import optuna
import pytest
from optuna.trial import TrialState
from slow_learner import sums
from small_sweeps import params_of, small

from spoton._run import Run
from spoton.errors import StoreError, UsageError
from spoton.store import Store
from spoton.sweeps import _claims as claims
from spoton.sweeps._plan import Plan, plan
from spoton.sweeps._search import Search
from spoton.sweeps._studies import Studies, quiet
from spoton.sweeps._trial import Job


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
