"""The views of a store: plain SQL that SQLite, MariaDB and PostgreSQL all understand."""

from __future__ import annotations

from sqlalchemy import Connection, text

# a figure of the newest runs, with its spread over seeds
BOARD = ("valid_r2", "valid_hit", "valid_dist_avg", "valid_mse", "valid_mae", "valid_accuracy", "test_r2", "test_hit")
GROUP = ("task", "learner", "details", "asked_train_size", "asked_epochs")  # `peers` is the hash of these

NEWEST = """
SELECT runs.* FROM runs
WHERE runs.id = (
    SELECT other.id FROM runs AS other WHERE other.cell = runs.cell
    ORDER BY other.finished DESC, other.id DESC LIMIT 1
)
"""


def _leaderboard() -> str:
    """Means, and standard deviations from the squares around them: the difference of sums loses all digits."""
    means = ",\n        ".join(f"AVG({name}) OVER one_line AS {name}_mean" for name in BOARD)
    kept = ",\n        ".join(BOARD)
    shown = ",\n    ".join(
        f"AVG({name}) AS {name},\n    SQRT(SUM(({name} - {name}_mean) * ({name} - {name}_mean))"
        f" / NULLIF(COUNT({name}) - 1, 0)) AS {name}_sd"
        for name in BOARD
    )
    group = ",\n    ".join(f"MIN({name}) AS {name}" for name in GROUP)
    return f"""
SELECT {group},
    MAX(train_size) AS train_size,
    SUM(CASE WHEN status = 'ok' THEN 1 ELSE 0 END) AS n,
    SUM(CASE WHEN status = 'ok' THEN 0 ELSE 1 END) AS not_ok,
    {shown},
    AVG(fit_seconds) AS fit_seconds,
    AVG(parameters) AS parameters,
    MAX(finished) AS finished
FROM (
    SELECT peers, {", ".join(GROUP)}, train_size, status, fit_seconds, parameters, finished,
        {kept},
        {means}
    FROM newest
    WINDOW one_line AS (PARTITION BY peers)
) AS measured
GROUP BY peers
"""


VIEWS = {"newest": NEWEST, "leaderboard": _leaderboard()}


def drop(connection: Connection) -> None:
    """Before the tables below change."""
    for name in reversed(VIEWS):
        connection.execute(text(f"DROP VIEW IF EXISTS {name}"))


def create(connection: Connection) -> None:
    """As this version of spoton has them."""
    for name, query in VIEWS.items():
        connection.execute(text(f"CREATE VIEW {name} AS {query}"))
