"""What docs/pictures.md says is true: its code runs and prints what it says, its functions and pictures exist."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from spoton import plots

PAGE = Path(__file__).parents[1] / "docs" / "pictures.md"
CODE = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("code", CODE, ids=range(len(CODE)))
def test_examples_run(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    said = re.findall(r"^ *print\(.*\)  # (.*)$", code, flags=re.MULTILINE)
    assert capsys.readouterr().out.splitlines() == said
    if "savefig" in code:
        assert (tmp_path / "linear.png").stat().st_size > 10_000


def test_every_function_is_named() -> None:
    text = PAGE.read_text()
    for name in plots.__all__:
        assert re.search(rf"\b{name}\b", text), name


def test_the_pictures_are_those_that_the_script_draws() -> None:
    spec = importlib.util.spec_from_file_location("make_plots", PAGE.parent / "make_plots.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    shown = set(re.findall(r"\]\(img/plots/(.*?)\.png\)", PAGE.read_text()))
    assert {name.removesuffix("-dark") for name in shown} == set(made.PICTURES)
    for name in made.PICTURES:
        for end in ("", "-dark"):
            assert (made.IMAGES / f"{name}{end}.png").stat().st_size < 150_000
