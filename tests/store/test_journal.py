from __future__ import annotations

from pathlib import Path

import pytest

from spoton import Run
from spoton.errors import DataError
from spoton.store import append, read


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
