"""What all commands share, told by walking over them: `--json`, `--quiet`, and a pipe without colours."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

import spoton.report
import spoton.serving
from spoton import fit_model, get_task
from spoton.cli import app

# a small call of each command in a folder with a store of two runs; a new command wants one here
CALLS: dict[str, list[str]] = {
    "bench": ["pnist/top", "--learners", "mean", "--seeds", "1", "--jobs", "1"],
    "tasks": [],
    "learners": [],
    "metrics": [],
    "show": ["pnist/top", "--n", "1", "-o", "one.png"],
    "why": ["linear/dense", "lasso", "--minutes", "0.01", "--seeds", "3", "--jobs", "1"],
    "recorded": [],
    "sweep": ["linear/dense", "ridge", "--param", "alpha=1,10", "--sampler", "grid", "--seeds", "1", "--jobs", "1"],
    "leaderboard": [],
    "report": [],
    "serve": ["--port", "0"],
    "export": ["model", "--torch", "model.pt2"],
    "serve-model": ["model", "--port", "0"],
    "export-runs": ["runs.jsonl"],
    "import-runs": ["some.jsonl"],
    "doctor": ["--no-imports"],
    "fit": ["pnist/top", "--learner", "linear@pts", "--train-size", "50", "-o", "fitted"],
    "predict": ["model", "images.npz"],
    "verify": ["model"],
    "store info": [],
    "store sync": [],
    "store copy": ["spoton.db", "other.db"],
    "sql load": ["pnist/top", "task.db", "--replace"],
    "sql points": ["made.db"],
}
# what its JSON has at least
KEYS = {
    "tasks": {"tasks", "variants"},
    "learners": {"learners", "features", "modifiers"},
    "metrics": {"metrics"},
    "show": {"task", "rows", "answers", "picture"},
    "sweep": {"task", "best", "trials", "report"},
    "report": {"page", "runs", "bytes"},
    "serve": {"address"},
    "export": {"model", "files"},
    "serve-model": {"address", "model"},
    "export-runs": {"runs", "file"},
    "import-runs": {"added", "there"},
    "doctor": {"works", "findings"},
    "fit": {"task", "learner", "metrics", "files"},
    "verify": {"ok", "differs", "checks", "metrics"},
    "store info": {"schema", "rows", "tasks"},
    "store sync": {"delivered", "there"},
    "store copy": {"copied", "tables"},
    "sql load": {"images", "pixels", "seconds"},
    "sql points": {"answers", "check"},
}
ROWS = {"bench", "why", "recorded", "leaderboard", "predict"}  # a list of flat rows


def commands(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield name.strip(), command
    for below in getattr(command, "commands", {}).values():
        yield from commands(below, f"{name} {below.name}")


ALL = dict(commands(get_command(app)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, its runs in a file, a task in a database, and a model."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for words in (
            ["bench", "pnist/top", "--learners", "linear", "--seeds", "1", "--jobs", "1"],
            ["export-runs", "some.jsonl"],
            ["sql", "load", "pnist/top", "made.db"],
        ):
            result = CliRunner().invoke(app, words)
            assert result.exit_code == 0, result.output
    fit_model("pnist/top", "linear@pts", train_size=50).save(folder / "model")
    np.savez(folder / "images.npz", X=get_task("pnist/top").data().X[:2])
    return folder


@pytest.fixture(autouse=True)
def _in_a_copy(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(made, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")

    def served(*_: Any, ready: Any, **__: Any) -> None:
        ready("http://127.0.0.1:1/")  # and no server that would wait for Ctrl-C

    monkeypatch.setattr(spoton.report, "serve", served)
    monkeypatch.setattr(spoton.serving, "serve_model", served)


def run(name: str, *words: str) -> Result:
    return CliRunner().invoke(app, [*name.split(), *CALLS[name], *words])


@pytest.mark.parametrize("name", ALL)
def test_has_both_options_and_a_call_here(name: str) -> None:
    options = {word for parameter in ALL[name].params for word in parameter.opts}
    assert {"--json", "--quiet", "-q"} <= options, f"spoton {name}"
    assert name in CALLS, f"add a small call of spoton {name} to CALLS"
    assert name in KEYS or name in ROWS, f"say what the JSON of spoton {name} has"


@pytest.mark.parametrize("name", CALLS)
def test_json_is_all_there_is_on_standard_output(name: str) -> None:
    result = run(name, "--json", "-")
    assert result.exit_code == 0, result.output
    held = json.loads(result.stdout)
    if name in ROWS:
        assert held
        assert all(isinstance(row, dict) for row in held)
    else:
        assert KEYS[name] <= held.keys()


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ("why", "sweep")])
def test_quiet_leaves_the_result_alone(name: str) -> None:
    result = run(name, "--quiet", "--json", "result.json")
    assert result.exit_code == 0, result.output
    assert json.loads(Path("result.json").read_text())
    assert result.stderr == ""
    assert "\x1b" not in result.stdout
    writes = {"show", "report", "serve", "serve-model", "export", "export-runs", "import-runs"}
    writes |= {"store sync", "store copy", "sql load"}
    assert (result.stdout == "") == (name in writes) or name == "doctor"


@pytest.mark.parametrize(("set_to", "coloured"), [("", True), ("1", False)])
def test_a_terminal_has_colours_unless_no_color_is_set(
    set_to: str, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", set_to)
    ALL["metrics"].callback()
    ALL["recorded"].callback()
    text = screen.getvalue()
    assert "accuracy" in text
    colours = [code for code in re.findall(r"\x1b\[([\d;]*)m", text) if re.search(r"(?:^|;)[34]\d", code)]
    assert bool(colours) == coloured


def test_quiet_lists_are_names_for_other_programs() -> None:
    from spoton import task_names

    assert run("tasks", "-q").stdout.split() == list(task_names())
    assert "linear" in run("learners", "-q").stdout.split()
    assert run("metrics", "-q").stdout.split()[0] == "accuracy"


def test_remarks_go_where_the_result_is_not() -> None:
    assert "wrote" in run("export-runs").stdout
    told = run("export-runs", "--json", "-")
    assert "wrote" in told.stderr
    assert json.loads(told.stdout) == {"store": "spoton.db", "file": "runs.jsonl", "runs": 3, "mlflow": None}


def test_a_json_file_that_cannot_be_written_is_said_first() -> None:
    result = run("show", "--json", "none/x.json")
    assert "there is no such folder" in str(result.exception)
    assert not Path("one.png").exists()
