"""Runs to files and back: JSON for programs and people, Parquet for tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spoton import _trust
from spoton._run import Run
from spoton._told import each_told
from spoton.errors import DataError, SpotonError, UsageError
from spoton.store._journal import read
from spoton.store._packing import from_line, to_line

KINDS = (".json", ".jsonl", ".parquet")
RECORD = "record"  # the column of a Parquet file that holds the whole run


def export_runs(runs: Sequence[Run], path: str | Path) -> None:
    """Write runs to a file; it is replaced at once or not at all.

    `.json` is one list, `.jsonl` a journal (one run a line), `.parquet` a table of one row a run, with `valid_r2` and
    so on as columns, and the whole run as JSON in the column `record`.

    Raises:
        UsageError: a file of another kind.
        DataError: it cannot be written.
    """
    path = Path(path)
    kind = _kind(path)
    partial = path.with_name(path.name + ".part")
    try:
        if kind == ".parquet":
            _table(runs).to_parquet(partial, index=False)
        else:
            lines = [to_line(run) for run in each_told("runs written", runs)]
            text = "[\n" + ",\n".join(lines) + "\n]\n" if kind == ".json" else "".join(line + "\n" for line in lines)
            partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror or error}); name another file") from error


def import_runs(path: str | Path) -> list[Run]:
    """Read what `export_runs` wrote, or a journal.

    Raises:
        UsageError: a file of another kind.
        DataError: it cannot be read, or holds no runs.
    """
    path = Path(path)
    kind = _kind(path)
    if not _trust.is_regular(path):
        raise DataError(f"there is no file {path}")
    if kind == ".jsonl":
        return read(path)
    try:
        _trust.check_bytes(path.stat().st_size, str(path))
        lines = _listed(path) if kind == ".json" else _records(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error})") from error
    try:
        return [from_line(line) for line in each_told("runs read", lines)]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _strange(path, error) from error


def _strange(path: Path, error: Exception) -> DataError:
    return DataError(f"{path} holds no runs of spoton ({error}); give a file of spoton export-runs, or a journal")


def _listed(path: Path) -> list[str]:
    """The runs of a JSON file, a line each."""
    try:
        return [json.dumps(record) for record in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError, RecursionError) as error:
        raise _strange(path, error) from error


def _records(path: Path) -> list[str]:
    """The whole runs of a Parquet file; its other columns are not read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as stream:
            file = pq.ParquetFile(stream)
            kinds = [field.type for field in file.schema_arrow if field.name == RECORD]
            if kinds == [pa.null()] and not file.metadata.num_rows:
                return []
            if len(kinds) != 1 or kinds[0] not in (pa.string(), pa.large_string()):
                raise _strange(path, ValueError(f"it has no texts in a column '{RECORD}'"))
            _trust.check_parquet(file, str(path))
            return [str(line) for line in file.read([RECORD]).column(0).to_pylist()]
    except SpotonError:
        raise
    except (pa.ArrowException, ValueError, TypeError) as error:  # texts that are no UTF-8 are found last
        raise _strange(path, error) from error


def _kind(path: Path) -> str:
    if path.suffix.lower() not in KINDS:
        raise UsageError(f"runs are kept in {', '.join(KINDS)} files, not in '{path.name}'")
    return path.suffix.lower()


def _table(runs: Sequence[Run]) -> Any:
    import pandas as pd

    names = ("id", "task", "learner", "seed", "train_size", "status", "reason", "fit_seconds", "parameters", "version")
    rows = []
    for run in each_told("runs written", runs):
        row = {name: getattr(run, name) for name in (*names, "started", "finished")}
        scores = {f"{split}_{name}": value for split, part in run.metrics.items() for name, value in part.items()}
        rows.append(row | scores | {RECORD: to_line(run)})
    return pd.DataFrame(rows, columns=None if rows else [*names, RECORD])
