"""Stores move between databases, and runs into files and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from made_runs import made, same
from sqlalchemy import text

from spoton._run import Run
from spoton.errors import DataError, StoreError, UsageError
from spoton.store import Store, append, copy, export_runs, import_runs
from spoton.store._copy import proofs


def test_round_the_databases_and_equal(tmp_path: Path, running: Any) -> None:
    """SQLite to MariaDB to PostgreSQL to SQLite: every byte of it, and every digit."""
    runs = [made(seed) for seed in range(7)] + [Run("t", "l"), made(8, status="failed", reason="'\\ % ✓ \u00df")]
    runs[1].metrics["valid"] |= {"mse": 1.7976931348623157e308, "mae": 5e-324, "hit": 0.1 + 0.2, "r2": -0.0}
    urls = [str(tmp_path / "a.db"), running["mariadb"].url(), running["postgresql"].url(), str(tmp_path / "b.db")]
    stores = [Store.open(url) for url in urls]
    stores[0].add_many(runs)
    stores[0].add_artifact(runs[0], "a.bin", bytes(range(256)))
    stores[2].add(made(99))  # the target may have runs of its own, so keys differ
    for source, target, count in zip(stores, stores[1:], (9, 9, 10), strict=False):
        copied, found = copy(source, target)
        assert copied == count
        assert found[0].rows == count
    uuids = {run.id for run in runs}
    first = proofs(stores[0], uuids)
    assert all(proofs(store, uuids) == first for store in stores[1:])
    back = stores[3].runs(predictions=True)
    assert sorted(run.id for run in back if run.seed != 99) == sorted(uuids)
    by_id = {run.id: run for run in back}
    assert same(by_id[runs[0].id], made(0, id=runs[0].id))
    assert stores[3].artifacts(runs[0]) == {"a.bin": ("application/octet-stream", bytes(range(256)))}
    assert copy(stores[0], stores[3])[0] == 0
    # a diagnosis or a picture that comes later is copied later; what the target alone has stays
    stores[0].add_artifact(runs[0], "a.bin", b"new", "text/plain")
    stores[0].add_artifact(runs[1], "b.bin", b"more")
    stores[3].add_artifact(runs[1], "c.bin", b"own")
    for target in stores[1:]:
        assert copy(stores[0], target)[0] == 0
        assert target.artifacts(runs[0]) == {"a.bin": ("text/plain", b"new")}
        assert target.artifacts(runs[1])["b.bin"][1] == b"more"
    assert stores[3].artifacts(runs[1])["c.bin"][1] == b"own"
    for store in stores:
        store.close()


def test_a_store_is_not_copied_to_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Store.open("a.db") as one, Store.open(tmp_path / "a.db") as other:
        one.add(made(0))
        with pytest.raises(UsageError, match=r"a\.db cannot be copied to itself; name another file"):
            copy(one, other)
    with Store.open("sqlite://") as one, Store.open("sqlite://") as other:  # two, each in its own memory
        one.add(made(0))
        assert copy(one, other)[0] == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE runs SET valid_hit = valid_hit + 1e-16 * 2 WHERE seed = 0",
        "UPDATE metrics SET value = NULL WHERE name = 'hit'",
        "DELETE FROM epochs WHERE epoch = 2",
        "UPDATE predictions SET data = row_ids",
        "UPDATE runs SET reason = 'x'",
    ],
)
def test_what_differs_is_found(tmp_path: Path, change: str) -> None:
    with Store.open(tmp_path / "a.db") as first, Store.open(tmp_path / "b.db") as second:
        first.add_many([made(0), made(1)])
        copy(first, second)
        with second.writing() as connection:
            connection.execute(text(change))
        with pytest.raises(StoreError, match="differ in the table"):
            copy(first, second)


@pytest.mark.parametrize("name", ["runs.json", "runs.jsonl", "runs.parquet"])
def test_files_there_and_back(tmp_path: Path, name: str) -> None:
    runs = [made(seed) for seed in range(3)] + [Run("t", "l")]
    export_runs(runs, tmp_path / name)
    back = import_runs(tmp_path / name)
    assert all(same(one, other) and one.id == other.id for one, other in zip(runs, back, strict=True))
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]
    export_runs([], tmp_path / name)
    assert import_runs(tmp_path / name) == []


def test_parquet_is_a_table_for_anybody(tmp_path: Path) -> None:
    export_runs([made(0), made(1)], tmp_path / "r.parquet")
    table = pd.read_parquet(tmp_path / "r.parquet")
    assert list(table["valid_hit"]) == [1 / 3, 1 / 3]
    assert list(table["learner"]) == ["linear@pts"] * 2


def test_wrong_files(tmp_path: Path) -> None:
    for name in ("a.json", "a.parquet"):
        (tmp_path / name).write_text('{"a": 1}')
        with pytest.raises(DataError, match="holds no runs of spoton"):
            import_runs(tmp_path / name)
    export_runs([made(0)], tmp_path / "whole.json")
    (whole,) = json.loads((tmp_path / "whole.json").read_text())
    for damaged in ({"metrics": [1]}, {"metrics": 7}, {"packed_predictions": {"valid": "AAAA"}}, {"history": 1}):
        (tmp_path / "a.json").write_text(json.dumps([whole | damaged]))
        with pytest.raises(DataError, match=r"a\.json holds no runs of spoton"):
            import_runs(tmp_path / "a.json")
    with pytest.raises(UsageError, match=r"\.json, \.jsonl, \.parquet"):
        export_runs([], tmp_path / "a.csv")
    with pytest.raises(DataError, match="there is no file"):
        import_runs(tmp_path / "none.json")
    with pytest.raises(DataError, match="cannot be written"):
        export_runs([], tmp_path / "none" / "a.json")


def test_lines_of_older_versions_get_the_same_id_each_time(tmp_path: Path) -> None:
    old = '{"task": "t", "learner": "l", "seed": 3, "status": "ok", "metrics": {"valid": {"r2": 0.5}}}\n'
    (tmp_path / "j.jsonl").write_text(old + old.replace("3", "4"))
    append(tmp_path / "j.jsonl", made(0))
    with Store.open(tmp_path / "s.db") as opened:
        assert opened.add_many(import_runs(tmp_path / "j.jsonl")) == 3
        assert opened.add_many(import_runs(tmp_path / "j.jsonl")) == 0
