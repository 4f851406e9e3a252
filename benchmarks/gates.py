"""Which gate finds the ink: spotnet with four of them, on plain digits and under specks.

    python benchmarks/gates.py --markdown benchmarks/gates.md

The learning rate of each gate is the best of RATES on the training rows of seeds 0 to 2, of which a fifth is held out
for it. Seeds 100 to 104 were never used to choose anything.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import mean

import torch
from torch import Tensor, nn

from spoton import Run, evaluate, get_learner
from spoton.layers import InkGate, NeighbourGate, and_logits
from spoton.nets import SpotNet
from tune_points import inner

TASKS = ("pnist/topleft", "pnist/topleft?specks=0.02")
RATES = (0.03, 0.1, 0.25, 0.5)
SEEDS, TUNING_SEEDS = range(100, 105), range(3)


class LinearGate(nn.Module):
    """sigmoid(k (x - t)): the gate without a logarithm, begun as `InkGate` is."""

    def __init__(self) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.rand(()) * 0.5 + 0.1)
        self.log_sharpness = nn.Parameter(torch.randn(()) * 0.3 + 2.1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of ink."""
        return self.log_sharpness.exp() * (x - self.threshold)


class ConvolvedGate(nn.Module):
    """`InkGate` and the logit of a small convolution, which begins at -8."""

    def __init__(self) -> None:
        super().__init__()
        self.ink = InkGate()
        self.context = nn.Conv2d(1, 1, 3, padding=1)
        nn.init.constant_(self.context.bias, -8.0)  # type: ignore[arg-type]  # there is one

    def forward(self, x: Tensor) -> Tensor:
        """Logits of ink."""
        return and_logits(self.ink(x), self.context(x.unsqueeze(-3)).squeeze(-3))


# what decides is the threshold: of each gate it is stepped with twice the learning rate, as in spotnet itself
THRESHOLDS = {"threshold", "log_threshold", "ink.log_threshold"}
GATES = {
    "sigmoid(k (x - t))": LinearGate,
    "`InkGate`": InkGate,
    "`InkGate` and a convolution": ConvolvedGate,
    "`NeighbourGate`": NeighbourGate,
}


def net_with(gate: str) -> type[SpotNet]:
    """`SpotNet` with another gate."""

    class Net(SpotNet):
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)  # type: ignore[arg-type]
            self.gate = GATES[gate]()
            names = {name for name, _ in self.gate.named_parameters()}
            self.lr_factors = {f"gate.{name}": 2.0 for name in THRESHOLDS & names}  # type: ignore[misc]

    return Net


def run(gate: str, rate: float, task: object, seed: int) -> Run:
    """One fit."""
    learner = get_learner("spotnet").set_params(net=net_with(gate), lr=rate)
    found = evaluate(learner, task, seed, name=gate)  # type: ignore[arg-type]
    if found.status != "ok":
        raise SystemExit(f"{gate}: {found.reason}")
    return found


def average(runs: list[Run], what: str = "hit") -> float:
    """The mean of a metric of the validation side."""
    return mean(run.metrics["valid"][what] for run in runs)


def main() -> None:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    command = " ".join(["python", *sys.argv])
    head = f"# Gates\n\n`{command}`, torch {torch.__version__}: `spotnet` with each gate, 567 training images.\n\n"
    lines = [
        "| task | gate | parameters | lr | valid hit %, seeds 100 to 104 | mean |",
        "|---|---|---|---|---|---|",
    ]
    for task in TASKS:
        for gate in GATES:
            tried = {rate: [run(gate, rate, inner(task, seed), seed) for seed in TUNING_SEEDS] for rate in RATES}
            best = max(tried, key=lambda rate, tried=tried: (average(tried[rate]), -average(tried[rate], "dist_avg")))
            runs = [run(gate, best, task, seed) for seed in SEEDS]
            hits = [100 * average([found]) for found in runs]
            size = sum(p.numel() for p in GATES[gate]().parameters())
            each = " ".join(f"{hit:.1f}" for hit in hits)
            lines.append(f"| `{task}` | {gate} | {size} | {best:g} | {each} | {mean(hits):.2f} |")
            print(lines[-1], flush=True)
            if options.markdown:
                options.markdown.write_text(head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
