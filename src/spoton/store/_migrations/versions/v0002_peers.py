"""A hash for the lines of the leaderboard, which sorted 100,000 runs by five columns in a second; and what history a
run was asked for."""

from __future__ import annotations

import hashlib
import json

from alembic import op
from sqlalchemy import Column, Integer, String, bindparam, column, inspect, select, table

revision = "0002"
down_revision = "0001"

OF = ("task", "learner", "details", "asked_train_size", "asked_epochs")
LOT = 5000
RUNS = table("runs", *(column(name) for name in ("id", "peers", *OF)))


def upgrade() -> None:
    """Add both; what a killed process has added already stays (MariaDB cannot take it back)."""
    connection = op.get_bind()
    there = {held["name"] for held in inspect(connection).get_columns("runs")}
    if "asked_history" not in there:
        op.add_column("runs", Column("asked_history", Integer))
    if "peers" not in there:
        op.add_column("runs", Column("peers", String(32), nullable=False, server_default=""))
    update = RUNS.update().where(RUNS.c.id == bindparam("key")).values(peers=bindparam("hash"))
    last = 0
    while True:
        rows = connection.execute(
            select(RUNS.c.id, *(RUNS.c[name] for name in OF)).where(RUNS.c.id > last).order_by(RUNS.c.id).limit(LOT)
        ).all()
        if not rows:
            return
        connection.execute(update, [{"key": key, "hash": _hash(parts)} for key, *parts in rows])
        last = rows[-1][0]


def _hash(parts: list[object]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
