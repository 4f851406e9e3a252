from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spoton._run import Run
from spoton.errors import DataError
from spoton.store import append, check, read


def run(seed: int) -> Run:
    return Run("pnist/top", "mean", seed, status="ok", metrics={"valid": {"r2": 0.5}}, rows_of={"valid": 3})


def test_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "j"
    assert read(path) == []
    for seed in range(3):
        append(path, run(seed))
    assert read(path) == [run(0), run(1), run(2)]


def test_a_torn_last_line_is_dropped_and_does_not_swallow_the_next(tmp_path: Path) -> None:
    path = tmp_path / "j"
    append(path, run(0))
    append(path, run(1))
    whole = path.read_bytes()
    first = len(run(0).to_json()) + 1
    for cut in range(first + 1, len(whole) - 1, 7):
        path.write_bytes(whole[:cut])
        assert read(path) == [run(0)]
        append(path, run(2))
        assert read(path) == [run(0), run(2)]


def test_a_whole_last_line_without_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "j"
    append(path, run(0))
    path.write_bytes(path.read_bytes()[:-1])
    append(path, run(1))
    assert read(path) == [run(0), run(1)]


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("one\ntwo\n")
    with pytest.raises(DataError, match="is no journal of spoton"):
        read(path)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be written .* --journal"):
        append(tmp_path / "none" / "j", run(0))


def test_what_a_newer_version_adds_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_text(run(0).to_json().replace("{", '{"colour": "blue", ', 1) + "\n")
    assert read(path) == [run(0)]


def test_nan_is_strict_json(tmp_path: Path) -> None:
    odd = Run("t", "l", metrics={"valid": {"r2": float("nan")}})
    assert "NaN" not in odd.to_json()
    append(tmp_path / "j", odd)
    assert str(read(tmp_path / "j")[0].metrics["valid"]["r2"]) == "nan"


def test_a_folder_is_no_journal(tmp_path: Path) -> None:
    for use in (read, check):
        with pytest.raises(DataError, match="--journal"):
            use(tmp_path)


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    """A write that the limit cuts short goes on, and fails aloud."""
    code = f"""
import resource, signal
from spoton import store
from spoton._run import Run
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
for seed in range(9):
    store.append({str(tmp_path / "j")!r}, Run("t", "l", seed))
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "DataError" in out.stderr
    assert "cannot be written" in out.stderr
