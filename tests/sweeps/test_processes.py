"""Sweeps of real processes: several at once, killed ones, Ctrl-C, and the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from spoton._provenance import _of_process
from spoton.cli import main
from spoton.store import JOURNAL, Store, append

COMMAND = [
    *(
        sys.executable,
        "-m",
        "spoton",
        "sweep",
        "friedman1",
        "ridge",
        "--param",
        "alpha=1e-3..1e3:log",
        "--param",
        "+xnorm",
    ),
    *("--sampler", "random", "--trials", "30", "--seeds", "1", "--finalists", "2", "--jobs", "1"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tuning_runs() -> list[str]:
    """Learners of the trials in the store; finalists have other seeds."""
    with Store.open("spoton.db") as store:
        return [run.learner for run in store.runs() if "tuning rows" in run.task and run.seed == 1]


def spoton(monkeypatch: pytest.MonkeyPatch, words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["spoton", *words.split()])
    with pytest.raises(SystemExit) as stop:
        main()
    return int(stop.value.code or 0)


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    words = "sweep friedman1 ridge --param alpha=1,10,100 --param +xnorm --sampler grid --seeds 1 --jobs 1"
    assert spoton(monkeypatch, f"{words} --csv all.csv --picture all.svg") == 0
    said = capsys.readouterr()
    assert "6 trials by grid: 6 completed" in said.out
    best = said.out.partition("Best: ")[2].split()[0]
    assert "which no trial has seen" in said.out
    assert "mean of 3" in said.out
    assert "Next:" not in said.out
    assert len(Path("all.csv").read_text().splitlines()) == 7
    assert "<svg" in Path("all.svg").read_text()
    assert len(tuning_runs()) == 6
    with Store.open("spoton.db") as store:
        kept = [store.artifacts(run) for run in store.runs(task="friedman1", learner=best)]
    assert [list(artifacts) for artifacts in kept] == [["sweep.png"]]
    assert kept[0]["sweep.png"][1].startswith(b"\x89PNG")
    assert spoton(monkeypatch, words) == 0
    assert "0 made now" in capsys.readouterr().out
    assert len(tuning_runs()) == 6


def test_a_trial_that_waits_in_the_spool_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    words = "sweep friedman1 ridge --param alpha=1,10 --sampler grid --seeds 1 --finalists 1 --jobs 1"
    assert spoton(monkeypatch, words) == 0
    with Store.open("spoton.db") as store:
        trial = next(run for run in store.runs() if "tuning rows" in run.task)
    for path in ("spoton.db", "spoton-sweeps.jsonl"):
        Path(path).unlink()
    append(JOURNAL, trial)  # all that one left that was killed between spool and store
    assert spoton(monkeypatch, words) == 0
    assert len(tuning_runs()) == 2
    assert not Path(JOURNAL).exists()


def test_wrong_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for words, said in (
        ("friedman1", "one task and one learner"),
        ("friedman1 ridge", "a parameter at least"),
        ("friedman1 ridge --param alfa=1,2", "did you mean alpha"),
        ("friedman1 ridge --param alpha=1,2 --metric r3", "did you mean r2"),
        ("friedman1 ridge --param alpha=1,2 --studies spoton.db", "is the store of runs"),
        ("friedman1 ridge --param alpha=1,2 --picture no/such.png", "there is no such folder"),
        ("friedman1 ridge --param alpha=1,2 --picture all.txt", "a .png, .svg or .pdf file"),
        ("friedmann1 ridge --param alpha=1,2", "did you mean friedman1"),
    ):
        assert spoton(monkeypatch, f"sweep {words}") == 2
        assert said in capsys.readouterr().err
    assert not list(Path.cwd().iterdir())


@pytest.mark.slow
def test_two_processes_make_no_trial_twice() -> None:
    both = [subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    made = tuning_runs()
    assert len(made) == len(set(made)) == 30
    assert any("30 trials by random: 30 completed" in out for out, _ in said)
    assert all(int(out.partition(" made now")[0].rpartition(" ")[2]) > 0 for out, _ in said if "made now" in out)


@pytest.mark.slow
def test_several_jobs_make_no_trial_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    # in a notebook, of which the workers know nothing
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    monkeypatch.setenv("JPY_SESSION_NAME", "sweep.ipynb")
    _of_process.cache_clear()
    assert spoton(monkeypatch, " ".join(COMMAND[3:-2]) + " --jobs 2") == 0
    made = tuning_runs()
    assert len(made) == len(set(made)) == 30
    with Store.open("spoton.db") as opened:
        assert set(opened.sql("SELECT command FROM runs")["command"]) == {"notebook sweep.ipynb"}
    _of_process.cache_clear()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_sweep_goes_on(how: signal.Signals) -> None:
    for _ in range(3):
        process = subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before = lines()
        deadline = time.monotonic() + 120
        while lines() < before + 25 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(how)
        assert process.wait(60) in ((-signal.SIGKILL,) if how == signal.SIGKILL else (130, -signal.SIGINT))
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "30 trials by random: 30 completed" in done.stdout
    made = tuning_runs()
    assert len(made) == len(set(made)) == 30
    assert all(json.loads(line) for line in Path("spoton-sweeps.jsonl").read_text().splitlines())
    assert not os.path.exists("spoton-runs.jsonl")


def lines() -> int:
    path = Path("spoton-sweeps.jsonl")
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.slow
def test_a_worker_that_is_killed_is_said_and_the_sweep_goes_on() -> None:
    code = """
import os, pathlib, signal, spoton
from sklearn.linear_model import Ridge

class Deadly(Ridge):
    def fit(self, X, y):
        if self.alpha == 3 and not pathlib.Path("died").exists():
            pathlib.Path("died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y)

if __name__ == "__main__":
    for _ in range(2):
        try:
            options = {"sampler": "grid", "seeds": 1, "jobs": 2, "store": "s.db"}
            found = spoton.sweep("friedman1", Deadly(), {"alpha": [1, 2, 3, 4, 5]}, **options)
            print(len(found.trials), found.best_params["alpha"])
        except spoton.errors.EngineError as error:
            print(error)
"""
    Path("deadly.py").write_text(code)
    done = subprocess.run([sys.executable, "deadly.py"], capture_output=True, text=True, timeout=500, check=False)
    lines = done.stdout.splitlines()
    assert [lines[0].partition(",")[0], lines[1].partition(" ")[0]] == ["a process of the sweep was killed", "5"], done
