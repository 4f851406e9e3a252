"""The tutorial is true: every command and every line of Python runs, in order, and prints what the page shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
NUMBER = re.compile(r"[-+]?[\d.]*\d%?")
TOLERANCE = {100: 3, 77: 12}  # percent of 142 images, between machines; what fails, fails by more or less


def blocks() -> list[tuple[str, str, str]]:
    """(language, code, the text that is shown below it) in order."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    behind = [*found[1:], ("", "")]
    return [
        (language, code, shown if kind == "text" else "")
        for (language, code), (kind, shown) in zip(found, behind, strict=True)
        if language != "text"
    ]


def alike(line: str) -> str:
    """A line without its numbers, which differ between machines, and without its columns' width."""
    return " ".join(NUMBER.sub("#", line).split())


def appear(shown: str, printed: str) -> None:
    """All lines that are shown were printed, in this order; `...` stands for lines that are left out."""
    lines: Iterator[str] = iter([alike(line) for line in printed.splitlines()])
    for line in shown.splitlines():
        if line.strip() not in ("", "..."):
            assert any(alike(line) == other for other in lines), f"not printed, or not in this order: {line}"


@pytest.mark.slow
def test_the_tutorial_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from spoton.cli import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    names: dict[str, Any] = {"__name__": "tutorial"}
    for language, code, shown in blocks():
        capsys.readouterr()
        if language == "sh":
            if code.startswith("pip "):
                continue  # this test runs in what it installs
            result = CliRunner().invoke(app, shlex.split(code)[1:])
            assert result.exit_code == 0, result.output
            appear(shown, result.stdout)
            if " spotnet" in code and "--train-size" not in code:
                for learner in ("oracle", "linear@pts", "spotnet"):
                    assert re.search(rf"^{learner} .* 100\.0 ±0\.0 +100\.0 ±0\.0 ", result.stdout, flags=re.MULTILINE)
            continue
        exec(code, names)
        printed = capsys.readouterr().out
        appear(shown, printed)
        said = re.findall(r"^ *print\(.*\)  # (.*)$", code, flags=re.MULTILINE)
        for expected, line in zip(said, printed.splitlines() if said else (), strict=True):
            if expected.endswith("%"):
                share = int(expected[:-1])
                assert abs(int(line[:-1]) - share) <= TOLERANCE.get(share, 30), code
            else:
                assert line == expected, code
    assert (tmp_path / "topleft.png").stat().st_size > 10_000
    assert (tmp_path / "spoton.db").exists()


def test_every_output_belongs_to_a_command() -> None:
    kinds = [kind for kind, _, _ in blocks()]
    assert kinds.count("sh") == 5
    assert kinds.count("python") == 6
    shown = [code for kind, code, shown in blocks() if shown]
    assert len(shown) == 4
