"""Thousands of spoilt model folders: each is refused with a sentence or predicts; nothing runs, hangs or crashes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import small
import tamper
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spoton import fit_model, load_model
from spoton.errors import SpotonError

COUNT = int(os.environ.get("SPOTON_FUZZ", "4000"))  # folders
KINDS = {
    "linear@pix": "images",
    "basenet?epochs=1": "images",
    "logscan?epochs=1": "images",
    "fastai-tabular?epochs=1&layers=5x4": "table",
    "forest?n_estimators=2": "table",
    "gbdt?max_iter=3": "table",
    "svr": "table",
    "mlp?max_iter=5": "table",
    "knn+xnorm+ynorm": "table",
    "lightgbm?n_estimators=3": "table",
    "xgboost?n_estimators=3": "table",
    "spottable?epochs=2": "table",
    "spottable-ladder?epochs=2": "table",
}


def folders(root: Path, names: list[str]) -> Path:
    for i, name in enumerate(names):
        task = getattr(small, KINDS[name])()
        fit_model(task, name).save(root / f"m{i}")
        np.save(root / f"m{i}.npy", np.asarray(task.data().X))
    return root


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # few iterations on purpose
def test_spoilt_folders_neither_crash_nor_run_anything(tmp_path: Path) -> None:
    root = folders(tmp_path, list(KINDS))
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("fuzz.py"), root, str(COUNT), "0"],
        capture_output=True,
        text=True,
        timeout=60 + COUNT,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    counts = json.loads(done.stdout.splitlines()[-1])
    for how in ("card", "raw", "schema", "member", "archive", "weights"):
        assert counts[f"{how} refused"] > 0
    assert counts["schema predicted"] > 0  # what a change does not touch goes on


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folders(tmp_path_factory.mktemp("plain"), ["basenet?epochs=1"]) / "m0"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), fixed=st.booleans())
def test_bytes_that_are_changed_are_refused_or_harmless(
    plain: Path, tmp_path: Path, data: st.DataObject, fixed: bool
) -> None:
    folder = tmp_path / "model"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(plain, folder)
    name = data.draw(st.sampled_from([tamper.CARD, tamper.ESTIMATOR, tamper.WEIGHTS]))
    held = (folder / name).read_bytes()
    at = data.draw(st.integers(0, len(held)))
    cut = data.draw(st.integers(0, 64))
    other = held[:at] + data.draw(st.binary(max_size=16)) + held[at + cut :]
    if fixed and name != tamper.CARD:
        tamper.rewrite(folder, name, other)
    else:
        (folder / name).write_bytes(other)
    try:
        shape = load_model(folder).predict(small.images().data().X).shape
    except SpotonError:
        shape = (24, 2)
    assert shape == (24, 2)
