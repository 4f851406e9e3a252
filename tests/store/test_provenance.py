"""Where a run comes from."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from spoton._provenance import _git, command, now, provenance, settings_of


def test_it_is_json_and_cheap() -> None:
    first = provenance()
    assert json.loads(json.dumps(first)) == first
    first["python"] = "changed"
    assert provenance()["python"] != "changed"
    code = "import sys; from spoton._provenance import provenance; provenance(); print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "numpy", "sklearn", "pandas"} & set(out.stdout.split())


def test_times_sort_as_texts() -> None:
    times = [now() for _ in range(5)]
    assert times == sorted(times)
    assert len(times[0]) == 27


def test_commit_and_dirty(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        who = ["-c", "user.name=n", "-c", "user.email=e@e", "-c", "commit.gpgsign=false"]
        out = subprocess.run(["git", "-C", str(tmp_path), *who, *words], check=True, capture_output=True, text=True)
        return out.stdout.strip()

    assert _git(tmp_path) == (None, None)
    git("init", "-q")
    assert _git(tmp_path) == (None, None)  # nothing is committed
    (tmp_path / "a.py").write_text("1")
    git("add", "a.py")
    git("commit", "-qm", "one")
    commit = git("rev-parse", "HEAD")
    (tmp_path / "new.txt").write_text("not tracked")
    assert _git(tmp_path) == (commit, False)
    (tmp_path / "a.py").write_text("2")
    assert _git(tmp_path, tracked="a.py") == (commit, True)
    # a package in a .venv inside of somebody's repository is not their code
    assert _git(tmp_path, tracked="new.txt") == (None, None)


def test_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/spoton", "bench", "a b", "--store=mysql://u:pw@h/d"])
    assert command() == "spoton bench 'a b' '--store=mysql://u:***@h/d'"
    monkeypatch.setattr(sys, "argv", ["/x/spoton/__main__.py", "bench"])
    assert command() == "spoton bench"
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/me/a.ipynb")
    assert command() == "notebook /home/me/a.ipynb"


def test_settings_are_plain() -> None:
    learner = make_pipeline(FunctionTransformer(func=abs), RandomForestRegressor(max_features=0.5, max_depth=None))
    held = settings_of(learner)
    assert json.loads(json.dumps(held, allow_nan=False)) == held
    assert held["class"] == "sklearn.pipeline.Pipeline"
    assert held["functiontransformer__func"] == "builtins.abs"
    assert held["randomforestregressor__max_features"] == 0.5
    assert held["randomforestregressor"] == "sklearn.ensemble._forest.RandomForestRegressor"
    assert "0x" not in json.dumps(settings_of(RandomForestRegressor(random_state=object())))  # type: ignore[arg-type]
