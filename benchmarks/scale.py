"""How spoton scales: workers, the bench's own overhead, 100,000 runs in a store.

    python benchmarks/scale.py                                     # all parts, on a quiet machine
    python benchmarks/scale.py workers --engine loky,ray,dask      # 1 against 2 workers on 40 cells
    python benchmarks/scale.py overhead                            # the bench against a loop written by hand
    python benchmarks/scale.py store --runs 100000                 # the leaderboard's query, and the report
    python benchmarks/scale.py --markdown benchmarks/scale.md

The goals: 2 workers finish 40 cells at least 1.7 times as fast as 1; the bench adds less than 5 % to bare fit time, in
turns with a loop of the same fits; over 100,000 runs the leaderboard takes less than 1 s and the report less than 10 s.
Exit code 1 where one is missed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from threadpoolctl import threadpool_limits

from spoton import Run, bench, evaluate, get_learner, get_task
from spoton._provenance import now
from spoton.store import Store

PARTS = ("workers", "overhead", "store")
FASTER, ADDED, QUERY_S, REPORT_S = 1.7, 0.05, 1.0, 10.0
TASKS = ("friedman1", "friedman2", "friedman3", "diabetes")
LEARNER = "forest?n_estimators={trees}"
# what people bench: trees, a net on a table, nets on images as they are; half a second each
FITS = (
    ("friedman1", "forest?n_estimators=600"),
    ("friedman1", "basenet+xnorm+ynorm?epochs=100"),
    ("pnist/topleft", "net3"),
    ("pnist/topleft", "featsnet+ynorm"),
)


class Page:
    """Lines of the report, printed as they come, and whether a goal was missed."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.missed = False

    def say(self, line: str = "") -> None:
        """Add a line."""
        self.lines.append(line)
        print(line, flush=True)

    def goal(self, what: str, met: bool) -> None:
        """Add what came of a goal."""
        self.missed |= not met
        self.say(f"{what}: **{'met' if met else 'missed'}**")


@contextmanager
def folder() -> Iterator[Path]:
    """For stores of this run; short, since Ray's sockets want that."""
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        yield Path(name)


def seconds(work: Callable[[], object]) -> float:
    """By the clock on the wall."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def forests(trees: int, cells: list[tuple[str, int]]) -> None:
    """Fits and scores of these cells, as one writes them without spoton's bench."""
    with threadpool_limits(1):
        for name, seed in cells:
            task = get_task(name)
            data, split = task.data(), task.split(seed)
            train, valid = data.take(split.train), data.take(split.valid)
            forest = RandomForestRegressor(n_estimators=trees, random_state=seed)
            forest.fit(train.X, train.y.to_numpy().ravel())
            forest.score(valid.X, valid.y.to_numpy().ravel())


def by_processes(trees: int, seeds: int, count: int) -> None:
    """The same cells in so many processes that are started for them; one is this process."""
    every = [(name, seed) for name in TASKS for seed in range(seeds)]
    if count == 1:
        forests(trees, every)
        return
    spawn = multiprocessing.get_context("spawn")
    started = [spawn.Process(target=forests, args=(trees, every[part::count])) for part in range(count)]
    for process in started:
        process.start()
    for process in started:
        process.join()


def alone(trees: int, cells: list[tuple[str, int]], begin: Any, took: Any) -> None:
    """Seconds of these fits, once all that take part are ready."""
    begin.wait()
    took.put(seconds(partial(forests, trees, cells)))


def machine(trees: int) -> float:
    """How much more two cores do than one: the same fits in one process and in two at once, their start left out."""
    spawn = multiprocessing.get_context("spawn")
    cells = [(name, 0) for name in TASKS]

    def slowest(count: int) -> float:
        begin, took = spawn.Barrier(count), spawn.Queue()
        started = [spawn.Process(target=alone, args=(trees, cells, begin, took)) for _ in range(count)]
        for process in started:
            process.start()
        found = max(took.get() for _ in started)
        for process in started:
            process.join()
        return found

    return 2 * slowest(1) / slowest(2)


