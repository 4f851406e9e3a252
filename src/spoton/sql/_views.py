"""The views that find the points: one text of plain SQL that SQLite, MariaDB and PostgreSQL all understand.

============  =========================================================================================================
view          one row an image, but for `ink`
============  =========================================================================================================
`ink`         a pixel of the digit: all pixels above zero, or what is left of them when the variant is taken away
`box`         the first and last column and row with ink
`ends`        `box`, and the two ends of the ink in each of these four lines
`kinds`       the ten kinds of point
`targets`     the task's answers
`pts`         the 72 columns of the features `pts11`, `pts12`, `pts22`, in their order
============  =========================================================================================================

Features see pixels above zero, as learners do. Where that is more than ink, `seen_box` and `seen_ends` are of those.
"""

from __future__ import annotations

import numpy as np
from sqlalchemy import Connection, inspect, text

from spoton import ink as geometry
from spoton.sql._rule import Rule
from spoton.tasks._qnist import KIND_OF_DIGIT

SIDES = {"left": "left_x", "top": "top_y", "right": "right_x", "bottom": "bottom_y"}
ENDS = {
    f"{side}_{end}": f"{side}_{end}_{'x' if side in ('top', 'bottom') else 'y'}"
    for side in ("top", "bottom", "left", "right")
    for end in ("first", "last")
}
KINDS = (*geometry.KINDS, "corner", "center")


def views(rule: Rule) -> dict[str, str]:
    """Name -> query, each made of those before it."""
    found = _ink(rule) | {"box": _box("ink"), "ends": _ends("box", "ink"), "kinds": _kinds(), "targets": _targets(rule)}
    if rule.dressed:
        found |= {"seen_box": _box("pixels"), "seen_ends": _ends("seen_box", "pixels")}
    return found | {"pts": _pts("seen_ends" if rule.dressed else "ends")}


def create_views(connection: Connection, rule: Rule) -> None:
    """Make those that are not there."""
    there = inspect(connection).get_view_names()
    for name, query in views(rule).items():
        if name not in there:
            connection.execute(text(f"CREATE VIEW {name} AS {query}"))


def _ink(rule: Rule) -> dict[str, str]:
    """`find_ink` of the tasks: above the haze, with an ink neighbour, and as far inside as blur went outside."""
    look, steps = rule.look, dict[str, str]()
    source = "pixels"
    if look.haze:
        steps["bright"] = f"SELECT image_id, y, x, grey FROM {source} WHERE grey > {look.haze}"
        source = "bright"
    if look.specks:
        steps["joined"] = _joined(source)
        source = "joined"
    if look.radius:
        steps["core"] = _core(source, look.radius)
        source = "core"
    return steps | {"ink": f"SELECT image_id, y, x, grey FROM {source}"}


def _count(line: str, along: str, radius: int) -> str:
    """How many pixels of its line are no farther than `radius` from a pixel, itself included."""
    frame = f"RANGE BETWEEN {radius} PRECEDING AND {radius} FOLLOWING"
    return f"COUNT(*) OVER (PARTITION BY image_id, {line} ORDER BY {along} {frame})"


def _joined(source: str) -> str:
    """Those with a neighbour in their row, their column or one of their two diagonals."""
    lines = {"across": ("y", "x"), "down": ("x", "y"), "falling": ("x - y", "y"), "rising": ("x + y", "y")}
    counts = ",\n        ".join(f"{_count(*line, 1)} AS {name}" for name, line in lines.items())
    return (
        f"SELECT image_id, y, x, grey FROM (\n    SELECT image_id, y, x, grey,\n        {counts}\n    FROM {source}\n"
        ") AS counted\nWHERE across + down + falling + rising > 4"
    )


def _core(source: str, radius: int) -> str:
    """Those whose whole square is ink: first along the rows, then down the columns of what is left."""
    side = 2 * radius + 1
    rows = f"SELECT image_id, y, x, grey,\n            {_count('y', 'x', radius)} AS across\n        FROM {source}"
    columns = (
        f"SELECT image_id, y, x, grey,\n        {_count('x', 'y', radius)} AS down\n    FROM (\n        {rows}\n"
        f"    ) AS in_rows\n    WHERE across = {side}"
    )
    return f"SELECT image_id, y, x, grey FROM (\n    {columns}\n) AS in_columns\nWHERE down = {side}"


