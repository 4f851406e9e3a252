"""Several points at once: digits on a canvas, corners of floor plans. Measured on seeds that nothing was chosen on.

    python benchmarks/scenes.py                                # all sections, minutes for each and a seed; resumes
    python benchmarks/scenes.py points plain --seeds 100,101   # some of them, more seeds
    python benchmarks/scenes.py --train-size 1600 --passes 100 --out long.md    # what they come to: hours
    python benchmarks/scenes.py keypoints objects --seeds 100  # beside torchvision's detectors, fewer images and passes

No net is tuned: each has its own settings, and all make the same number of passes over the same images.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import mean
from types import SimpleNamespace

import spoton._evaluate as evaluation
from points_tables import Bench, average, each, of, replace_section, seconds, table
from spoton import Run, get_task

HERE = Path(__file__).parent
SEEDS = "100,101"
ROWS, PASSES = 300, 20
FEW, FEW_PASSES = 100, 10  # beside torchvision's detectors, which take many times as long
INTRO = (
    "# Several points at once\n\nHit: share of images whose points are all exact, mean over seeds and extremes. "
    "1 px: share of images whose points are all within one pixel. Distance: mean over points. Fit: seconds that the "
    "process was computing.\n\nA small benchmark: few images, short fits, no net tuned, so it says how far each comes "
    "by its own settings in the same number of passes, and not what it can come to.\n"
)
WORDS = (
    "`spotnet` and `linear@pts` take all ink for that of one thing, and fail where there are several digits or a room: "
    "they are not for it. The four convolutions of `keypoint-head` see nine pixels across, too little to tell which "
    "corner or which digit it is; `pools=3` puts a U-Net in their place, with many more weights, as `unet-heatmap` has."
)
# learner -> its name; what makes no passes, and nets with the settings they come with
SIMPLE = ("oracle", "mean", "linear@pts")
NETS = {
    "spotnet": "spotnet",
    "keypoint-head": "keypoint-head",
    "keypoint-unet": "keypoint-head?pools=3",
    "unet-heatmap": "unet-heatmap",
    "unet-logscan": "unet-logscan",
    "resnet18": "resnet18+ynorm+yrange=none",  # the slowest comes last
}


@dataclass(frozen=True)
class Asked:
    """What the command line asks for; None is what the section has by itself."""

    run: Bench
    passes: int | None
    train_size: int | None
    nets: tuple[str, ...] = tuple(NETS)


def learners(nets: Sequence[str], passes: int) -> dict[str, str]:
    """Learner -> its name with settings."""
    stems = {name: NETS[name] + ("&" if "?" in NETS[name] else "?") for name in nets}
    return {name: name for name in SIMPLE} | {name: f"{stem}epochs={passes}" for name, stem in stems.items()}


def measured(task: str, asked: Asked, detector: str = "") -> str:
    """All learners on one task, and perhaps a detector."""
    rows, passes = (FEW, FEW_PASSES) if detector else (ROWS, PASSES)
    rows, passes = asked.train_size or rows, asked.passes or passes
    names = learners(asked.nets, passes) | ({detector: f"{detector}?epochs={passes}"} if detector else {})
    tests = get_task(task).test()
    runs = asked.run([task], list(names.values()), train_sizes=(rows,))
    groups = sorted((of(runs, learner=name) for name in names.values()), key=rank)
    told = f"{rows} training images" + ("" if tests is None else f", {len(tests)} test images")
    head = "learner | valid hit % | test hit % | test 1 px % | test distance px | fit s | parameters"
    return f"`{task}`: {told}, {passes} passes of each net.\n\n" + table(head, map(line, groups)) + f"\n\n{WORDS}"


def of_test(runs: list[Run], key: str) -> float:
    """The mean of a metric on the test set; of runs that failed infinity."""
    return mean(run.metrics["test"][key] if run.metrics else float("inf") for run in runs)


def rank(runs: list[Run]) -> tuple[bool, float, float]:
    """Best first: by hits, then by distance."""
    return not runs[0].metrics, -of_test(runs, "hit"), of_test(runs, "dist_avg")


def line(runs: list[Run]) -> tuple[object, ...]:
    """A row of the table."""
    name = f"`{runs[0].learner}`"
    if any(run.status != "ok" for run in runs):
        return name, runs[0].reason, "", "", "", "", ""
    sides = [average(runs, side, 1) if len(runs) > 1 else each(runs, side, 1) for side in ("valid", "test")]
    near, away = f"{100 * of_test(runs, 'hit1'):.1f}", f"{of_test(runs, 'dist_avg'):.2f}"
    return name, *sides, near, away, seconds(runs), runs[0].parameters or 0


def boxes(asked: Asked) -> str:
    """Boxes of three digits"""
    return measured("scenes/boxes", asked)


def points(asked: Asked) -> str:
    """Topleft points of three digits"""
    return measured("scenes/points", asked)


def corners(asked: Asked) -> str:
    """Corners of floor plans"""
    return measured("plans/corners", asked)


def plain(asked: Asked) -> str:
    """Corners of floor plans with walls alone"""
    return measured("plans/corners?plain=1", asked)


def keypoints(asked: Asked) -> str:
    """Corners of plain floor plans, beside Keypoint R-CNN"""
    return measured("plans/corners?plain=1&rows=200", asked, "keypointrcnn")


def objects(asked: Asked) -> str:
    """Boxes of three digits, beside Faster R-CNN"""
    return measured("scenes/boxes?rows=200", asked, "fasterrcnn")


def machine() -> str:
    """What it runs on."""
    named = f"torch {version('torch')}, torchvision {version('torchvision')}, spoton {version('spoton')}"
    python = f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPU cores"
    return f"{named}, {python}, one thread of a CPU a fit"


SECTIONS: dict[str, Callable[[Asked], str]] = {
    "boxes": boxes,
    "points": points,
    "corners": corners,
    "plain": plain,
    "keypoints": keypoints,
    "objects": objects,
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the sections and write the file after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", help=f"some of {', '.join(SECTIONS)}; all by default")
    parser.add_argument("--seeds", default=SEEDS, help=f"{SEEDS} by default: nothing was chosen on them")
    parser.add_argument("--train-size", type=int, help=f"training rows ({ROWS}; beside detectors {FEW})")
    parser.add_argument("--passes", type=int, help=f"epochs of each net ({PASSES}; beside detectors {FEW_PASSES})")
    parser.add_argument("--journal", type=Path, default=HERE / "scenes-runs.jsonl")
    parser.add_argument("--nets", default=",".join(NETS), help="some of them; all by default")
    parser.add_argument("--beside", action="store_true", help="the machine has other work: say so")
    parser.add_argument("--out", type=Path, default=HERE / "scenes.md")
    told = parser.parse_args(argv)
    nets = tuple(told.nets.split(","))
    for given, known in ((told.sections, SECTIONS), (nets, NETS)):
        if unknown := set(given) - set(known):
            parser.error(f"nothing is called {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    # a fit takes the seconds in which its process computes: other work on the machine does not count
    evaluation.time = SimpleNamespace(perf_counter=time.process_time)  # type: ignore[assignment]
    run = Bench(1, told.journal, [int(seed) for seed in told.seeds.split(",")])
    where = machine() + ", beside other work" * told.beside
    for name in told.sections or SECTIONS:
        section = SECTIONS[name]
        title = (section.__doc__ or name).strip()
        fewer = f" --nets {told.nets}" * (len(nets) < len(NETS))
        command = f"`python benchmarks/scenes.py {name} --seeds {told.seeds}{fewer}`"
        seeds = f"seed{'s' if len(run.seeds) > 1 else ''} {' and '.join(map(str, run.seeds))}"
        text = f"{command}, {seeds}, {where}.\n\n{section(Asked(run, told.passes, told.train_size, nets))}"
        replace_section(told.out, INTRO, title, text, [(part.__doc__ or "").strip() for part in SECTIONS.values()])
        print(f"## {title}\n\n{text}\n", flush=True)


if __name__ == "__main__":
    main()
