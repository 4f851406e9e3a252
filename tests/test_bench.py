from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from spoton import Run, Task, bench, get_task, store
from spoton.errors import UsageError


def key(run: Run) -> tuple[object, ...]:
    return (run.task, run.learner, run.seed, run.asked_train_size)


def test_every_cell_once_in_order() -> None:
    runs = bench(["pnist/top", "friedman2"], ["mean", "linear"], seeds=2, train_sizes=[20, None])
    expected = [
        (task, learner, seed, size)
        for task in ("pnist/top", "friedman2")
        for size in (20, None)
        for learner in ("mean", "linear")
        for seed in (0, 1)
    ]

    assert [key(run) for run in runs] == expected
    assert {run.status for run in runs} == {"ok"}


def test_processes_give_the_same_figures_as_none() -> None:
    arguments = {
        "learners": ["mean", "basenet?epochs=1", "forest?n_estimators=3"],
        "seeds": 2,
        "train_sizes": [50],
    }
    alone = bench("pnist/topleft", **arguments)  # type: ignore[arg-type]
    beside = bench("pnist/topleft", **arguments, jobs=2)  # type: ignore[arg-type]
    assert [run.metrics for run in alone] == [run.metrics for run in beside]
    assert [key(run) for run in alone] == [key(run) for run in beside]


def test_estimators_and_pairs() -> None:
    runs = bench(get_task("friedman1"), [LinearRegression(), ("strong", Ridge(1e6)), "mean"], seeds=1)
    assert [run.learner for run in runs] == ["LinearRegression", "strong", "mean"]
    assert runs[0].metrics["valid"]["r2"] > runs[1].metrics["valid"]["r2"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"learners": ["liner"]}, "did you mean linear"),
        ({"tasks": ["pnist/tip"]}, "no task"),
        ({"learners": [Ridge(), Ridge()]}, "two learners are called 'Ridge'"),
        ({"learners": []}, "one task, one learner"),
        ({"seeds": 0}, "one seed"),
        ({"train_sizes": [900]}, "a train size of 900 is not possible"),
        ({"jobs": 0}, "jobs has to be 1 or more"),
        ({"resume": True}, "resume needs the journal"),
    ],
)
def test_wrong_usage_is_found_before_anything_runs(arguments: dict[str, object], words: str) -> None:
    ran: list[Run] = []
    with pytest.raises(UsageError, match=words):
        bench(**({"tasks": ["pnist/top"], "learners": ["mean"], "on_run": ran.append} | arguments))  # type: ignore[arg-type]
    assert ran == []


def test_resume_runs_only_what_is_missing_or_failed(tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    bench("pnist/top", ["mean"], seeds=2, journal=journal)
    kept = store.read(journal)
    store.append(journal, Run("pnist/top", "linear", 0, status="failed", data_hash=kept[0].data_hash))
    runs = bench("pnist/top", ["mean", "linear"], seeds=2, journal=journal, resume=True)
    lines = store.read(journal)
    assert [run.status for run in runs] == ["ok"] * 4
    assert len(lines) == 2 + 1 + 2
    assert runs[:2] == kept
    # other data, epochs or sizes are other cells
    bench("pnist/top", ["mean"], seeds=2, train_sizes=[30], journal=journal, resume=True)
    assert len(store.read(journal)) == 7


def test_without_resume_everything_runs_again(tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    for _ in range(2):
        bench("pnist/top", "mean", seeds=1, journal=journal)
    assert len(store.read(journal)) == 2


SCRIPT = """
import sys
from spoton import bench
bench(['pnist/top', 'pnist/bottom'], ['mean', 'linear', 'ridge', 'knn', 'basenet?epochs=2'],
      seeds=5, journal=sys.argv[1], resume=True, jobs=int(sys.argv[2]),
      on_run=lambda run: print(run.identity, flush=True))
"""


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bench_of_50_cells_killed_at_random_loses_at_most_the_cells_in_flight(tmp_path: Path, jobs: int) -> None:
    journal = tmp_path / "j.jsonl"
    rng = random.Random(jobs)
    counts = []
    for kill in range(6):
        said = tmp_path / f"said-{kill}"
        with said.open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-c", SCRIPT, str(journal), str(jobs)], start_new_session=True, stdout=out
            )
        if kill == 5:
            assert process.wait(timeout=200) == 0
        else:
            deadline = time.time() + 60
            # wait until this process has made a cell, then kill at a random moment
            while len(store.read(journal)) <= (counts[-1] if counts else 0) and time.time() < deadline:
                if process.poll() is not None:
                    break
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.4))
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        counts.append(len(store.read(journal)))
        # what a bench said was finished is on disk, however it ended
        kept = {str(run.identity) for run in store.read(journal)}
        assert set(said.read_text().splitlines()[:-1]) <= kept
        assert counts == sorted(counts)
    runs = store.read(journal)
    # every cell is there exactly once: nothing was lost, nothing was run twice
    assert len(runs) == 50
    assert len({run.identity for run in runs}) == 50
    assert counts[0] < 50


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_keeps_what_is_finished(tmp_path: Path, jobs: str) -> None:
    command = [
        sys.executable,
        "-m",
        "spoton",
        "bench",
        "pnist/top",
        "--learners",
        "mean,linear,resnet18?epochs=90",
        "--seeds",
        "1",
        "--jobs",
        jobs,
    ]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    journal = tmp_path / store.JOURNAL
    deadline = time.time() + 90
    while len(store.read(journal)) < 2 and time.time() < deadline:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "mean" in out
    assert "the same command goes on" in err
    assert "Traceback" not in out + err
    assert not journal.exists()
    with store.Store.open(tmp_path / store.DEFAULT) as opened:
        assert opened.counts()["runs"] >= 2


