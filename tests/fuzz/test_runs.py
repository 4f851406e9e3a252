"""Runs from files: import-runs, journals, and the file of a store."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hostile import changed, damaged, inputs, json_values, survives
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from spoton._run import Run
from spoton.errors import DataError
from spoton.history import History
from spoton.report import write
from spoton.store import Store, import_runs
from spoton.store._journal import read
from spoton.store._packing import to_line


def _run(seed: int) -> Run:
    run = Run(
        "pnist/top", "mean", seed, "ok", metrics={"valid": {"r2": 0.5, "mse": 2.0}}, rows_of={"train": 9, "valid": 3}
    )
    run.history = History(
        [{"train_loss": 4.0, "lr": 0.1}, {"train_loss": 1.0, "valid_mse": 2.5}], baseline={"valid_mse": 3.0}
    )
    run.provenance = {
        "python": "3.11.7",
        "packages": {"numpy": "2.0"},
        "command": "spoton bench",
        "spoton_dirty": False,
    }
    run.settings, run.notes = {"class": "x", "lr": 0.1}, ["a note"]
    run.predictions, run.row_ids = {"valid": np.arange(6.0).reshape(3, 2)}, {"valid": np.arange(3)}
    return run


LINES = [to_line(_run(seed)) for seed in range(2)]
TREE = [json.loads(line) for line in LINES]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@cache
def _empty() -> Store:
    return Store.open("sqlite://")


@contextmanager
def opened() -> Iterator[Store]:
    """One store for all, as it takes time to make; empty at the beginning."""
    with _empty().writing() as connection:
        connection.execute(text("DELETE FROM runs"))
    yield _empty()


def _use(runs: list[Run] | None, place: Path, reader: str) -> None:
    """What was read goes into a store, and out of it into every form that there is."""
    if runs is None:
        return

    def keep() -> None:
        with opened() as store:
            store.add_many(runs)
            for run in store.runs(predictions=True):
                to_line(run)
                run.rows()
            store.leaderboard()
            if runs and hash(runs[0].task) % 16 == 0:
                write(store, place / "report.html")

    for run in runs:
        to_line(run)
    survives(f"{reader}, stored", keep)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seed", "0"),
        ("seed", None),
        ("seed", 2**60),
        ("own", 1),
        ("metrics", {"valid": {"r2": "0.5"}}),
        ("metrics", {"valid": [0.5]}),
        ("rows_of", {"valid": 1.5}),
        ("notes", "a note"),
        ("fit_seconds", [1]),
        ("id", "a b"),
        ("id", "x" * 33),
        ("provenance", {"command": True}),
        ("provenance", {"packages": "numpy"}),
        ("settings", {"lr": float("nan")}),
        ("task", None),
    ],
)
def test_fields_of_another_kind(place: Path, field: str, value: Any) -> None:
    (place / "runs.json").write_text(json.dumps([TREE[0] | {field: value}]))
    with pytest.raises(DataError, match=r"runs.json holds no runs of spoton"):
        import_runs(place / "runs.json")


@st.composite
def trees(draw: st.DrawFn) -> Any:
    tree = draw(changed(TREE))
    if draw(st.integers(0, 3)) == 0 and isinstance(tree, list) and tree and isinstance(tree[0], dict):
        # the fields one by one: deep changes seldom meet them
        tree[0][draw(st.sampled_from(sorted(TREE[0])))] = draw(json_values)
    return tree


@inputs(60)
@given(data=st.data())
def test_json(place: Path, data: st.DataObject) -> None:
    raw = json.dumps(data.draw(trees())).encode()
    if data.draw(st.integers(0, 3)) == 0:
        raw = data.draw(damaged(raw, [b"[", b"]", b"{", b"}", b'"', b"9" * 5000, b"null", b"\xff", b"\\ud800", b"-"]))
    (place / "runs.json").write_bytes(raw)
    _use(survives("runs JSON", lambda: import_runs(place / "runs.json"), place), place, "runs JSON")


@inputs(50)
@given(data=st.data())
def test_journal(place: Path, data: st.DataObject) -> None:
    tree = data.draw(trees())
    lines = [json.dumps(part) for part in tree] if isinstance(tree, list) else [json.dumps(tree)]
    raw = "\n".join(lines).encode()
    if data.draw(st.booleans()):
        raw = data.draw(damaged(raw, [b"\n", b"{", b"}", b'"', b"\0", b"\xff", b"\r"]))
    (place / "runs.jsonl").write_bytes(raw)
    _use(survives("journal", lambda: read(place / "runs.jsonl"), place), place, "journal")


@inputs(40)
@given(data=st.data())
def test_parquet_of_runs(place: Path, data: st.DataObject) -> None:
    tree = data.draw(trees())
    records: list[Any] = [json.dumps(part) for part in tree] if isinstance(tree, list) else [json.dumps(tree)]
    odd = data.draw(st.sampled_from([None] * 6 + [1.5, b"\xff", "", "null", "[]"]))
    held = io.BytesIO()
    frame = pd.DataFrame({data.draw(st.sampled_from(["record"] * 9 + ["Record"])): records if odd is None else [odd]})
    frame.to_parquet(held, index=False)
    raw = data.draw(damaged(held.getvalue())) if data.draw(st.booleans()) else held.getvalue()
    (place / "runs.parquet").write_bytes(raw)
    _use(survives("runs Parquet", lambda: import_runs(place / "runs.parquet"), place), place, "runs Parquet")


@pytest.fixture(scope="module")
def whole(place: Path) -> Path:
    with Store.open(place / "whole.db") as store:
        store.add_many([_run(seed) for seed in range(3)])
        store.add_artifact(store.runs()[0], "a.png", b"no picture", "image/png")
    with sqlite3.connect(place / "whole.db") as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
    raw.close()
    return place / "whole.db"


def _look(path: Path) -> int:
    with Store.open(path) as store:
        store.counts()
        store.leaderboard()
        runs = store.runs(predictions=True)
        for run in runs:
            to_line(run)
            store.artifacts(run)
        store.add(_run(7))
        write(store, path.with_suffix(".html"))
        return len(runs)


COLUMNS = (
    "seed",
    "task",
    "learner",
    "notes",
    "rows_of",
    "settings",
    "packages",
    "status",
    "valid_r2",
    "uuid",
    "started",
)
TABLES = (
    *(("runs", COLUMNS),) * 3,
    ("metrics", ("split", "name", "value")),
    ("epochs", ("epoch", "name", "fit", "value")),
    ("predictions", ("n", "outputs", "row_ids", "data", "split")),
    ("spoton_schema", ("version_num",)),
)
broken = st.sampled_from(["[", "{}", "[]", "null", '{"a": [}', "[" * 20000, b"\x78\x9c", "NaN"])
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
cells = st.none() | numbers | st.text(max_size=5) | st.binary(max_size=5) | broken


@inputs(40)
@given(data=st.data())
def test_file_of_a_store(place: Path, whole: Path, data: st.DataObject) -> None:
    path = place / "fuzzed.db"
    for old in place.glob("fuzzed.db*"):
        old.unlink(missing_ok=True)  # SQLite removes its own as connections end
    shutil.copy(whole, path)
    if data.draw(st.booleans()):
        path.write_bytes(data.draw(damaged(whole.read_bytes())))
    else:
        changes = []
        for _ in range(data.draw(st.integers(1, 3))):
            table, columns = data.draw(st.sampled_from(TABLES))
            changes.append((f"UPDATE {table} SET {data.draw(st.sampled_from(columns))} = ?", data.draw(cells)))
        with closing(sqlite3.connect(path)) as raw:
            for words, value in changes:
                with suppress(sqlite3.Error):  # such as the same key twice
                    raw.execute(words, (value,))
            raw.commit()
    survives("store file", lambda: _look(path))
