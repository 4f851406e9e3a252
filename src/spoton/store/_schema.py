"""The tables of a store, as they are now. How they came to be so is told by `_migrations`.

They are made for a person who reads them with SQL: one wide row a run, and narrow tables beside it. Times are texts in
UTC that sort in order, since no two databases agree on dates. A value that is not finite is NULL.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects import mysql

METADATA = MetaData()
# MariaDB takes 'A' for 'a', cuts texts at 64 KiB and knows no foreign keys elsewhere, if nobody says otherwise
TABLES = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}
OPTIONS: dict[str, Any] = {f"{kind}_{key}": value for kind in ("mysql", "mariadb") for key, value in TABLES.items()}
NARROW = OPTIONS | {"sqlite_with_rowid": False}  # half the size
LONG = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
BYTES = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")

SPLITS = ("train", "valid", "test")
COMMON = (
    "r2",
    "mse",
    "mae",
    "dist_avg",
    "hit",
    "hit1",
    "accuracy",
)  # these have columns in `runs`; all are in `metrics`
WIDE = tuple(f"{split}_{name}" for split in SPLITS for name in COMMON)


def _run_key() -> Column[int]:
    return Column("run", Integer, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)


RUNS = Table(
    "runs",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("uuid", String(32), nullable=False, unique=True),
    Column("cell", String(32), nullable=False),  # of task, learner, details, seed and what was asked for
    Column("identity", String(32), nullable=False),  # of the cell, the data and spoton's version
    Column("peers", String(32), nullable=False, server_default=""),  # of the cell without its seed
    Column("task", String(700), nullable=False),
    Column("learner", String(2000), nullable=False),
    Column("details", String(64), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("train_size", Integer),
    Column("asked_train_size", Integer),
    Column("asked_epochs", Integer),
    Column("asked_history", Integer),
    Column("status", String(16), nullable=False),
    Column("reason", LONG, nullable=False),
    *(Column(name, Double) for name in WIDE),
    Column("fit_seconds", Double),
    Column("predict_seconds", Double),
    Column("parameters", Double),  # a count, and more than four bytes hold
    Column("epochs", Integer),
    Column("uses_labels", Boolean, nullable=False),
    Column("own", Boolean, nullable=False),
    Column("ceiling", LONG, nullable=False),
    Column("notes", LONG, nullable=False),  # JSON, as are rows_of, settings and packages
    Column("rows_of", LONG, nullable=False),
    Column("data_hash", String(64), nullable=False),
    Column("split_hash", String(64), nullable=False),
    Column("settings", LONG, nullable=False),
    Column("version", String(64), nullable=False),
    Column("spoton_commit", String(64)),
    Column("spoton_dirty", Boolean),
    Column("folder_commit", String(64)),
    Column("folder_dirty", Boolean),
    Column("packages", LONG, nullable=False),
    Column("python", String(64)),
    Column("platform", LONG),
    Column("cpu", LONG),
    Column("gpu", LONG),
    Column("command", LONG),
    Column("started", String(32), nullable=False),
    Column("finished", String(32), nullable=False),
    Index("runs_newest", "cell", "finished", "id"),
    Index("runs_identity", "identity"),
    **OPTIONS,
)

METRICS = Table(
    "metrics",
    METADATA,
    _run_key(),
    Column("split", String(32), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("value", Double),
    **NARROW,
)

EPOCHS = Table(
    "epochs",
    METADATA,
    _run_key(),
    Column("epoch", Integer, primary_key=True, autoincrement=False),  # over all fits; 0: the mean predictor's values
    Column("name", String(128), primary_key=True),
    Column("fit", Integer, nullable=False),
    Column("value", Double),
    **NARROW,
)

PREDICTIONS = Table(
    "predictions",
    METADATA,
    _run_key(),
    Column("split", String(32), primary_key=True),
    Column("n", Integer, nullable=False),
    Column("outputs", Integer, nullable=False),
    Column("row_ids", BYTES),  # zlib of a .npy file, as is data
    Column("data", BYTES, nullable=False),
    **OPTIONS,
)

ARTIFACTS = Table(
    "artifacts",
    METADATA,
    _run_key(),
    Column("name", String(255), primary_key=True),
    Column("media_type", String(128), nullable=False),
    Column("data", BYTES, nullable=False),
    **OPTIONS,
)

CHILDREN = (METRICS, EPOCHS, PREDICTIONS, ARTIFACTS)
