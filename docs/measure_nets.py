"""What docs/why-nets-miss.md says of nets, measured: trains them and writes docs/img/nets.json.

    python docs/measure_nets.py                # --only spotnet: that net anew, the others as they were

All learn pnist/topleft from the same 567 images and are scored on the 142 held out of seed 100, which has chosen
nothing. The settings of ResNet18 are the best of three by the training rows of seed 0. It takes half an hour, ResNet18
the most of it; docs/make_pictures.py draws what is found.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from spoton import get_learner, get_task, ink
from spoton.data import Array
from spoton.learners import count_parameters

TASK, SEED = "pnist/topleft", 100
LARGE = 112
SHIFTS = (1, 2, 3)
RESNET = "resnet18+ynorm+yrange=none?epochs=60&schedule=one-cycle&lr=0.003"
DEPTHS = (1, 2, 3, 5, 8)
# title -> learner; a stack of d convolutions of 3 x 3 sees 2 d + 1 pixels
NETS = {
    "ResNet18, 10 epochs": "resnet18?epochs=10",
    "ResNet18, 60 epochs": RESNET,
    **{
        f"convolutions and a heatmap, window {2 * d + 1}": f"logscan?scan=false&depth={d}&epochs=30&lr=0.01"
        for d in DEPTHS
    },
    "U-Net and a heatmap": "unet-heatmap?epochs=30",
    "spotnet": "spotnet",
}
PROBED = ("ResNet18, 60 epochs", "U-Net and a heatmap", "spotnet")
OUT = Path(__file__).parent / "img" / "nets.json"


def erased(images: Array, points: Array) -> tuple[Array, Array]:
    """The images without the pixel that is the answer, and its value of 255."""
    each, x, y = np.arange(len(images)), points[:, 0], points[:, 1]
    without = images.copy()
    values = np.rint(images[each, 0, y, x] * 255)
    without[each, 0, y, x] = 0
    return without, values


def shifted(images: Array, step: int) -> Array:
    """The images moved to the right; what leaves comes in on the left, so leave room."""
    return np.roll(images, step, axis=3)


def stacked(images: Array) -> Array:
    """Each image above the next one: the first ink is where it was, and there is more ink far below."""
    return np.concatenate([images, np.roll(images, 1, axis=0)], axis=2)


def hits(predicted: Array, points: Array) -> float:
    """Share of answers that are the right pixel once rounded."""
    return float((np.rint(predicted) == points).all(1).mean())


@torch.no_grad()
def at_size(module: Any, images: Array) -> Array:
    """What a fitted net answers to images of another size than it was trained on."""
    module.eval()
    parts = [module.decode(module(torch.from_numpy(part.copy()))) for part in np.array_split(images, 10)]
    return torch.cat(parts).double().numpy()


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=NETS)
    only = parser.parse_args().only
    torch.set_num_threads(1)
    task = get_task(TASK)
    data, split = task.data(), task.split(SEED)
    train, valid = data.take(split.train), data.take(split.valid)
    large = get_task(f"{TASK}?size={LARGE}").data().take(split.valid)
    images, points = np.array(valid.X), valid.y.to_numpy().astype(int)
    without, values = erased(images, points)
    free = images[:, 0, :, -max(SHIFTS) :].max((1, 2)) == 0
    # the answer moves by a pixel in both cases: how much does the image?
    change = np.sqrt(np.square(shifted(images, 1) - images).sum((1, 2, 3)))
    told: dict[str, Any] = {
        "task": TASK,
        "seed": SEED,
        "points": points.tolist(),
        "erased": {"value": values.astype(int).tolist(), "points": ink.point(ink.ink_of(without), "topleft").tolist()},
        "change": {"shifted": float(np.median(change)), "times": float(np.median(change / (values / 255)))},
        "shifts": {"steps": SHIFTS, "images": int(free.sum())},
        "nets": {},
    }
    if only:
        told["nets"] = json.loads(OUT.read_text("utf-8"))["nets"]
    for title, name in NETS.items():
        if only not in (None, title):
            continue
        learner = get_learner(name)
        learner.set_params(**{key: SEED for key in learner.get_params() if key.endswith("random_state")})
        learner.fit(train.X, train.y.to_numpy())
        predicted = learner.predict(images)
        found: dict[str, Any] = {
            "learner": name,
            "parameters": count_parameters(learner),
            "train": hits(learner.predict(train.X), train.y.to_numpy()),
            "valid": hits(predicted, points),
            "distance": float(np.hypot(*(predicted - points).T).mean()),
        }
        if hasattr(module := getattr(learner, "module_", None), "decode"):
            found["large"] = hits(at_size(module, np.asarray(large.X)), large.y.to_numpy())
            found["stacked"] = hits(at_size(module, stacked(images)), points)
        if title in PROBED:
            found["predicted"] = np.round(predicted, 2).tolist()
            found["erased"] = np.round(learner.predict(without), 2).tolist()
            moved = [learner.predict(shifted(images[free], step)) - predicted[free] for step in SHIFTS]
            found["moved"] = [np.round(m.mean(0), 3).tolist() for m in moved]
            found["stays"] = [
                hits(predicted[free] + m, points[free] + [step, 0]) for m, step in zip(moved, SHIFTS, strict=True)
            ]
        told["nets"][title] = found
        print(title, {k: v for k, v in found.items() if k not in ("predicted", "erased")}, file=sys.stderr, flush=True)
        OUT.write_text(json.dumps(told) + "\n", "utf-8")


if __name__ == "__main__":
    main()
