"""Speed and memory of the layers beside a plain loop, kornia and softtorch, on one thread or on a GPU.

    python benchmarks/layers.py --markdown benchmarks/layers.md

Everything that is compared takes turns, round after round; ratios are taken within a round. A peer that is not
installed is left out, with the reason (`pip install 'spoton[peers]'`; softtorch needs Python 3.12). `--quick` takes
about a minute; `--device cuda` runs on a GPU.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor

from measure import Bench, Run, peak_bytes, spread, times
from spoton import get_task, ink, optional
from spoton.errors import MissingExtra
from spoton.layers import Extents, PointFeatures, RasterFirst, RasterPoints, _eager, _plain, scan_ends

Layer = Callable[[Tensor], Any]
Peers = dict[str, tuple[int, Layer]]  # name -> maps that it takes an image, and what to call with (B, maps, H, W)
HARD = [(1, 28), (16, 28), (256, 28), (4096, 28), (65536, 28), (256, 112), (16, 512), (8, 1024)]
SHAPES = [(1, 28), (16, 28), (256, 28), (4096, 28), (256, 56), (64, 112), (16, 224), (4, 512), (1, 1024)]
A_MILLION = [(1337, 28), (334, 56), (84, 112), (21, 224), (4, 512), (1, 1024)]
OURS: dict[str, Layer] = {
    "RasterPoints": RasterPoints(),
    "RasterFirst": RasterFirst(),
    "scan_ends": scan_ends,
    "Extents": Extents(),
}


def slowly(run: Run) -> Run:
    """The run as if the extra `fast` were not there."""

    state = vars(_eager)

    def slow() -> object:  # not by a context manager, which takes as long as an operation of torch
        before, state["FAST"] = state["FAST"], False
        try:
            return run()
        finally:
            state["FAST"] = before

    return slow


def digits(count: int, size: int) -> np.ndarray:
    """Real digits (the 567 that spoton brings along, repeated), enlarged by repeating pixels."""
    images = np.asarray(get_task("pnist/topleft").data().X)[:, 0]
    images = np.resize(images, (count, *images.shape[1:]))
    side = -(-size // images.shape[-1])
    return np.ascontiguousarray(images.repeat(side, 1).repeat(side, 2)[:, :size, :size])


def loop(images: Tensor) -> Tensor:
    """The twelve coordinates one image after the other, as it was done in 2020."""
    found = []
    for image in images:
        at = torch.nonzero(image > 0)
        y, x = at[:, 0], at[:, 1]
        for side, across, along in ((y.min(), y, x), (y.max(), y, x), (x.min(), x, y), (x.max(), x, y)):
            ends = along[across == side]
            found += [side, ends.min(), ends.max()]
    return torch.stack(found).reshape(len(images), 12)


class Nothing(torch.nn.Module):
    """A layer that does no work: memory for 72 columns an image."""

    def forward(self, z: Tensor) -> Tensor:
        """The memory."""
        return z.new_empty(len(z), 72)


def hard(bench: Bench, shapes: list[tuple[int, int]]) -> None:
    """`PointFeatures` in hard mode beside the loop."""
    speed = bench.read_speed()
    bench.say("", "## PointFeatures, hard", "")
    bench.say(
        f"Microseconds an image. Reading memory: {speed / 1e9:.1f} GB/s; the share is that of the fastest column, the"
    )
    bench.say(
        "size of the input by the time. The loop finds 12 columns, all others 72. `nothing` is a layer that looks at"
    )
    bench.say("no image and gives memory for the answer: as fast as any layer could be.")
    bench.table(
        *("batch", "size", "loop", "NumPy", "torch", "loop : torch", "with `fast`", "loop : `fast`", "share"),
        *("nothing", "loop : nothing"),
    )
    features, nothing = PointFeatures(mode="hard"), Nothing()
    for count, size in shapes:
        images = digits(count, size)
        z = torch.from_numpy(images).to(bench.device)
        few = z[:256]
        runs: dict[str, Run] = {
            "loop": lambda few=few: loop(few),  # type: ignore[misc]
            "NumPy": lambda images=images: ink.feature_points(images > 0),  # type: ignore[misc]
            "torch": slowly(lambda z=z: features(z)),  # type: ignore[misc]
            "nothing": lambda z=z: nothing(z),  # type: ignore[misc]
        }
        if _eager.kernels(z):
            runs["fast"] = lambda z=z: features(z)  # type: ignore[misc]
        found = bench.compare(runs)
        each = {name: [1e6 * s / (len(few) if name == "loop" else count) for s in v] for name, v in found.items()}
        fastest = each.get("fast", each["torch"])
        cells = [spread(each[name], digits) for name, digits in (("loop", 1), ("NumPy", 2), ("torch", 2))]
        cells.append(f"{times(each['loop'], each['torch']):.1f}")
        cells += [spread(fastest), f"{times(each['loop'], fastest):.0f}"] if "fast" in each else ["-", "-"]
        cells.append(f"{images.nbytes / count / (median(fastest) * 1e-6) / speed:.2f}")
        bench.row(count, size, *cells, spread(each["nothing"]), f"{times(each['loop'], each['nothing']):.0f}")


def peers(bench: Bench) -> Peers:
    """Those that are installed."""
    found: Peers = {}
    try:
        expectation = optional.require("kornia.geometry.subpix").spatial_soft_argmax2d
        found |= {"kornia": (1, expectation), "kornia, 8 maps": (8, expectation)}
    except MissingExtra as reason:
        bench.say("", f"kornia is left out: {reason}")
    try:
        argmax = optional.require("softtorch").argmax
    except MissingExtra as reason:
        bench.say("", f"softtorch is left out: {reason} (it needs Python 3.12; this is {platform.python_version()})")
        return found

    def soft_argmax(z: Tensor) -> Any:
        height, width = z.shape[-2:]
        rows, columns = torch.arange(height, device=z.device), torch.arange(width, device=z.device)
        grid = torch.stack([columns.repeat(height), rows.repeat_interleave(width)], dim=-1).to(z.dtype)
        return argmax(z.flatten(-2), dim=-1, standardize=False) @ grid  # in its quickest setting

    return found | {"softtorch": (1, soft_argmax)}


def step(layer: Layer, z: Tensor, backward: bool = True) -> Run:
    """Forward, or forward and backward with a gradient that is there already."""
    if not backward:
        return lambda: layer(z.detach())
    slopes = [torch.randn_like(part) for part in parts(layer(z.detach()))]

    def run() -> None:
        z.grad = None
        torch.autograd.backward(parts(layer(z)), slopes)

    return run


def parts(answers: Any) -> list[Tensor]:
    """One tensor or several."""
    return list(answers) if isinstance(answers, (tuple, list)) else [answers]


def contenders(bench: Bench, others: Peers, count: int, size: int, backward: bool) -> dict[str, Run]:
    """All that is compared on images of one shape."""
    runs = {}
    for name, (maps, layer) in others.items():
        runs[name] = step(layer, torch.randn(count, maps, size, size, device=bench.device).requires_grad_(), backward)
    z = torch.randn(count, size, size, device=bench.device).requires_grad_()
    runs |= {name: step(layer, z, backward) for name, layer in OURS.items()}
    if _eager.kernels(z):
        for name in ("RasterPoints", "RasterFirst", "scan_ends"):
            runs[f"{name} without `fast`"] = slowly(step(OURS[name], z, backward))
    return runs


def report(bench: Bench, found: dict[str, list[float]], count: int, size: int, head: bool) -> None:
    """A row of nanoseconds a pixel, and times kornia's."""
    if head:
        bench.table("batch x size", *found)
    cells = []
    for name, seconds in found.items():
        beside = f", x{times(seconds, found['kornia']):.2f}" if name != "kornia" and "kornia" in found else ""
        cells.append(spread([1e9 * s / (count * size * size) for s in seconds], 1) + beside)
    bench.row(f"{count} x {size}", *cells)


