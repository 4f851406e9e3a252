"""What docs/report.md says is true: its code runs, its commands and views exist, its figures are those in use."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from spoton.cli import app
from spoton.report._rows import IMAGES, ROWS
from spoton.report._serve import PORT

PAGE = (Path(__file__).parents[2] / "docs" / "report.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = blocks("python")
    exec(code, {})
    assert capsys.readouterr().out == "all there\n"
    names = re.search(r"# (.*); curves", code)[1]  # type: ignore[index]
    assert sorted(path.stem for path in tmp_path.glob("*.png")) == sorted(names.split(", "))


def test_the_commands_are_commands() -> None:
    for line in blocks("sh")[0].splitlines():
        words = shlex.split(line.partition("#")[0])
        out = CliRunner().invoke(app, [words[1], "--help"])
        assert out.exit_code == 0, line
        for word in words[2:]:
            if word.startswith("-"):
                assert word in out.output, line


def test_the_views_and_the_figures(sheet: Any) -> None:
    for view in re.findall(r"`#(\w+)", PAGE):
        assert sheet.locator(f"#view-{view}").count() == 1, view
    assert f"Of more than {ROWS} validation rows {ROWS} are drawn" in PAGE
    assert IMAGES == 12
    assert f"port {PORT} or" in PAGE
