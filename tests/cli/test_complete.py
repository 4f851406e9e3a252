"""What a shell completes at Tab, and what that costs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spoton.cli import _complete as complete


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def values(found: list[tuple[str, str]]) -> list[str]:
    assert all(isinstance(about, str) for _, about in found)
    return [value for value, _ in found]


def test_names_variants_features_modifiers(cache: Path) -> None:
    assert "pnist/topleft" in values(complete.task("pnist/"))
    assert values(complete.task("pnist/topleft?di")) == ["pnist/topleft?digits="]
    assert values(complete.task("pnist/topleft?size=40&di")) == ["pnist/topleft?size=40&digits="]
    assert complete.task("nothing") == complete.task("nothing?x") == []
    assert "spotnet" in values(complete.learner("spot"))
    assert values(complete.learners("mean,linear,net")) == ["mean,linear,net3"]
    assert "ridge@pts12" in values(complete.learner("ridge@pts"))
    assert {"ridge@pix+pts", "ridge@pix+pts12"} <= set(values(complete.learner("ridge@pix+pt")))
    assert "net3+ynorm" in values(complete.learner("net3+y"))
    assert complete.learner("net3?epochs=") == []
    assert "hit" in values(complete.metric("h"))
    assert values(complete.sampler("r")) == ["random"]
    assert values(complete.engine("")) == ["loky", "ray", "dask"]


def test_a_task_then_a_learner(cache: Path) -> None:
    def asked(words: list[str] | None, incomplete: str) -> list[str]:
        context: Any = SimpleNamespace(params={"words": words})
        return values(complete.task_then_learner(context, incomplete))

    assert {"linear/dense", "linear"} <= set(asked(None, "linear"))
    assert "linear/dense" not in asked(["pnist/top"], "linear")
    assert "linear" in asked(["pnist/top"], "linear")


def test_names_are_kept_until_the_catalogue_changes(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    complete.task("")
    (kept,) = (cache / "spoton").iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(complete, "_read", lambda: pytest.fail("read anew"))
        assert complete.task("pnist/topl") == [("pnist/topleft", complete.task("pnist/topl")[0][1])]
    monkeypatch.setattr(complete, "_stamp", lambda: "of changed files")
    monkeypatch.setattr(complete, "_read", lambda: {"metrics": {"new": "a metric"}})
    assert complete.metric("") == [("new", "a metric")]
    kept.write_text("[damaged")
    assert complete.metric("") == [("new", "a metric")]


def test_where_nothing_can_be_kept_nothing_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(complete, "_read", lambda: pytest.fail("seconds at each Tab"))
    assert complete.task("") == []


def test_a_shell_that_asks_loads_nothing_heavy(cache: Path) -> None:
    complete.task("")
    code = """
import sys
sys.argv = ['spoton']
from spoton.cli import main
try:
    main()
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)"""
    asked = {"_SPOTON_COMPLETE": "complete_bash", "COMP_CWORD": "4"}
    env = os.environ | asked | {"COMP_WORDS": "spoton bench --seeds 2 pnist/topl"}
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert out.stdout == "pnist/topleft\n"
    loaded = {name.partition(".")[0] for name in out.stderr.split()}
    assert not loaded & {"numpy", "pandas", "sklearn", "torch", "sqlalchemy"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_installed_for_a_shell(shell: str, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "spoton", "--install-completion", shell]
    env = os.environ | {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    out = subprocess.run(words, capture_output=True, text=True, check=False, env=env)
    assert out.returncode == 0, out.stderr
    scripts = [path for path in tmp_path.rglob("*") if path.is_file() and "complete" in path.read_text()]
    assert scripts
