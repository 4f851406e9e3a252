"""How much faster a hardened net is than the soft net that it comes from, on one thread.

    python benchmarks/harden.py       # writes benchmarks/harden.md

Both answer the same images in turns; the fastest of several turns counts. With the extra `onnx` the exported file is
timed in onnxruntime as well.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from spoton import get_learner, get_task, optional
from spoton._provenance import provenance
from spoton.nets._harden import HardNet

OUT = Path(__file__).with_suffix(".md")
CASES = (("spotnet", "pnist/box"), ("spotnet", "pnist/box?specks=0.02"), ("gatedspot", "qnist/if37"))


def fastest(calls: dict[str, Callable[[], Any]], turns: int) -> dict[str, float]:
    """Seconds of the fastest turn of each; the calls take turns, so that all meet the same machine."""
    seconds = dict.fromkeys(calls, float("inf"))
    for _ in range(turns + 1):  # the first one compiles
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    return seconds


def decoded(net: Any, images: torch.Tensor) -> Any:
    """The soft net's points."""
    return net.decode(net(images))


def runtime(hard: HardNet, images: torch.Tensor) -> Callable[[], Any]:
    """The exported net in onnxruntime, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        path = hard.export(Path(folder) / "hard.onnx")
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"images": images.numpy()})


def main() -> None:
    """Print one line a case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=512, help="images of 28 x 28 at a time (512)")
    parser.add_argument("--turns", type=int, default=20)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with_onnx = all(map(optional.installed, ("onnx", "onnxscript", "onnxruntime")))
    lines = [
        "| learner | task | size | soft us/image | hard us/image | times faster | onnxruntime us/image | agreement |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, task in CASES:
        data = get_task(task).data()
        learner = get_learner(name).set_params(random_state=0).fit(data.X, data.y)
        soft, hard = learner.module_.eval(), learner.harden(data.X, atleast=0)
        small = torch.tensor(np.resize(data.X, (asked.rows, *data.X.shape[1:])))
        large = F.pad(small[: max(1, len(small) // 16)], (42, 42, 42, 42))  # as many pixels in all
        for images in (small, large) if hard.any_size else (small,):
            calls = {"soft": partial(decoded, soft, images), "hard": partial(hard, images)}
            if with_onnx:
                calls["onnx"] = runtime(hard, images)
            with torch.no_grad():
                us = {key: s / len(images) * 1e6 for key, s in fastest(calls, asked.turns).items()}
            figures = [us["soft"], us["hard"], us["soft"] / us["hard"], us.get("onnx", float("nan"))]
            cells = [name, task, str(images.shape[-1]), *(f"{v:.1f}" for v in figures), f"{hard.agreement:.6g}"]
            lines.append(f"| {' | '.join(cells)} |")
            print(lines[-1], flush=True)
    cpu = provenance()["cpu"]
    how = f"`python benchmarks/harden.py --turns {asked.turns}`, torch {torch.__version__}, {cpu}, one thread, seed 0, "
    how += f"batches of {asked.rows}."
    text = "\n".join(lines)
    OUT.write_text(f"# Hardened nets\n\n{how}\n\n{text}\n", "utf-8")


if __name__ == "__main__":
    main()
