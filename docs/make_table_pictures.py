"""Draws the pictures of docs/tables.md into docs/img, and fills in the tables of that page.

    python docs/make_table_pictures.py

What is drawn was measured by benchmarks/table_causes.py, which left it in docs/img/tables.json.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

import numpy as np
from make_pictures import plain
from matplotlib.figure import Figure

from spoton.plots._samples import COLOURS

HERE = Path(__file__).parent
IMAGES = HERE / "img"
PAGE = HERE / "tables.md"
RED, BLUE = COLOURS[:2]
NAMES = {"sgd": "SGD", "adam": "Adam", "descent": "`HypentropyDescent`"}
HUES = {"sgd": "#777777", "adam": BLUE, "descent": RED}
SHOWN = "300"  # epochs: the curves are those of the learning rate that is best after so many


def measured() -> Any:
    """What benchmarks/table_causes.py found."""
    return json.loads((IMAGES / "tables.json").read_text("utf-8"))


def draw_steps(found: Any) -> Figure:
    """What is left of the answer, and the share of the weights on the four columns, over the epochs; five seeds."""
    figure = Figure(figsize=(8.4, 3.2), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2)
    per_epoch = found["same_step"]["per_epoch"]
    for how, run in found["same_step"]["how"].items():
        for key, ax in (("left", left), ("share", right)):
            curves = run["lengths"][SHOWN]["curve"][key]
            for i, curve in enumerate(curves):
                values = np.array(curve) * (1 if key == "left" else 100)
                epochs = np.array(run["step"][: len(curve)]) / per_epoch
                label = NAMES[how].strip("`") if i == 0 else None
                ax.plot(epochs, values, lw=1.2, color=HUES[how], alpha=0.8, label=label)
    left.set(xscale="log", yscale="log")
    right.set(xscale="log", yscale="log", ylim=(0.3, 130))
    for ax in (left, right):
        ax.set_xticks([0.01, 0.1, 1, 3, 30, 300], ["0.01", "0.1", "1", "3", "30", "300"])
        ax.minorticks_off()
    right.axhline(100 * 4 / 804, color="#999999", lw=1, ls=":")
    right.annotate("if all were equal", (300, 0.5), (0, 3), textcoords="offset points", ha="right", fontsize=8)
    right.set_yticks([0.5, 1, 10, 100], ["0.5", "1", "10", "100"])
    right.minorticks_off()
    plain(left, "epochs", "1 - R2 on held-out rows")
    plain(right, "epochs", "share of |w| on the 4 columns, %")
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=8, frameon=False)
    return figure


def draw_weights(found: Any) -> Figure:
    """The 804 weights after three epochs: one seed."""
    figure = Figure(figsize=(8.4, 2.7), dpi=120, layout="constrained")
    for ax, (how, run) in zip(figure.subplots(1, 3, sharey=True), found["same_step"]["how"].items(), strict=True):
        weights = np.array(run["lengths"]["3"]["weights"])
        order = np.random.RandomState(0).permutation(len(weights))  # the four lie together at the end
        true = order >= len(weights) - 4
        places = np.arange(len(weights))
        ax.vlines(places[~true], 0, weights[order][~true], color="#888888", lw=0.6)
        ax.vlines(places[true], 0, weights[order][true], color=RED, lw=1.4)
        ax.plot(places[true], weights[order][true], "o", color=RED, ms=3.5)
        ax.axhline(0, color="#cccccc", lw=0.8)
        plain(ax, "column", "weight" if how == "sgd" else "", NAMES[how].strip("`"))
    return figure


def draw_scale(found: Any) -> Figure:
    """What least squares misses, by the scale of the four columns."""
    figure = Figure(figsize=(4.6, 3.0), dpi=120, layout="constrained")
    ax = figure.subplots()
    runs = {name: [left for left, _ in pairs] for name, pairs in found["scale"]["runs"].items()}
    factors = sorted((float(name), values) for name, values in runs.items() if name != "as it is")
    for values in zip(*(values for _, values in factors), strict=True):
        ax.loglog([factor for factor, _ in factors], values, "-o", color=BLUE, ms=3, lw=1)
    sd = found["scale"]["sd"]
    ax.plot([sd[1] / sd[0]] * 5, runs["as it is"], "s", color=RED, ms=5, mfc="none", label="the table as it is")
    ax.legend(fontsize=8, frameon=False)
    return plain(ax, "sd of the four columns, that of the others being 1", "1 - R2 on held-out rows").figure


def draw_jumps(found: Any) -> Figure:
    """A curve near its jump, and what nets make of it: one seed."""
    figure = Figure(figsize=(8.4, 2.9), dpi=120, layout="constrained")
    part = found["jumps"]
    shown = [(name, kind) for name, kind in part["kinds"].items() if name != "forest"]
    for ax, (name, kind), hue in zip(figure.subplots(1, 2, sharey=True), shown, (BLUE, RED), strict=True):
        ax.plot(part["x"], part["law"], color="#999999", lw=3, label="the law")
        ax.plot(part["x"], kind["curve"], color=hue, lw=1.4, label="the net")
        ax.legend(fontsize=8, frameon=False, loc="lower right")
        plain(ax, "x", "y" if hue == BLUE else "", f"members that see {name}")
    return figure


def number(value: float) -> str:
    """Three digits, or a power of ten."""
    if abs(value) >= 1e4:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.3f}"


def below_one(left: list[float]) -> str:
    """R2 of five seeds from what is left: mean ± sd, or how near 1 it is at least."""
    worst = max(*left, 1e-15)  # float64 tells no smaller one from 0
    if worst <= 1e-4:
        return f"1 - {worst:.0e} at least".replace("e-0", "e-")
    return f"{1 - mean(left):.3f} ± {stdev(left):.3f}"


def learner_table(found: Any) -> str:
    """Learners on the table as it is."""
    lines = ["| learner | R2 on held-out rows |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {below_one(left)} |" for name, left in found["learners"].items())])


def step_table(found: Any) -> str:
    """R2 and the share of the four columns after 3, 30 and 300 epochs."""
    runs = found["same_step"]["how"]
    lengths = list(next(iter(runs.values()))["lengths"])
    lines = [
        "| one linear layer by | " + " | ".join(f"R2, {n} epochs | lr | on the 4 columns %" for n in lengths) + " |",
        "|" + "---|" * (1 + 3 * len(lengths)),
    ]
    for how, run in runs.items():
        cells = [NAMES[how]]
        for length in lengths:
            part = run["lengths"][length]
            left, share = ([curve[-1] for curve in part["curve"][key]] for key in ("left", "share"))
            rate = "-" if how == "descent" else f"{part['rate']:g}"
            cells += [below_one(left), rate, f"{100 * mean(share):.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def scale_table(found: Any) -> str:
    """Least squares on the table as it is, and standardised."""
    sd = found["scale"]["sd"]
    titles = {"as it is": f"as it is: the four have sd {sd[1]:.0f}, the others {sd[0]:.0f}", "1": "standardised"}
    lines = ["| columns | R2 of `LinearRegression` | of the weights on the 4 columns % |", "|---|---|---|"]
    for name in ["as it is", *sorted((name for name in found["scale"]["runs"] if name != "as it is"), key=float)]:
        left, share = zip(*found["scale"]["runs"][name], strict=True)
        title = titles.get(name, f"standardised, then the four times {name}")
        lines.append(f"| {title} | {below_one(list(left))} | {100 * mean(share):.1f} |")
    return "\n".join(lines)


def constant_table(found: Any) -> str:
    """Pixels that hardly vary, by what they are divided by."""
    lines = [
        "| training rows | columns divided by | largest held-out value | ridge, R2 | net, R2 |",
        "|---|---|---|---|---|",
    ]
    for count, part in found["constant"].items():
        for title, row in part["rows"].items():
            largest = number(median(row["largest"])) if "largest" in row else "-"
            ends = [(min(row[k]), max(row[k])) if k in row else () for k in ("ridge", "net")]
            cells = [" to ".join(map(number, pair)) or "-" for pair in ends]
            lines.append(f"| {count} | {title} | {largest} | {' | '.join(cells)} |")
    return "\n".join(lines)


def jump_table(found: Any) -> str:
    """What is left of a curve with a jump."""
    part = found["jumps"]
    titles = {
        "cosines": "`SpotTable(members=5)`: cosines",
        "cosines and ramps": "`SpotTable()`: cosines, and ramps for half of the members",
        "forest": "random forest",
    }
    rows = {titles[name]: kind["left"] for name, kind in part["kinds"].items()}
    rows["the law itself, with a straight line between the rows next to the jump"] = part["bridged"]
    lines = ["| | 1 - R2 on new rows, mean | of each seed |", "|---|---|---|"]
    for title, left in rows.items():
        lines.append(f"| {title} | {mean(left):.4f} | {' '.join(f'{one:.4f}' for one in left)} |")
    return "\n".join(lines)


TABLES: dict[str, Callable[[Any], str]] = {
    "learners": learner_table,
    "steps": step_table,
    "scale": scale_table,
    "constant": constant_table,
    "jumps": jump_table,
}
PICTURES: dict[str, Callable[[Any], Figure]] = {
    "tables-steps": draw_steps,
    "tables-weights": draw_weights,
    "tables-scale": draw_scale,
    "tables-jumps": draw_jumps,
}


def filled(page: str, found: Any) -> str:
    """The page with its tables anew."""
    for name, make in TABLES.items():
        lines = make(found)
        page = re.sub(rf"(<!-- {name} -->\n).*?(<!-- end -->)", rf"\g<1>{lines}\n\g<2>", page, flags=re.DOTALL)
    return page


def main() -> None:
    """Draw all, and fill the page."""
    found = measured()
    for name, draw in PICTURES.items():
        draw(found).savefig(IMAGES / f"{name}.png", metadata={"Software": None})
    PAGE.write_text(filled(PAGE.read_text("utf-8"), found), "utf-8")


if __name__ == "__main__":
    main()
