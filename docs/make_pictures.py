"""Draws the pictures of docs/why-nets-miss.md into docs/img, and fills in the table of that page.

    python docs/make_pictures.py               # --only scan: one picture

spotnet is trained here, in a loop of plain torch; the other nets were trained by docs/measure_nets.py, which left what
they answered in docs/img/nets.json.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from spoton import get_learner, get_task
from spoton.layers import LOG_SCAN_CHANNELS, extents, log_scan, point_nll, raster_first
from spoton.nets import SpotNet
from spoton.plots._samples import COLOURS

TASK, SEED, SEEDS = "pnist/topleft", 100, range(100, 105)
HERE = Path(__file__).parent
IMAGES = HERE / "img"
PAGE = HERE / "why-nets-miss.md"
RED, BLUE = COLOURS[:2]
RESNET, SPOTNET = "ResNet18, 60 epochs", "spotnet"
FAINT, LOOSE = 35, 7  # held-out images: an answer of 2/255; sides that hang on a faint pixel
FAINT_VALUE = 25  # of 255
DIM = -12.0  # log-probabilities below this are drawn alike


@cache
def data(seed: int = SEED) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training images and answers, and those held out."""
    task = get_task(TASK)
    whole, split = task.data(), task.split(seed)
    train, valid = whole.take(split.train), whole.take(split.valid)
    parts = [torch.from_numpy(np.array(v, np.float32)) for v in (train.X, train.y, valid.X, valid.y)]
    return parts[0], parts[1], parts[2], parts[3]


@cache
@torch.enable_grad()
def epochs(seed: int = SEED) -> list[SpotNet]:
    """spotnet before training and after each epoch; the settings are the learner's own."""
    x, y, _, _ = data(seed)
    options = get_learner("spotnet").get_params()
    torch.manual_seed(seed)
    net = SpotNet()
    adam = torch.optim.AdamW(net.parameters(), options["lr"], betas=(0.9, options["beta2"]), weight_decay=0)
    steps = options["epochs"] * math.ceil(len(x) / options["batch_size"])
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, options["lr"], total_steps=steps)
    kept = [copy.deepcopy(net)]
    for _ in range(options["epochs"]):
        for rows in torch.randperm(len(x)).split(options["batch_size"]):
            adam.zero_grad()
            point_nll(net(x[rows]), y[rows]).backward()
            adam.step()
            cycle.step()
        kept.append(copy.deepcopy(net))
    return kept


@torch.no_grad()
def hits(net: SpotNet, seed: int = SEED) -> float:
    """Share of held-out images that are hit."""
    _, _, x, y = data(seed)
    return (net.eval().decode(net(x)) == y).all(1).float().mean().item()


def nets() -> Any:
    """What docs/measure_nets.py found."""
    return json.loads((IMAGES / "nets.json").read_text("utf-8"))


def canvas(width: float, height: float, rows: int, columns: int, **options: Any) -> tuple[Figure, Any]:
    """A figure, and its axes."""
    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def bare(ax: Axes, title: str) -> Axes:
    """No ticks, a small title."""
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_color("#cccccc")
    ax.set_title(title, fontsize=9)
    return ax


