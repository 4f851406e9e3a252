"""Peers that no other section has: the section `peers` of tables.py.

TabM and MARS on a wide table and on an ordinary one; LassoNet, a path of whose fits takes more than ten minutes on 804
columns, on the ordinary one alone.
"""

from __future__ import annotations

from statistics import mean, median

from points_tables import Bench, table

WIDE, ORDINARY = "columns/perfect", ("friedman1",)
OURS, LADDER = "spottable", "spottable-ladder"


def peers(run: Bench) -> str:
    """10. TabM, MARS and LassoNet"""
    names = (OURS, LADDER, "tabm", "mars", "lassonet", "lightgbm")
    runs = run([WIDE], [name for name in names if name != "lassonet"]) + run(ORDINARY, names)
    rows = []
    for task in (WIDE, *ORDINARY):
        for name in names:
            found = [one for one in runs if one.task == task and one.learner == name]
            if not found:
                continue
            scores = [one.metrics.get("valid", {}).get("r2", float("nan")) for one in found]
            spent = [one.fit_seconds or 0.0 for one in found]
            told = f"{mean(scores):.4f} ({min(scores):.4f} to {max(scores):.4f})"
            reason = next((one.reason for one in found if one.status != "ok"), "")
            rows.append((f"`{task}`", f"`{name}`", reason or told, f"{median(spent):.2f} (at most {max(spent):.2f})"))
    text = "As their authors set them; LassoNet's penalty by cross-validation.\n\n"
    return text + table("task | learner | mean R2 (worst to best) | fit s", rows)
