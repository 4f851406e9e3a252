"""What docs/sql.md says is true."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spoton.sql import Problem, load
from spoton.sql._rule import rule_of
from spoton.sql._tables import tables
from spoton.sql._views import ALL_VIEWS, views

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sql.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_queries_run_and_answer(url: str) -> None:
    load("pnist/both", url)
    with Problem.open(url) as problem:
        first, size, wrong, faint, same = (problem.sql(query.strip().removesuffix(";")) for query in blocks("sql"))
        right = problem.sql("SELECT image_id, topleft_x, topleft_y FROM points ORDER BY image_id")
    assert (first.to_numpy() == right.to_numpy()).all()
    assert list(size["digit"]) == [3, 7]
    assert not len(wrong)
    assert 1 <= faint["faintest"][0] <= faint["grey"][0] <= 255
    assert int(same["images"][0]) == int(same["same"][0]) == 40


def test_the_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    exec(blocks("python")[0], {})
    assert capsys.readouterr().out == "(5, 3) ['', '', '']\n"


def test_the_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from spoton.cli import app

    monkeypatch.chdir(tmp_path)
    for line in "".join(blocks("sh")).splitlines():
        out = CliRunner().invoke(app, shlex.split(line.partition("#")[0])[1:])
        assert out.exit_code == 0, f"{line}: {out.output}"


def test_all_tables_columns_and_views_are_named() -> None:
    _, rule = rule_of("pnist/both?haze=9&specks=0.02&blur=1&size=40")
    for table in tables(rule).values():
        assert f"| `{table.name}` |" in PAGE
        for column in table.columns:
            assert f"`{column.name}`" in PAGE, column.name
    found = views(rule)
    assert tuple(found) == ALL_VIEWS
    for name in views(rule_of("pnist/both")[1]):
        assert f"| `{name}` |" in PAGE


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