def plain(ax: Axes, x: str, y: str, title: str = "") -> Axes:
    """Labels, and no frame above and to the right."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlabel(x, fontsize=9)
    ax.set_ylabel(y, fontsize=9)
    ax.tick_params(labelsize=8)
    ax.set_title(title, fontsize=9)
    return ax


def mark(ax: Axes, point: Any, colour: str = RED, marker: str = "s", ms: float = 7, **options: Any) -> None:
    """A point on an image."""
    ax.plot(*point, ls="", mfc="none", mew=1.6, ms=ms, color=colour, marker=marker, **options)


@torch.no_grad()
def draw_scan() -> Figure:
    """A digit, its mask, the survival of the topleft scan, the first ink; after two epochs and after all."""
    figure, axes = canvas(8.4, 4.6, 2, 4)
    image, point = data()[2][FAINT, 0], data()[3][FAINT].tolist()
    for line, after in zip(axes, (2, len(epochs()) - 1), strict=True):
        logits = epochs()[after].gate(image)
        survival = log_scan(logits, bound=float("inf"))[LOG_SCAN_CHANNELS.index("topleft")]
        first = raster_first(logits, "topleft")
        best = divmod(int(first.argmax()), first.shape[1])[::-1]
        line[0].set_ylabel(f"after {after} epochs", fontsize=9)
        bare(line[0], "the image").imshow(image, cmap="gray", vmin=0, vmax=1)
        bare(line[1], "the mask m").imshow(torch.sigmoid(logits), cmap="gray", vmin=0, vmax=1)
        bare(line[2], "log P(no ink before it)").imshow(survival.clamp_min(DIM), cmap="gray", vmin=DIM, vmax=0)
        shown = bare(line[3], "log P(it is the first ink)").imshow(first.clamp_min(DIM), cmap="gray", vmin=DIM, vmax=0)
        for ax in line:
            mark(ax, point, ms=11)
        mark(line[3], best, BLUE, "x")
    figure.colorbar(shown, ax=axes[:, 3], shrink=0.7, aspect=25).ax.tick_params(labelsize=8)
    return figure


def draw_threshold() -> Figure:
    """The learned threshold and the hits, epoch by epoch, from five random beginnings."""
    figure, ((left, right),) = canvas(8.4, 3.0, 1, 2)
    for seed in SEEDS:
        values = [255 * net.gate.ink.log_threshold.exp().item() for net in epochs(seed)]
        left.semilogy(values, "-o", ms=3, lw=1.2, color=BLUE)
        right.plot([100 * hits(net, seed) for net in epochs(seed)], "-o", ms=3, lw=1.2, color=BLUE)
    left.axhline(1, color=RED, lw=1.2)
    left.annotate("the faintest ink", (10, 1), (0, 4), textcoords="offset points", ha="right", color=RED, fontsize=8)
    left.set_yticks([0.3, 1, 3, 10, 30, 100], ["0.3", "1", "3", "10", "30", "100"])
    left.minorticks_off()
    plain(left, "epoch", "threshold t, of 255", "what counts as ink")
    plain(right, "epoch", "%", "held-out images hit")
    return figure


def draw_errors() -> Figure:
    """Digits that ResNet18 misses, and predicted against true coordinates of it and of spotnet."""
    figure = Figure(figsize=(8.4, 5.4), dpi=120, layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1, 1.6])
    found, (_, _, x, _) = nets(), data()
    true = np.array(found["points"])
    both = [np.array(found["nets"][name]["predicted"]) for name in (RESNET, SPOTNET)]
    away = np.hypot(*(both[0] - true).T)
    rows = np.argsort(away)[[np.searchsorted(np.sort(away), q) for q in np.quantile(away, np.linspace(0.5, 0.99, 6))]]
    for ax, row in zip(above.subplots(1, len(rows)), rows, strict=True):
        bare(ax, f"{away[row]:.1f} px off").imshow(x[row, 0], cmap="gray", vmin=0, vmax=1)
        mark(ax, true[row], RED, "s", label="right")
        mark(ax, both[0][row], COLOURS[2], "x", label="ResNet18")
        mark(ax, both[1][row], BLUE, ".", label="spotnet")
    above.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    for ax, name, answers in zip(below.subplots(1, 2), (RESNET, SPOTNET), both, strict=True):
        ax.plot([0, 20], [0, 20], color="#cccccc", lw=1)
        for axis, marker, colour in ((0, "o", BLUE), (1, "^", RED)):
            ax.plot(true[:, axis], answers[:, axis], marker, ms=3.5, mew=0, alpha=0.7, color=colour, label="xy"[axis])
        ax.legend(fontsize=8, frameon=False, loc="upper left")
        share = 100 * found["nets"][name]["valid"]
        ax.set(xticks=range(0, 21, 5), yticks=range(0, 21, 5))
        plain(ax, "right answer, px", "answer of the net, px", f"{name}: {share:.0f} % of the pixels hit")
    return figure


@torch.no_grad()
def draw_extents() -> Figure:
    """The distributions of the ink box's sides, along the margins of a digit, as the mask is learned."""
    after = (0, 1, 2, 10)
    figure, (axes,) = canvas(8.4, 2.5, 1, len(after))
    image = data()[2][LOOSE, 0]
    for ax, epoch in zip(axes, after, strict=True):
        logits = epochs()[epoch].gate(image)
        box = {name: log_p.exp().numpy() for name, log_p in extents(logits).items()}
        bare(ax, "").imshow(torch.sigmoid(logits), cmap="gray", vmin=0, vmax=1)
        ax.set_xlabel("before training" if not epoch else f"after {epoch} epoch{'s' if epoch > 1 else ''}", fontsize=9)
        top, side = ax.inset_axes([0, 1.03, 1, 0.3]), ax.inset_axes([-0.33, 0, 0.3, 1])
        places = np.arange(image.shape[-1])
        for name, colour in (("left", BLUE), ("right", RED)):
            top.bar(places, box[name], width=1, color=colour)
        for name, colour in (("top", BLUE), ("bottom", RED)):
            side.barh(places, box[name], height=1, color=colour)
        top.set(xlim=ax.get_xlim(), ylim=(0, 1.02), xticks=[], yticks=[])
        side.set(ylim=ax.get_ylim(), xlim=(1.02, 0), xticks=[], yticks=[])
        top.spines[["top", "right", "left"]].set_visible(False)
        side.spines[["top", "bottom", "left"]].set_visible(False)
    return figure


