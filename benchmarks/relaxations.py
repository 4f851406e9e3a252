"""Which relaxed permutation tells the right order by its largest entries, at which temperature, and what it costs.

    python benchmarks/relaxations.py       # writes benchmarks/relaxations.md

Lists of different numbers, uniform on 0 to 1: the share (%) whose every place is right, and the time forward and
backward of 32 lists of 128 numbers, the median of seven.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch

from spoton._provenance import provenance
from spoton.layers import log_order

OUT = Path(__file__).with_suffix(".md")


def relaxations() -> list[str]:
    """Which relaxation tells the right permutation by its largest entries, and what it costs."""
    lengths = (8, 32, 128, 1024)
    lines = [
        "| relaxation | temperature | " + " | ".join(f"{n} numbers" for n in lengths) + " | ms at 128 |",
        "|---|---|" + "---|" * (len(lengths) + 1),
    ]
    for method in ("ranks", "softsort", "neuralsort"):
        for temperature in (1.0, 0.1, 0.01, 0.001):
            cells = []
            for n in lengths:
                count = max(4, 4096 // n)
                x = torch.randint(0, 2**24, (count, n), generator=torch.Generator().manual_seed(n)) / 2**24
                log_p = log_order(x, method=method, temperature=temperature)
                right = (x.gather(-1, log_p.argmax(-1)) == x.sort(-1)[0]).all(-1)
                cells.append(f"{100 * right.float().mean().item():.0f}")
            x = torch.rand(32, 128, requires_grad=True)
            times = []
            for _ in range(7):
                start = time.perf_counter()
                log_order(x, method=method, temperature=temperature).diagonal(dim1=-2, dim2=-1).sum().backward()
                times.append(time.perf_counter() - start)
            lines.append(f"| {method} | {temperature:g} | {' | '.join(cells)} | {1000 * float(np.median(times)):.1f} |")
    return lines


def main() -> None:
    """Measure and write."""
    torch.set_num_threads(1)
    text = "\n".join(relaxations())
    cpu = provenance()["cpu"]
    how = f"`python benchmarks/relaxations.py`, torch {torch.__version__}, {cpu}, one thread; the seed is the length."
    OUT.write_text(f"# Relaxed permutations\n\n{how}\n\n{text}\n", "utf-8")
    print(text)


if __name__ == "__main__":
    main()
