"""Bars: what is told is shown on a terminal, and in a log by lines that come ever more seldom."""

from __future__ import annotations

import io
import sys
import time
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spoton import Task
from spoton._run import Run
from spoton._told import each_told, listening, tell
from spoton.cli import _lines
from spoton.cli import _progress as bars
from spoton.store import Store, copy, export_runs, import_runs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal_for(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error as a terminal; no fixture, as pytest puts its own in place after those."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    return screen


def heard(work: Any) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    with listening(lambda what, done, total: found.append((what, done, total))):
        work()
    return found


def test_bars_show_what_is_told_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_for(monkeypatch)
    with bars.counted() as say:
        say("loading", 0, 0)
        list(each_told("images read", range(1234)))
    with bars.progress() as bar:
        bar.say("loading")
        tell("images read", 5, 1000)
    with bars.share() as step:
        step("first", 0.1, 60)
        tell("files come", 0, 0)
    text = terminal.getvalue()
    assert "images read" in text
    assert "1234/1234" in text
    assert "5 of 1,000" in text
    assert "files come" in text


@pytest.mark.parametrize("quiet", [True, False])
def test_nothing_is_shown_when_quiet_or_in_a_pipe(quiet: bool, capfd: pytest.CaptureFixture[str]) -> None:
    with bars.counted(quiet=quiet), bars.progress(quiet=quiet), bars.share(quiet=quiet):
        tell("words", 1, 2)
    assert capfd.readouterr().err == ""


def test_no_colour_where_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_for(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    with bars.counted() as say:
        say("loading", 1, 2)
    assert "loading" in terminal.getvalue()
    colours = [part for part in terminal.getvalue().split("\x1b[") if part[:1] == "3" and part.partition("m")[1]]
    assert not colours


def test_reading_a_folder_of_images_is_told(tmp_path: Path) -> None:
    lines = ["file,tip_x,tip_y"]
    for i in range(3):
        Image.fromarray(np.full((8, 9), i, np.uint8)).save(tmp_path / f"{i}.png")
        lines.append(f"{i}.png,{i},{i}")
    (tmp_path / "points.csv").write_text("\n".join(lines))
    told = heard(lambda: Task.from_folder(tmp_path, tmp_path / "points.csv"))
    assert told == [("images read", done, 3) for done in range(4)]


def test_runs_that_are_added_copied_written_and_read_are_told(tmp_path: Path) -> None:
    runs = [Run("t", f"l{i}", status="ok") for i in range(650)]
    with Store.open(tmp_path / "a.db") as first, Store.open(tmp_path / "b.db") as second:
        assert heard(lambda: first.add_many(runs)) == [("runs added to the store", n, 650) for n in (200, 400, 600)]
        assert heard(first.runs) == [("runs read from the store", n, 650) for n in (500, 650)]
        told = heard(lambda: copy(first, second))
        assert ("runs copied", 500, 650) in told
        assert any(what.startswith("proving the table runs of") for what, _, _ in told)
    for ending in ("json", "jsonl", "parquet"):
        file = tmp_path / f"runs.{ending}"
        assert ("runs written", 650, 650) in heard(lambda file=file: export_runs(runs, file)), ending
        assert ("runs read", 650, 650) in heard(lambda file=file: import_runs(file)), ending


def test_a_download_is_told_and_torchvision_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from spoton.tasks._digits import _downloads_told

    utils: Any = types.ModuleType("torchvision.datasets.utils")
    drawn = utils.tqdm = lambda **_: pytest.fail("torchvision's own bar")
    parent: Any = types.ModuleType("torchvision.datasets")
    parent.utils = utils
    monkeypatch.setitem(sys.modules, "torchvision", types.ModuleType("torchvision"))
    monkeypatch.setitem(sys.modules, "torchvision.datasets", parent)
    monkeypatch.setitem(sys.modules, "torchvision.datasets.utils", utils)

    def download() -> None:
        with _downloads_told("mnist"), utils.tqdm(total=10, unit="B", unit_scale=True) as bar:
            bar.update(4)
            bar.update(6)

    told = heard(download)
    assert told == [("looking for mnist", 0, 0), ("bytes of mnist", 4, 10), ("bytes of mnist", 10, 10)]
    assert utils.tqdm is drawn


def test_a_log_has_lines_now_and_then(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(_lines, "FIRST", 0.2)
    with bars.progress() as bar:
        bar.start(40)
        bar.done(3)
        bar.say("spotnet on pnist/topleft")
        time.sleep(1.2)
    told = capsys.readouterr()
    said = told.err.splitlines()
    assert told.out == ""
    assert 1 <= len(said) <= 4  # after 0.2, 0.4, 0.8 s: each pause as long as all before
    assert all(line.endswith(", 3 of 40, spotnet on pnist/topleft") for line in said)
    assert said[0].startswith("spoton: 0:00")
    with bars.progress(quiet=True), bars.share(quiet=True), bars.waiting("x", quiet=True), bars.counted(quiet=True):
        time.sleep(0.5)
    with bars.share() as step:
        step("probing", 0.5, 60)
        time.sleep(0.3)
    assert capsys.readouterr().err.endswith(", 50 %, probing\n")
    with bars.waiting("exporting"):
        pass  # what is done at once says nothing
    assert capsys.readouterr() == ("", "")
