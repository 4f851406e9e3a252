"""What docs/store.md says is true."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from made_runs import made
from typer.testing import CliRunner

from spoton._run import Run
from spoton.store import Store
from spoton.store._schema import RUNS, WIDE

PAGE = (Path(__file__).parents[2] / "docs" / "store.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_queries_run_and_answer(url: str) -> None:
    with Store.open(url) as store:
        run = made(0, task="friedman2")
        run.metrics["valid"]["sqdist_avg"] = 2.0
        store.add_many([run, made(1), Run("friedman2", "knn", 5, status="failed", reason="why")])
        for query in blocks("sql"):
            assert len(store.sql(query.strip().removesuffix(";"))), query


def test_the_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(blocks("python")[0], names)
    assert len(names["board"]) == 3  # type: ignore[arg-type]
    assert len(names["table"]) == 6  # type: ignore[arg-type]


def test_the_commands_are_commands() -> None:
    from spoton.cli import app

    lines = [line.partition("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    for line in filter(None, lines):
        words = shlex.split(line)
        name = words[1:3] if words[1] == "store" else words[1:2]
        out = CliRunner().invoke(app, [*name, "--help"])
        assert out.exit_code == 0, line
        for word in words:
            if word.startswith("--"):
                assert word in out.output, line


def test_the_columns_are_there() -> None:
    (row,) = re.findall(r"^\| `runs` \|.*?\|(.*)\|$", PAGE, flags=re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", row))
    assert named <= {column.name for column in RUNS.columns}
    told_nowhere = {"cell", "identity", "peers", "asked_train_size", "asked_epochs", "asked_history"}
    told_nowhere |= {"uses_labels", "own", "ceiling", "rows_of"}
    assert {column.name for column in RUNS.columns} - named - set(WIDE) == told_nowhere
