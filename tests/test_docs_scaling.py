"""The pages on scaling and on metrics are true: their code runs and prints what they say, and nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spoton.metrics import all_metrics
from spoton.scaling import KINDS, Y_RANGES

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {name: (DOCS / name).read_text() for name in ("scaling.md", "metrics.md")}
BLOCKS = [
    (name, i, code)
    for name, text in PAGES.items()
    for i, code in enumerate(re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL))
]


@pytest.mark.parametrize(("name", "i", "code"), BLOCKS, ids=[f"{name[:-3]}-{i}" for name, i, _ in BLOCKS])
def test_the_code_runs_and_prints_what_it_says(
    name: str, i: int, code: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    said = re.findall(r"^print\(.*\)  # (.*)$", code, flags=re.MULTILINE)
    assert said
    assert capsys.readouterr().out.splitlines() == said


def test_every_metric_has_its_line() -> None:
    lines = re.findall(r"^\| `(\w+)` \| (\S+) \| (\w+) \|", PAGES["metrics.md"], flags=re.MULTILINE)
    expected = {
        m.name: (m.unit.replace("^2", "²"), "higher" if m.greater_is_better else "lower")
        for m in all_metrics().values()
    }
    assert {name: (unit, better) for name, unit, better in lines} == expected


def test_every_kind_and_every_range_is_named() -> None:
    for word in (*KINDS, *Y_RANGES):
        assert f"`{word}`" in PAGES["scaling.md"], word


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGES[name]):
        assert (DOCS / target).exists(), target