def draw_jump() -> Figure:
    """The pixel of the answer is erased: how far the right answer moves, and how far the nets' do."""
    figure, ((near, far, ax),) = canvas(8.4, 2.9, 1, 3, width_ratios=[1, 1, 1.7])
    found, (_, _, x, _) = nets(), data()
    true, moved = np.array(found["points"]), np.array(found["erased"]["points"])
    value = np.array(found["erased"]["value"])
    row = int(np.argmax(np.hypot(*(moved - true).T)))
    without = x[row, 0].clone()
    without[true[row][1], true[row][0]] = 0
    for panel, image, point, title in (
        (near, x[row, 0], true[row], "a digit"),
        (far, without, moved[row], f"without one pixel of {value[row]}/255"),
    ):
        bare(panel, title).imshow(image, cmap="gray", vmin=0, vmax=1)
        mark(panel, point)
    for name, colour, marker in ((RESNET, BLUE, "o"), ("right answer", RED, "s")):
        net = found["nets"].get(name, {"predicted": true, "erased": moved})
        after, from_ = np.array(net["erased"]), np.array(net["predicted"])
        far_off = np.hypot(*(after - from_).T).clip(0.01)  # what was measured is rounded to that
        ax.loglog(value, far_off, marker, ms=3.5, mew=0, alpha=0.7, color=colour, label=name)
    ax.legend(fontsize=8, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 0.98), ncols=2)
    ax.set_xticks([1, 10, 100], ["1", "10", "100"])
    ax.set_yticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
    ax.minorticks_off()
    plain(ax, "value of the erased pixel, of 255", "the answer moves by, px")
    return figure


def table(found: dict[str, Any]) -> str:
    """The table of the page."""
    lines = [
        "| net | parameters | training images hit % | held out, hit % | distance px | on 112 x 112 | two digits |",
        "|---|---|---|---|---|---|---|",
    ]
    for title, net in found["nets"].items():
        shares = [f"{100 * net[k]:.1f}" if k in net else "-" for k in ("train", "valid", "large", "stacked")]
        parts = [title, f"{net['parameters']:,}", *shares[:2], f"{net['distance']:.2f}", *shares[2:]]
        lines.append("| " + " | ".join(parts) + " |")
    return "\n".join(lines)


def probes(found: dict[str, Any]) -> str:
    """The table of what three of the nets do where the right answer moves."""
    true, moved = np.array(found["points"]), np.array(found["erased"]["points"])
    faint = np.array(found["erased"]["value"]) <= FAINT_VALUE
    step = found["shifts"]["steps"][-1]
    lines = [
        f"| net | digit shifted by {step} px | its pixel erased | if {FAINT_VALUE}/255 or less | between pixels % |",
        "|---|---|---|---|---|",
    ]

    def line(title: str, shift: float, moves: Any, between: float) -> str:
        return f"| {title} | {shift:.2f} | {np.median(moves):.2f} | {np.median(moves[faint]):.2f} | {between:.0f} |"

    lines.append(line("the right answer", step, np.hypot(*(moved - true).T), 0.0))
    for title, net in found["nets"].items():
        if "predicted" in net:
            before, after = np.array(net["predicted"]), np.array(net["erased"])
            between = 100 * (np.abs(before - np.rint(before)) > 0.25).mean()
            lines.append(line(title, net["moved"][-1][0], np.hypot(*(after - before).T), between))
    return "\n".join(lines)


def filled(page: str, found: dict[str, Any]) -> str:
    """The page with its tables anew."""
    for name, make in (("nets", table), ("probes", probes)):
        lines = make(found)
        page = re.sub(rf"(<!-- {name} -->\n).*?(<!-- end -->)", rf"\g<1>{lines}\n\g<2>", page, flags=re.DOTALL)
    return page


PICTURES: dict[str, Callable[[], Figure]] = {
    "scan": draw_scan,
    "threshold": draw_threshold,
    "errors": draw_errors,
    "extents": draw_extents,
    "jump": draw_jump,
}


def main() -> None:
    """Draw what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PICTURES)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    for name, draw in PICTURES.items():
        if asked.only in (None, name):
            draw().savefig(IMAGES / f"{name}.png", metadata={"Software": None})
    PAGE.write_text(filled(PAGE.read_text("utf-8"), nets()), "utf-8")


if __name__ == "__main__":
    main()