def soft(bench: Bench, others: Peers, shapes: list[tuple[int, int]], same: list[tuple[int, int]]) -> None:
    """The scans beside the peers, and on images of all sizes with the same number of pixels."""
    bench.say(
        "",
        "## Scans",
        "",
        "Nanoseconds a pixel of the image, and times kornia's on the same image. kornia and softtorch",
    )
    bench.say(
        "give one point, `RasterPoints` the points of eight scan orders, `RasterFirst` eight maps (beside kornia on"
    )
    bench.say("eight maps), `scan_ends` eight distributions, `Extents` four.")
    for title, backward in (("Forward", False), ("Forward and backward", True)):
        bench.say("", f"### {title}")
        for i, (count, size) in enumerate(shapes):
            report(bench, bench.compare(contenders(bench, others, count, size, backward)), count, size, i == 0)
    bench.say("", "### A million pixels, cut into images of 28 to 1024", "", "Forward and backward.")
    for i, (count, size) in enumerate(same):
        report(bench, bench.compare(contenders(bench, others, count, size, True)), count, size, i == 0)
    if bench.cuda:
        count, size = 4096, 28
        speed = bench.read_speed()
        bench.say(
            "", f"### Images a second at batch {count}", "", f"Forward and backward; {speed / 1e9:.0f} GB/s is the"
        )
        bench.say("memory's speed, the share counts input and gradient once.")
        bench.table("layer", "images/s", "share")
        for name, seconds in bench.compare(contenders(bench, others, count, size, True)).items():
            share = 2 * 4 * count * size * size / median(seconds) / speed
            bench.row(name, f"{count / median(seconds):.0f}", f"{share:.2f}")


