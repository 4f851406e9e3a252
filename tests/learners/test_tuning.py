"""benchmarks/tune_points.py: its names can be made, its trials are fair, and it looks at training rows only."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from spoton import get_task
from spoton.learners import check_learner, learner_names

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "tune_points.py"
if not SCRIPT.exists():
    pytest.skip("benchmarks/ is not in this copy", allow_module_level=True)
spec = importlib.util.spec_from_file_location("tune_points", SCRIPT)
assert spec is not None
assert spec.loader is not None
tune_points = importlib.util.module_from_spec(spec)
sys.modules["tune_points"] = tune_points
spec.loader.exec_module(tune_points)


@pytest.mark.parametrize("learner", [name for name in tune_points.SPACES if name in learner_names()])
def test_every_trial_has_a_name_that_can_be_made(learner: str) -> None:
    names = tune_points.trials(learner, 8, 20)
    assert len(set(names)) == 8
    assert names[0] == f"{learner}?epochs=20"
    assert names == tune_points.trials(learner, 8, 20)
    for name in names:
        check_learner(name)


def test_only_training_rows_are_seen() -> None:
    whole, part = get_task("pnist/topleft"), tune_points.inner("pnist/topleft", 1)
    rows = whole.split(1).train
    assert np.array_equal(part.data().X, whole.data().X[rows])
    assert len(part.split(1).train) + len(part.split(1).valid) == len(rows) == 567


@pytest.mark.slow
def test_a_small_search_is_written_and_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, journal = tmp_path / "tuned.json", tmp_path / "runs.jsonl"
    words = "--tasks pnist/topleft --learners logscan --trials 2 --finalists 1 --passes 1 --jobs 1"
    for _ in range(2):  # the second time from the journal
        tune_points.main([*words.split(), "--out", str(out), "--journal", str(journal)])
    told = json.loads(out.read_text())
    found = told["tasks"]["pnist/topleft"]["logscan"]
    assert found["best"] in found["trials"]
    assert len(found["hits"]) == 3
    assert sorted(len(hits) for hits in found["trials"].values()) == [1, 3]
    assert len(journal.read_text().splitlines()) == 4
    assert "hit" in capsys.readouterr().out