def _box(ink: str) -> str:
    """An image without ink has -1 everywhere."""
    return f"""
SELECT images.id AS image_id,
    COALESCE(MIN({ink}.x), -1) AS left_x,
    COALESCE(MIN({ink}.y), -1) AS top_y,
    COALESCE(MAX({ink}.x), -1) AS right_x,
    COALESCE(MAX({ink}.y), -1) AS bottom_y
FROM images LEFT JOIN {ink} ON {ink}.image_id = images.id
GROUP BY images.id
""".strip()


def _ends(box: str, ink: str) -> str:
    lines = []
    for name, column in ENDS.items():
        side, _, end = name.partition("_")
        across, along = ("y", "x") if side in ("top", "bottom") else ("x", "y")
        pick = "MIN" if end == "first" else "MAX"
        lines.append(
            f"COALESCE({pick}(CASE WHEN {ink}.{across} = {box}.{SIDES[side]} THEN {ink}.{along} END), -1) AS {column}"
        )
    sides = ",\n    ".join(f"MIN({box}.{column}) AS {column}" for column in SIDES.values())
    return (
        f"SELECT {box}.image_id,\n    {sides},\n    "
        + ",\n    ".join(lines)
        + f"\nFROM {box} LEFT JOIN {ink} ON {ink}.image_id = {box}.image_id\nGROUP BY {box}.image_id"
    )


def _middle(low: str, high: str) -> str:
    # a shift by one bit is the floored half of a whole number; a division would be a fraction on MariaDB
    return f"CASE WHEN {low} < 0 THEN -1 ELSE ({low} + {high} + 1) >> 1 END"


def _xy(kind: str) -> tuple[str, str]:
    """The two columns of `ends` that make a kind of point."""
    if kind == "corner":
        return SIDES["left"], SIDES["top"]
    if kind == "center":
        return _middle(SIDES["left"], SIDES["right"]), _middle(SIDES["top"], SIDES["bottom"])
    side, end = geometry.KINDS[kind]
    along = ENDS[f"{side}_{end}"]
    return (along, SIDES[side]) if side in ("top", "bottom") else (SIDES[side], along)


def _kinds() -> str:
    pairs = ((kind, *_xy(kind)) for kind in KINDS)
    return "SELECT image_id,\n    " + ",\n    ".join(f"{x} AS {k}_x, {y} AS {k}_y" for k, x, y in pairs) + "\nFROM ends"


def _targets(rule: Rule) -> str:
    if rule.family == "qnist":
        sides = []
        for axis in "xy":
            cases = "\n        ".join(f"WHEN {digit} THEN {kind}_{axis}" for digit, kind in KIND_OF_DIGIT.items())
            sides.append(f"CASE images.digit\n        {cases} END AS point_{axis}")
        return f"SELECT image_id,\n    {', '.join(sides)}\nFROM kinds JOIN images ON images.id = kinds.image_id"
    if rule.member == "digit":
        return "SELECT id AS image_id, digit FROM images"
    if rule.member == "pxsum":
        return (
            "SELECT images.id AS image_id, COALESCE(SUM(ink.grey), 0) AS pxsum\n"
            "FROM images LEFT JOIN ink ON ink.image_id = images.id\nGROUP BY images.id"
        )
    source = "box" if set(rule.columns) <= set(SIDES.values()) else "kinds"
    return f"SELECT image_id, {', '.join(rule.columns)} FROM {source}"


def feature_columns() -> dict[str, str]:
    """Column of `pts` (`pts12_5_y`: y of the sixth point of pts12) -> the column of `ends` that it is."""
    ids = dict(enumerate((*SIDES.values(), *ENDS.values())))
    numbers = {name: number for number, name in ids.items()}
    box = {side: np.array([numbers[column]]) for side, column in SIDES.items()}
    ends = {end: np.array([numbers[column]]) for end, column in ENDS.items()}
    return {
        f"{group}_{i}_{axis}": ids[int(crossed[0, i, j])]
        for group, crossed in geometry.crossed(box, ends).items()  # it alone knows the order
        for i in range(crossed.shape[1])
        for j, axis in enumerate("xy")
    }


def _pts(ends: str) -> str:
    columns = [f"{source} AS {name}" for name, source in feature_columns().items()]
    rows = (", ".join(columns[i : i + 4]) for i in range(0, len(columns), 4))
    return "SELECT image_id,\n    " + ",\n    ".join(rows) + f"\nFROM {ends}"


# of any task, each after those that it is made of
ALL_VIEWS = ("bright", "joined", "core", "ink", "box", "ends", "kinds", "targets", "seen_box", "seen_ends", "pts")
