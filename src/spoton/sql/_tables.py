"""The tables of a task in a database: `task`, `images`, `pixels`, `points`.

They are made for a person who reads them with plain SQL: no name has to be quoted, and each key says what it is.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
)

from spoton.sql._rule import Rule

# as in a store: MariaDB knows no foreign keys elsewhere, and takes 'A' for 'a' if nobody says otherwise
SERVER = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}
OPTIONS: dict[str, Any] = {f"{kind}_{key}": value for kind in ("mysql", "mariadb") for key, value in SERVER.items()}
NAMES = ("task", "images", "pixels", "points")  # each refers to those before it alone
STAGE = "loading_"  # what a database without transactions for tables is filled under


def tables(rule: Rule, prefix: str = "") -> dict[str, Table]:
    """Name -> table; with a prefix to the names in the database."""
    metadata = MetaData()
    # 0 is a key like any other: MariaDB would take it for "give the next one"
    key: dict[str, Any] = {"primary_key": True, "autoincrement": False}
    images = f"{prefix}images.id"
    made = (
        Table(
            f"{prefix}task",
            metadata,
            Column("name", String(700), primary_key=True),
            Column("data_hash", String(64), nullable=False),
            Column("seed", BigInteger, nullable=False),  # of the split
            Column("width", Integer, nullable=False),
            Column("height", Integer, nullable=False),
            Column("version", String(64), nullable=False),
            Column("loaded", String(32), nullable=False),
            **OPTIONS,
        ),
        Table(
            f"{prefix}images",
            metadata,
            Column("id", Integer, **key),
            Column("split", String(8), nullable=False),
            Column("row_id", Integer, nullable=False),  # in the task's data, of 'test' in its test data
            Column("digit", SmallInteger, nullable=False),
            Index(f"{prefix}images_split", "split", "row_id"),
            Index(f"{prefix}images_digit", "digit"),
            **OPTIONS,
        ),
        Table(
            f"{prefix}pixels",
            metadata,
            Column("image_id", Integer, ForeignKey(images), **key),
            Column("y", SmallInteger, **key),
            Column("x", SmallInteger, **key),
            Column("grey", SmallInteger, nullable=False),
            sqlite_with_rowid=False,  # half the size
            **OPTIONS,
        ),
        Table(
            f"{prefix}points",
            metadata,
            Column("image_id", Integer, ForeignKey(images), **key),
            *(Column(name, Integer, nullable=False) for name in rule.columns),
            **OPTIONS,
        ),
    )
    return dict(zip(NAMES, made, strict=True))