def compiled(bench: Bench, others: Peers) -> None:
    """The same through torch.compile."""
    bench.say("", "## torch.compile", "", "Forward and backward, nanoseconds a pixel, and times compiled kornia's.")
    for i, (count, size) in enumerate([(256, 28), (64, 112), (1, 1024)]):
        torch.compiler.reset()
        z = torch.randn(count, size, size, device=bench.device).requires_grad_()
        image = z.detach()[:, None].clone().requires_grad_()
        try:
            runs = {name: step(torch.compile(layer), image) for name, (_, layer) in others.items() if name == "kornia"}
            runs |= {name: step(torch.compile(OURS[name]), z) for name in ("RasterPoints", "RasterFirst", "scan_ends")}
            found = bench.compare(runs)
        except Exception as reason:  # no C++ compiler on this machine, for one
            bench.say("", f"left out: {type(reason).__name__}: {str(reason).splitlines()[0]}")
            return
        report(bench, found, count, size, i == 0)


def memory(bench: Bench, others: Peers, shapes: list[tuple[int, int]]) -> None:
    """Peak memory of forward and backward."""
    bench.say(
        "",
        "## Peak memory",
        "",
        "Forward and backward, bytes a pixel of the image beyond the input: answers, gradient, and all in",
    )
    bench.say("between. A map of float32 is 4 bytes a pixel, so eight maps are 32.")
    if not bench.cuda and not Path("/proc/self/clear_refs").exists():
        bench.say("", "left out: only Linux says how much memory a process had at its peak")
        return
    ours = {name: (0, layer) for name, layer in {**OURS, "RasterFirst by autograd": _plain.scan_maps}.items()}
    bench.table("batch x size", *others, *ours)
    for count, size in shapes:
        cells = []
        for maps, layer in {**others, **ours}.values():
            axes = [count, *([maps] if maps else []), size, size]

            def prepare(layer: Layer = layer, axes: list[int] = axes) -> Run:
                step(layer, torch.randn(2, *axes[1:-2], 5, 6, device=bench.device).requires_grad_())()  # sets up
                return step(layer, torch.randn(axes, device=bench.device).requires_grad_())

            cells.append(f"{peak_bytes(bench, prepare) / (count * size * size):.1f}")
        bench.row(f"{count} x {size}", *cells)


def settle() -> None:
    """Give 30 MB back: from then on the C library keeps arrays that it is given back, as in a process that is not new.

    Before, it may ask the system for each large array anew, and a backward pass can take twice as long.
    """
    torch.empty(30 << 18)


def main() -> None:
    """Print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--quick", action="store_true", help="a few shapes and rounds, without torch.compile")
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    bench = Bench(options.device, *((3, 0.005) if options.quick else (9, 0.02)))
    start = time.perf_counter()
    bench.say(
        "# Speed of the layers",
        "",
        f"`{' '.join(['python', *sys.argv])}`, torch {torch.__version__}, {bench.machine()}.",
    )
    bench.say(f"Median and quartiles of {bench.rounds} rounds; ratios are taken within a round, and are medians too.")
    if not vars(_eager)["FAST"]:
        bench.say("", "The compiled kernels are left out: pip install 'spoton[fast]'")
    others = peers(bench)
    # memory first: it needs a process that had no backward pass yet
    if options.quick:
        memory(bench, others, [(4, 1024)])
        settle()
        hard(bench, HARD[1:4:2])
        soft(bench, others, [(256, 28), (64, 112)], A_MILLION[::5])
    else:
        memory(bench, others, [(5350, 28), (334, 112), (4, 1024)])
        settle()
        hard(bench, HARD)
        soft(bench, others, SHAPES, A_MILLION)
        compiled(bench, others)
    bench.say("", f"In {time.perf_counter() - start:.0f} s.")
    if options.markdown:
        options.markdown.write_text("\n".join(bench.lines) + "\n")


if __name__ == "__main__":
    main()