def test_the_journal_is_lines_of_json(tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    bench("pnist/top", "mean", seeds=1, journal=journal)
    assert json.loads(journal.read_text())["metrics"]["valid"]["r2"] < 0.1


def test_names_in_a_tuple_are_learners_not_a_pair() -> None:
    runs = bench("friedman1", ("mean", "linear"), seeds=1)
    assert [run.learner for run in runs] == ["mean", "linear"]
    assert runs[0].metrics["valid"]["r2"] < 0.1 < runs[1].metrics["valid"]["r2"]


def test_whole_numbers_of_numpy_are_whole_numbers(tmp_path: Path) -> None:
    runs = bench(
        "friedman1",
        "mean",
        seeds=np.arange(2),
        train_sizes=[np.int64(20)],
        journal=tmp_path / "j",
    )
    assert store.read(tmp_path / "j") == runs


def test_resume_tells_estimators_of_one_class_apart(tmp_path: Path) -> None:
    first = bench("columns/plain", Ridge(1.0), seeds=1, journal=tmp_path / "j")
    second = bench("columns/plain", Ridge(1e6), seeds=1, journal=tmp_path / "j", resume=True)
    again = bench("columns/plain", Ridge(1e6), seeds=1, journal=tmp_path / "j", resume=True)
    assert first[0].metrics != second[0].metrics
    assert again == second
    assert len(store.read(tmp_path / "j")) == 2


def test_tasks_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="two tasks are called 'pnist/top'"):
        bench(["pnist/top", "pnist/top?size=28"], "mean")


def test_data_do_not_depend_on_the_number_of_threads() -> None:
    """A matrix product differs in its last digits with the number of threads, and make_regression is one."""
    code = "from spoton import get_task; print(get_task('columns/perfect').data_hash)"
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"OMP_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for n in ("1", "2")
    }
    assert len(hashes) == 1


def test_too_few_rows_are_no_crash() -> None:
    from spoton.tables import advice

    X = np.arange(8.0).reshape(4, 2)
    runs = bench(Task.from_arrays("tiny", X, X[:, 0]), ["mean", "linear"], seeds=1)
    assert "too few rows validate" in advice(runs)


def test_a_task_made_by_hand_travels_to_other_processes_with_its_data() -> None:
    from functools import partial

    from spoton.data import PointData
    from spoton.tasks import Loaded

    data = get_task("friedman1").data()
    task = Task("by hand", "", partial(Loaded, PointData(data.X, data.y)), kind="number")
    runs = bench(task, ["mean", "linear"], seeds=2, jobs=2)
    assert [run.status for run in runs] == ["ok"] * 4
