"""Several points at once: digits on a canvas, corners of floor plans. Measured on seeds that nothing was chosen on.

    python benchmarks/scenes.py                       # all sections, hours on a CPU; resumes
    python benchmarks/scenes.py points corners        # some of them
    python benchmarks/scenes.py --seeds 10 --train-size 400 --passes 10 --out first.md    # a first look
    python benchmarks/scenes.py detectors             # one seed, 200 images: they are slow

Settings are those of `tuned-scenes.json` where it has them, otherwise each learner's own. That file is made on seeds 0
to 2, on a part of the training rows, with the same number of trials and passes for each net:

    python benchmarks/tune_points.py --tasks scenes/boxes,scenes/points,plans/corners --trials 4 --finalists 2 \
        --learners spotnet,keypoint-head,unet-heatmap,unet-logscan,resnet18 --out benchmarks/tuned-scenes.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

import torch

from points_tables import SEEDS, Bench, average, of, replace_section, seconds, table
from spoton import Run, get_task

HERE = Path(__file__).parent
TUNED = HERE / "tuned-scenes.json"
PASSES = 20
INTRO = (
    "# Several points at once\n\nHit: share of images whose points are all exact. Means over seeds, with extremes. "
    "1 px: share of images whose points are all within one pixel.\n"
)
SIMPLE = ("oracle", "mean", "linear", "linear@pts", "knn")
# nets and what their names carry unless the tuning found other settings
NETS = {
    "resnet18": "resnet18+ynorm+yrange=none",
    "spotnet": "spotnet",
    "keypoint-head": "keypoint-head",
    "unet-heatmap": "unet-heatmap",
    "unet-logscan": "unet-logscan",
}


# torchvision's detectors are far slower than the nets above: one seed, fewer images, half the passes
FEW = 200


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    run: Bench
    passes: int
    train_size: int | None


def learners(task: str, passes: int) -> dict[str, str]:
    """Learner -> its name with settings."""
    told = json.loads(TUNED.read_text("utf-8")) if TUNED.exists() else {"tasks": {}}
    best = {name: found["best"] for name, found in told["tasks"].get(task, {}).items()}
    own = {name: f"{stem}?epochs={passes}" for name, stem in NETS.items()}
    return {name: name for name in SIMPLE} | own | {name: best[name] for name in best if name in NETS}


def measured(task: str, asked: Asked, more: dict[str, str] | None = None) -> str:
    """All learners on one task, and some more."""
    names = learners(task, asked.passes) | (more or {})
    found = get_task(task)
    rows, tests = asked.train_size or len(found.split(0).train), found.test()
    runs = asked.run([task], list(names.values()), train_sizes=(asked.train_size,))
    groups = sorted((of(runs, learner=name) for name in names.values()), key=rank)
    told = f"{rows} training images" + ("" if tests is None else f", {len(tests)} test images")
    head = "learner | valid hit % | test hit % | test 1 px % | test distance px | fit s | parameters"
    return f"`{task}`: {told}, {asked.passes} passes of each net.\n\n" + table(head, map(line, groups))


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
    sides = average(runs, "valid", 1), average(runs, "test", 1)
    near, away = f"{100 * of_test(runs, 'hit1'):.1f}", f"{of_test(runs, 'dist_avg'):.2f}"
    return name, *sides, near, away, seconds(runs), runs[0].parameters


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


def detectors(asked: Asked) -> str:
    """Beside torchvision's detectors"""
    few = Asked(replace(asked.run, seeds=asked.run.seeds[:1]), asked.passes, asked.train_size or FEW)
    parts = []
    for task, arch in (("plans/corners?plain=1", "keypointrcnn"), ("scenes/boxes", "fasterrcnn")):
        half = max(1, asked.passes // 2)
        parts.append(measured(task, few, {arch: f"{arch}?epochs={half}"}))
    return f"Seed {few.run.seeds[0]} alone; the detectors make half as many passes.\n\n" + "\n\n".join(parts)


SECTIONS: dict[str, Callable[[Asked], str]] = {
    "boxes": boxes,
    "points": points,
    "corners": corners,
    "plain": plain,
    "detectors": detectors,
}


def main(given: Sequence[str] | None = None) -> None:
    """Run the sections and write the file after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", help=f"some of {', '.join(SECTIONS)}; all by default")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)), help="those of the published tables by default")
    parser.add_argument("--train-size", type=int, help="keep so many training rows")
    parser.add_argument("--passes", type=int, default=PASSES, help=f"epochs of nets without tuned settings ({PASSES})")
    parser.add_argument("--journal", type=Path, default=HERE / "scenes-runs.jsonl")
    parser.add_argument("--out", type=Path, default=HERE / "scenes.md")
    told = parser.parse_args(given)
    if unknown := set(told.sections) - set(SECTIONS):
        parser.error(f"no section is called {', '.join(sorted(unknown))}; known: {', '.join(SECTIONS)}")
    run = Bench(told.jobs, told.journal, [int(seed) for seed in told.seeds.split(",")])
    for name in told.sections or SECTIONS:
        section = SECTIONS[name]
        title = (section.__doc__ or name).strip()
        command = f"`python benchmarks/scenes.py {name}`, torch {torch.__version__}, one thread of a CPU a fit."
        text = f"{command}\n\n{section(Asked(run, told.passes, told.train_size))}"
        replace_section(told.out, INTRO, title, text, [(part.__doc__ or "").strip() for part in SECTIONS.values()])
        print(f"## {title}\n\n{text}\n", flush=True)


if __name__ == "__main__":
    main()
