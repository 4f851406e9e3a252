from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from spoton import bench
from spoton._live import telling
from spoton.cli import _live
from spoton.cli._live import Curves, curve
from spoton.history import History


def test_curves_of_dots() -> None:
    assert curve([1.0], height=1) == ["⡀"]
    assert curve([1.0, 1.0], height=1) == ["⣀"]
    assert curve([8.0, 4.0, 2.0, 1.0], height=1) == ["⠑⢄"]
    assert curve([-1.0, 0.0], height=1) == ["⡸"]  # a rise of three dots is joined
    long = curve([1 / (i + 1) for i in range(10_000)])
    assert [len(line) for line in long] == [_live.WIDTH] * _live.HEIGHT
    assert ord(long[-1][-1]) > 0x2800


def test_what_is_told_is_shown(tmp_path: Path) -> None:
    with telling(str(tmp_path), "net3 on t, seed 0"):
        history = History()
        for loss in (4.0, 2.0, float("nan")):
            history.append({"train_loss": loss})
        history.append({"train_loss": 1.0, "valid_mse": 3.0})
    with telling("", "nothing"):
        History().append({"train_loss": 1.0})
    (path,) = tmp_path.glob("*.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["epoch"], line["name"], line["value"]) for line in lines] == [
        (1, "train_loss", 4.0),
        (2, "train_loss", 2.0),
        (4, "valid_mse", 3.0),
    ]
    path.write_text(path.read_text() + '{"what": "half a li')
    curves = Curves(tmp_path)
    console = Console(file=io.StringIO(), width=80)
    console.print(curves)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "net3 on t, seed 0  epoch 4  valid mse 3" in shown
    assert len(shown.splitlines()) == 1 + _live.HEIGHT


def test_fits_that_are_over_are_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with telling(str(tmp_path), "a"):
        History().append({"train_loss": 1.0})
    monkeypatch.setattr(_live, "STALE", -1.0)
    console = Console(file=io.StringIO())
    console.print(Curves(tmp_path))
    assert not console.file.getvalue().strip()  # type: ignore[attr-defined]


def test_a_bench_tells(tmp_path: Path) -> None:
    bench("pnist/topleft", "net3", seeds=1, train_sizes=(50,), epochs=2, live=tmp_path)
    (path,) = tmp_path.glob("*.jsonl")
    assert [json.loads(line)["what"] for line in path.read_text().splitlines()] == ["net3 on pnist/topleft, seed 0"] * 2
