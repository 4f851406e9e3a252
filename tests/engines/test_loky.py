"""Processes of this machine that die."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rough import Deadly, Slow

from spoton import Task, bench
from spoton.store import Store


@pytest.mark.slow
def test_processes_that_die_lose_nothing_and_run_nothing_twice_in_the_store(tmp_path: Path) -> None:
    X = np.random.RandomState(0).rand(60, 3)
    learners = [
        ("once", Deadly(1, folder=str(tmp_path))),
        ("always", Deadly(99, folder=str(tmp_path))),
        *((f"slow{i}", Slow(0.1)) for i in range(4)),
    ]
    with Store.open(tmp_path / "s.db") as store:
        runs = bench(Task.from_arrays("mine", X, X[:, 0]), learners, seeds=[7], jobs=2, store=store)
        assert len(store.runs()) == len(runs) == 6
    bad = [run for run in runs if run.status != "ok"]
    assert [run.learner for run in bad] == ["always"]
    assert "its worker died 3 times, at last alone" in bad[0].reason
    assert "SIGKILL" in bad[0].reason