def workers(page: Page, engines: list[str], cells: int, trees: int, rounds: int) -> None:
    """1 against 2 workers of each engine, their start included."""
    learner = LEARNER.format(trees=trees)
    page.say(f"## 1 against 2 workers on {cells} cells ({learner} on {', '.join(TASKS)})")
    page.say()
    page.say(f"Start and end of the workers included, the best of {rounds} rounds.")
    page.say()
    page.say("| engine | 1 worker, s | 2 workers, s | times as fast |")
    page.say("|---|---|---|---|")
    seeds = max(1, cells // len(TASKS))
    best: dict[str, float] = {}
    gives = [machine(trees)]
    for engine in engines:
        took: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(rounds):
            for jobs in (1, 2):
                with folder() as home:
                    where = {"store": home / "s.db", "journal": home / "j.jsonl"}
                    work = partial(bench, TASKS, learner, seeds=seeds, jobs=jobs, engine=engine, **where)
                    took[jobs].append(seconds(work))
        one, two = min(took[1]), min(took[2])
        best[engine] = one / two
        gives.append(machine(trees))
        page.say(f"| {engine} | {one:.1f} | {two:.1f} | {one / two:.2f} |")
    one, two = (min(seconds(partial(by_processes, trees, seeds, n)) for _ in range(rounds)) for n in (1, 2))
    page.say(f"| processes and a loop by hand | {one:.1f} | {two:.1f} | {one / two:.2f} |")
    page.say()
    most = median(gives)
    page.say(
        f"Two cores of this machine do {most:.2f} times the work of one ({min(gives):.2f} to {max(gives):.2f}, measured"
    )
    page.say("before, between and after: the same fits in one process and in two at once, their start left out).")
    page.say()
    for engine, ratio in best.items():
        share = f"{ratio:.2f}, {100 * ratio / most:.0f} % of what the machine gives"
        page.goal(f"{engine}, at least {FASTER} times as fast ({share})", ratio >= FASTER)
    page.say()


def by_hand(seeds: int) -> tuple[float, float]:
    """Seconds of the fits, and of fits and predictions, in a loop as one writes it without spoton."""
    import torch

    fits = everything = 0.0
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        for name, learner in FITS:
            task = get_task(name)
            data = task.data()
            for seed in range(seeds):
                split = task.split(seed)
                start = time.perf_counter()
                estimator = get_learner(learner)
                own = {key: seed for key in estimator.get_params() if key.split("__")[-1] == "random_state"}
                estimator.set_params(**own)
                train, valid = data.take(split.train), data.take(split.valid)
                y = np.array(train.y, dtype=np.float64)
                before = time.perf_counter()
                estimator.fit(train.X, y.ravel() if y.shape[1] == 1 else y)
                fits += time.perf_counter() - before
                for part in (train, valid):
                    estimator.predict(part.X)
                everything += time.perf_counter() - start
    torch.set_num_threads(threads)
    return fits, everything


def overhead(page: Page, seeds: int, rounds: int) -> None:
    """The bench with its store against the loop, in turns."""
    page.say(f"## The bench's own overhead ({len(FITS)} learners x {seeds} seeds, median of {rounds} rounds in turns)")
    page.say()
    for name, learner in FITS:
        evaluate(learner, name)  # imports and caches, for both sides
    bare, looped, benched = [], [], []

    def whole(home: Path) -> None:
        for name, learner in FITS:
            bench(name, learner, seeds=seeds, store=home / "s.db", journal=home / "j.jsonl")

    for _ in range(rounds):
        fits, everything = by_hand(seeds)
        bare.append(fits)
        looped.append(everything)
        with folder() as home:
            benched.append(seconds(lambda home=home: whole(home)))
    fits, loop, ours = median(bare), median(looped), median(benched)
    page.say("| | seconds |")
    page.say("|---|---|")
    page.say(f"| bare fits | {fits:.2f} |")
    page.say(f"| the loop: fits, and predictions of train and valid | {loop:.2f} |")
    page.say(f"| the bench: the same, scored and stored | {ours:.2f} |")
    page.say()
    added = (ours - loop) / fits
    page.goal(f"the bench adds {100 * added:.1f} % of bare fit time, less than {100 * ADDED:.0f} %", added < ADDED)
    page.say()


def made(count: int) -> Iterator[Run]:
    """Runs as a bench makes them: real ones, with other names, seeds and figures."""
    real = evaluate("linear", "friedman2")
    rng = np.random.RandomState(0)
    for i in range(count):
        rest, seed = divmod(i, 25)
        rest, learner = divmod(rest, 50)
        size, task = divmod(rest, 20)
        scores = {side: {k: v * rng.rand() for k, v in part.items()} for side, part in real.metrics.items()}
        yield replace(
            real, id=uuid4().hex, task=f"family/task{task}", learner=f"learner{learner}+ynorm", seed=seed,
            asked_train_size=size * 100 or None, metrics=scores, finished=now(),
        )  # fmt: skip


def store(page: Page, runs: int, url: str | None, report: bool) -> None:
    """Many runs in one store."""
    page.say(f"## {runs:,} runs in a store")
    page.say()
    with folder() as home:
        with Store.open(url or home / "s.db") as opened:
            wrote = seconds(lambda: opened.add_many(made(runs)))
            lines = len(opened.leaderboard())
            whole = median(seconds(opened.leaderboard) for _ in range(5))
            one = median(seconds(lambda: opened.leaderboard("family/task0")) for _ in range(5))
            sql = median(seconds(lambda: opened.sql("SELECT * FROM leaderboard")) for _ in range(5))
            name = opened.engine.dialect.name
        page.say("| | seconds |")
        page.say("|---|---|")
        page.say(f"| writing them, 200 at a time, {name} | {wrote:.1f} |")
        page.say(f"| SELECT * FROM leaderboard ({lines:,} lines) | {sql:.2f} |")
        page.say(f"| Store.leaderboard(), sorted | {whole:.2f} |")
        page.say(f"| Store.leaderboard(task) | {one:.2f} |")
        command = [sys.executable, "-m", "spoton", "report", "-q", "-o", str(home / "report.html")]
        took = None
        if report:
            took = seconds(lambda: subprocess.run([*command, "--store", url or str(home / "s.db")], check=True))
            page.say(f"| spoton report ({(home / 'report.html').stat().st_size / 1e6:.1f} MB) | {took:.1f} |")
        page.say()
        page.goal(f"the leaderboard's query in less than {QUERY_S:.0f} s", sql < QUERY_S)
        if took is not None:
            page.goal(f"the report in less than {REPORT_S:.0f} s", took < REPORT_S)
    page.say()


def main() -> None:
    """Run the parts that are named."""
    about, _, _ = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)}; all by default")
    parser.add_argument("--engine", default="loky", help="engines of the part workers, with commas")
    parser.add_argument("--cells", type=int, default=40)
    parser.add_argument("--trees", type=int, default=600, help="of each forest; 600 take about a second")
    parser.add_argument("--seeds", type=int, default=10, help="of the part overhead")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--store", help="URL of an empty database for the part store; a file of SQLite by default")
    parser.add_argument("--no-report", action="store_true", help="leave the report out of the part store")
    parser.add_argument("--markdown", type=Path)
    asked: Any = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    page = Page()
    page.say("# How spoton scales")
    page.say()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    command = shlex.join(["python", "benchmarks/scale.py", *sys.argv[1:]])
    page.say(
        f"Made by `{command}` on {platform.machine()}, {cores} cores, Python {platform.python_version()}; seconds on "
        "the wall."
    )
    page.say()
    parts = asked.parts or PARTS
    if "workers" in parts:
        workers(page, asked.engine.split(","), asked.cells, asked.trees, min(asked.rounds, 2))
    if "overhead" in parts:
        overhead(page, asked.seeds, asked.rounds)
    if "store" in parts:
        store(page, asked.runs, asked.store, not asked.no_report)
    if asked.markdown:
        asked.markdown.write_text("\n".join(page.lines).rstrip() + "\n", encoding="utf-8")
    sys.exit(page.missed)


if __name__ == "__main__":
    main()
