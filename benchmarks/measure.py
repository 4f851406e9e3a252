"""What the benchmarks measure with: turns taken round by round, quartiles, the memory's speed, a peak of memory."""

from __future__ import annotations

import multiprocessing
import platform
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import numpy as np
import torch

Run = Callable[[], object]


class Bench:
    """What is common to all tables: the device, how long to measure, and the lines of the report.

    On a CPU the clock counts the time that this process was computing: with one thread that is what a quiet machine
    would take, and other processes do not count. On a GPU it is the clock on the wall.
    """

    def __init__(self, device: str, rounds: int, least_s: float) -> None:
        self.device, self.rounds, self.least_s = torch.device(device), rounds, least_s
        self.clock = time.perf_counter if self.cuda else time.process_time
        self.lines: list[str] = []

    @property
    def cuda(self) -> bool:
        """Whether it runs on a GPU."""
        return self.device.type == "cuda"

    def seconds(self, run: Run, times: int) -> float:
        """Of one run, over so many."""
        if self.cuda:
            torch.cuda.synchronize()
        start = self.clock()
        for _ in range(times):
            run()
        if self.cuda:
            torch.cuda.synchronize()
        return (self.clock() - start) / times

    def compare(self, runs: dict[str, Run]) -> dict[str, list[float]]:
        """Seconds of each run, round by round, all taking turns."""
        times = {}
        for name, run in runs.items():
            run()  # compiles, allocates
            times[name] = max(1, round(self.least_s / max(self.seconds(run, 1), 1e-7)))
        found: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(self.rounds):
            for name, run in runs.items():
                found[name].append(self.seconds(run, times[name]))
        return found

    def say(self, *lines: str) -> None:
        """To the screen and to the report."""
        self.lines += lines
        print(*lines, sep="\n", flush=True)

    def table(self, *head: str) -> None:
        """Begin a table."""
        self.say("", "| " + " | ".join(head) + " |", "|" + "---|" * len(head))

    def row(self, *cells: object) -> None:
        """One row of it."""
        self.say("| " + " | ".join(map(str, cells)) + " |")

    def machine(self) -> str:
        """What it runs on."""
        if self.cuda:
            return torch.cuda.get_device_name()
        known = Path("/proc/cpuinfo")
        lines = known.read_text().splitlines() if known.exists() else []
        name = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
        return f"{name}, one thread"

    def read_speed(self) -> float:
        """Bytes a second of the fastest way found here to read a large array: 256 MB, more than any cache holds."""
        numbers = torch.ones(64 << 20, device=self.device)
        runs: dict[str, Run] = {"sum": numbers.sum, "largest": numbers.max}
        if not self.cuda:
            array = numbers.numpy()
            runs |= {"largest in NumPy": array.max, "largest of bytes": array.view(np.uint8).max}
        return numbers.nbytes / min(median(seconds) for seconds in self.compare(runs).values())


def spread(values: list[float], digits: int = 2) -> str:
    """Median and quartiles."""
    low, _, high = quantiles(values, n=4) if len(values) > 1 else values * 3
    return f"{median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def times(above: list[float], below: list[float]) -> float:
    """How many times, in the median of the rounds."""
    return median(a / b for a, b in zip(above, below, strict=True))


def peak_bytes(bench: Bench, prepare: Callable[[], Run]) -> int:
    """Memory that a run takes at its peak. On a CPU in a process of its own, whose memory nobody used before."""
    if bench.cuda:
        run = prepare()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        return torch.cuda.max_memory_allocated() - before
    context = multiprocessing.get_context("fork")  # torch allows it as long as this process had no backward pass
    here, there = context.Pipe()

    def measure() -> None:
        run = prepare()
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        before = _resident("VmRSS")
        run()
        there.send(_resident("VmHWM") - before)

    process = context.Process(target=measure)
    process.start()
    there.close()  # else nothing would end the wait for a process that failed
    found = int(here.recv())
    process.join()
    return found


def _resident(what: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(what))
    return int(line.split()[1]) * 1024
