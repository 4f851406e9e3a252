"""The first schema."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None

TABLES = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}
OPTIONS: dict[str, Any] = {f"{kind}_{key}": value for kind in ("mysql", "mariadb") for key, value in TABLES.items()}
NARROW = OPTIONS | {"sqlite_with_rowid": False}
LONG = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
BYTES = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
COMMON = ("r2", "mse", "mae", "dist_avg", "hit", "hit1", "accuracy")
WIDE = tuple(f"{split}_{name}" for split in ("train", "valid", "test") for name in COMMON)


def _run_key() -> Column[int]:
    return Column("run", Integer, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)


def upgrade() -> None:
    """Make all tables; those that a killed process has made already stay (MariaDB cannot take them back)."""
    op.create_table(
        "runs",
        Column("id", Integer, primary_key=True),
        Column("uuid", String(32), nullable=False, unique=True),
        Column("cell", String(32), nullable=False),
        Column("identity", String(32), nullable=False),
        Column("task", String(700), nullable=False),
        Column("learner", String(2000), nullable=False),
        Column("details", String(64), nullable=False),
        Column("seed", BigInteger, nullable=False),
        Column("train_size", Integer),
        Column("asked_train_size", Integer),
        Column("asked_epochs", Integer),
        Column("status", String(16), nullable=False),
        Column("reason", LONG, nullable=False),
        *(Column(name, Double) for name in WIDE),
        Column("fit_seconds", Double),
        Column("predict_seconds", Double),
        Column("parameters", Double),
        Column("epochs", Integer),
        Column("uses_labels", Boolean, nullable=False),
        Column("own", Boolean, nullable=False),
        Column("ceiling", LONG, nullable=False),
        Column("notes", LONG, nullable=False),
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
        **OPTIONS,
        if_not_exists=True,
    )

    op.create_table(
        "metrics",
        _run_key(),
        Column("split", String(32), primary_key=True),
        Column("name", String(128), primary_key=True),
        Column("value", Double),
        **NARROW,
        if_not_exists=True,
    )

    op.create_table(
        "epochs",
        _run_key(),
        Column("epoch", Integer, primary_key=True, autoincrement=False),
        Column("name", String(128), primary_key=True),
        Column("fit", Integer, nullable=False),
        Column("value", Double),
        **NARROW,
        if_not_exists=True,
    )

    op.create_table(
        "predictions",
        _run_key(),
        Column("split", String(32), primary_key=True),
        Column("n", Integer, nullable=False),
        Column("outputs", Integer, nullable=False),
        Column("row_ids", BYTES),
        Column("data", BYTES, nullable=False),
        **OPTIONS,
        if_not_exists=True,
    )

    op.create_table(
        "artifacts",
        _run_key(),
        Column("name", String(255), primary_key=True),
        Column("media_type", String(128), nullable=False),
        Column("data", BYTES, nullable=False),
        **OPTIONS,
        if_not_exists=True,
    )

    op.create_index("runs_newest", "runs", ["cell", "finished", "id"], if_not_exists=True)
    op.create_index("runs_identity", "runs", ["identity"], if_not_exists=True)
