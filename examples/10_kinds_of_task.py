# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # One dataset, every kind of task
#
# The same 709 digits can be asked many things. What is it, a 3 or a 7? How far up does it go? Where is its first ink?
# Where are its first ink and its middle? Where is the box around it? These are the kinds of answer that nets are
# trained for, and the answers here are exact by construction, so that whoever misses has no excuse.
#
# | kind | task | answer | scored by | in fastai |
# |---|---|---|---|---|
# | a class | `pnist/digit` | 3 or 7 | accuracy | `CategoryBlock` |
# | a number | `pnist/top` | the topmost row that holds ink | R2, share that is exact | `RegressionBlock` |
# | a point | `pnist/topleft` | x and y of the first ink | distance, share that is exact | `PointBlock` |
# | two points | `pnist/both` | the first ink, and the middle of the ink's box | the same, of both | `PointBlock` |
# | a box | `pnist/box` | left, top, right, bottom of the ink | the same, and overlap | `BBoxBlock` |

# %%
from importlib.util import find_spec

if not find_spec("spoton"):  # as in Colab
    # %pip install --quiet "spoton @ git+https://github.com/OWNER/spoton"
    pass

# %%
import matplotlib.pyplot as plt
import numpy as np

import spoton
from spoton import plots

KINDS = ("pnist/digit", "pnist/top", "pnist/topleft", "pnist/both", "pnist/box")

for name in KINDS:
    task = spoton.get_task(name)
    data = task.data()
    print(f"{name:14} {', '.join(data.y.columns):48} of the first image: {data.y.iloc[0].astype(int).tolist()}")

# %% alt="Three digits for each kind of task: a class, a row, a point, two points, the corners of a box"
figure, axes = plt.subplots(3, 5, figsize=(9, 6), layout="constrained")
for column, name in zip(axes.T, KINDS, strict=True):
    data = spoton.get_task(name).data()
    for ax, row in zip(column, (0, 400, 700), strict=True):
        plots.show_image(ax, data, row)
    if name == "pnist/top":
        for ax, row in zip(column, (0, 400, 700), strict=True):
            ax.axhline(data.y.iloc[row, 0], color="#e4572e", lw=1.5)
    column[0].set_title(f"{name}\n{column[0].get_title()}", fontsize=9)
plt.show()

# %% [markdown]
# ## The same learners on each
#
# A learner is a scikit-learn regressor, and `evaluate` is the one that scores: it splits by a seed, fits, and judges
# held-out rows. `ridge` sees the pixels, `ridge@pts` the ends of the ink, and `spotnet` is a net that scans the
# image. 200 training images are enough here.

# %%
LEARNERS = ("mean", "ridge", "knn", "ridge@pts", "spotnet")
runs = {}
print(" " * 24 + "".join(f"{name:>11}" for name in LEARNERS))
for name in KINDS:
    score = "accuracy" if name == "pnist/digit" else "hit"
    line = f"{name:14} {score:9}"
    for learner in LEARNERS:
        if name == "pnist/digit" and learner == "spotnet":
            line += f"{'-':>11}"  # it points at pixels, and a class is no place
            continue
        runs[name, learner] = run = spoton.evaluate(learner, name, seed=0, train_size=200, keep_predictions=True)
        line += f"{run.metrics['valid'][score]:11.1%}"
    print(line)

# %% [markdown]
# A hit is exact: all coordinates of an image are right after rounding. The class is the easy kind, since being roughly
# right is being right. Of the others ridge on pixels gets the row in two images of three, and a point, two, or a box
# hardly ever, and neighbours are little better. Whoever is given the ends of the ink, or scans the image for them, hits
# all.

# %% [markdown]
# ## Boxes, by their overlap
#
# A box is mostly judged by its overlap with the right one (IoU), which forgives what a hit does not.

# %%
right = spoton.get_task("pnist/box").data().take(runs["pnist/box", "mean"].row_ids["valid"]).y.to_numpy()
for learner in LEARNERS:  # both ends are inside of a box, hence + 1
    found = runs["pnist/box", learner].predictions["valid"]
    overlap = (
        np.minimum(found[:, 2:], right[:, 2:]) - np.maximum(found[:, :2], right[:, :2]) + 1
    )  # both ends are inside
    shared = overlap.clip(0).prod(1)
    iou = shared / ((found[:, 2:] - found[:, :2] + 1).prod(1) + (right[:, 2:] - right[:, :2] + 1).prod(1) - shared)
    print(
        f"{learner:10} mean IoU {iou.mean():.3f}, {(iou > 0.5).mean():.0%} above .5, {(iou > 0.9).mean():.0%} above .9"
    )

# %% alt="Three held-out digits with the box by ridge on pixels, a little off, and the right one by spotnet"
figure, axes = plt.subplots(1, 3, figsize=(8, 3.2), layout="constrained")
images = spoton.get_task("pnist/box").data().take(runs["pnist/box", "mean"].row_ids["valid"]).X[:3, 0]
for i, ax in enumerate(axes):
    ax.imshow(images[i], cmap="gray")
    for learner, colour, width in (("spotnet", "#17bebb", 3), ("ridge", "#e4572e", 1.5)):
        left, top, *end = runs["pnist/box", learner].predictions["valid"][i]
        box = plt.Rectangle((left, top), end[0] - left, end[1] - top, fill=False, color=colour, lw=width, label=learner)
        ax.add_patch(box)
    ax.set_axis_off()
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
plt.show()

# %% [markdown]
# Half of the overlap is easily had; a box that is right is another thing. The same data in fastai are
# [40](40_from_failure_to_exact.ipynb); all tasks, and your own, are in [tasks](../docs/tasks.md).
