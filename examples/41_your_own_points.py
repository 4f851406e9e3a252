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
# # Your own points
#
# A folder of photos and a CSV that says where something is in each: that is all you have. Here is the way from there
# to points that are exact to the pixel, in fastai, with the two mistakes that everybody makes on it. The photos are
# drawn, so nothing is downloaded: a gauge with a needle, and the tip of the needle is the point.

# %%
from importlib.util import find_spec

if not find_spec("spoton"):  # as in Colab
    # %pip install --quiet "spoton @ git+https://github.com/OWNER/spoton"
    pass

# %%
import numpy as np
import pandas as pd
import torch
from fastai.vision.all import *
from PIL import Image, ImageDraw

from spoton import frames, plots
from spoton.fastai import (
    CSVHistory,
    PointMetric,
    decode_px,
    evaluate,
    image_learner,
    pixel_points,
    seed_all,
    spot_head,
)

torch.set_num_threads(1)
H, W = 80, 64


def still(learn):  # no bars and tables on this page
    learn.remove_cbs([cb for cb in learn.cbs if isinstance(cb, ProgressCallback)])
    learn.logger = noop
    return learn


def photo(rng):
    """An image and the tip (x, y) of its needle, in pixels; (0, 0) is the centre of the top-left pixel."""
    shade = np.linspace(*rng.uniform(70, 150, 2), H)[:, None, None] + rng.uniform(-12, 12, (1, 1, 3))
    canvas = Image.fromarray(np.broadcast_to(shade, (H, W, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(canvas)
    hub = rng.uniform([22, 28], [W - 22, H - 28])
    draw.ellipse([*(hub - 20), *(hub + 20)], fill=tuple(rng.randint(190, 235, 3)))  # the dial
    angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(9, 17)
    tip = np.rint(hub + length * np.array([np.cos(angle), np.sin(angle)])).astype(int)
    draw.line([*np.rint(hub).astype(int), *tip], fill=tuple(rng.randint(20, 80, 3)))  # the needle
    draw.ellipse([*(hub - 3), *(hub + 3)], fill=(40, 40, 45))  # the hub
    noisy = np.asarray(canvas) + rng.normal(0, 6, (H, W, 3))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8)), tip


rng = np.random.RandomState(0)
Path("photos").mkdir(exist_ok=True)
rows = []
for i in range(200):
    image, (x, y) = photo(rng)
    image.save(f"photos/{i:03}.png")  # JPEG would smear the very pixels that matter
    rows.append((f"{i:03}.png", x, y))
pd.DataFrame(rows, columns=["file", "tip_x", "tip_y"]).to_csv("points.csv", index=False)

# %% [markdown]
# ## Read them
#
# `pixel_points` takes the place of fastai's `PointBlock`, and is given points as you count pixels.

# %%
table = pd.read_csv("points.csv")
table.head(3)


# %%
def block(get_y):
    return DataBlock(
        (ImageBlock, pixel_points()),
        get_x=ColReader("file", pref="photos/"),
        get_y=get_y,
        splitter=IndexSplitter(range(160, 200)),
    )


def loaders(get_y, bs=16):
    dls = block(get_y).dataloaders(table, bs=bs, num_workers=0)
    seed_all(dls, 0)  # the same result whenever this is run
    return dls


tip = ColReader(["tip_x", "tip_y"])
dls = loaders(tip)
print(len(dls.train_ds), "photos to train on,", len(dls.valid_ds), "held out")

# %% [markdown]
# Two mistakes that would otherwise train for an hour and come out as a bad net: rows and columns exchanged, and
# points of the photo as it was before somebody made it smaller. Both are said at the first image that shows them:


# %%
def enlarged(row):  # points of photos that were four times as large
    return 4 * row.tip_x, 4 * row.tip_y


for mistake in (ColReader(["tip_y", "tip_x"]), enlarged):
    try:
        list(loaders(get_y=mistake).train)
    except ValueError as error:
        print(str(error).splitlines()[-1])

# %% alt="Eight drawn gauges, each with a ring around the tip of its needle"
figure, axes = plt.subplots(2, 4, figsize=(8, 5), layout="constrained")
for ax, (file, x, y) in zip(axes.flat, table.iloc[160:168].itertuples(index=False), strict=True):
    plots.points_on_image(ax, np.asarray(Image.open(f"photos/{file}")), (x, y), title=file)
plt.show()

# %% [markdown]
# ## The usual net
#
# A ResNet18 with `spot_head`: a heatmap, and its expected point as the answer. (fastai's own head pools the last map,
# and forgets where things are.) From random weights, since nothing is downloaded here; take `pretrained=True` for
# photos of the world. The loss is the squared distance.

# %%
usual = still(
    image_learner(
        dls, resnet18, pretrained=False, custom_head=spot_head(resnet18), loss_func=MSELossFlat(), metrics=PointMetric()
    )
)
body_map = usual.model[0](dls.one_batch()[0]).shape
print(f"image {(H, W)} map of ResNet18 {tuple(body_map[-2:])} cells")
usual.fit_one_cycle(4, 5e-3)


def reached(learn):
    found = evaluate(learn, "valid", ["dist_avg", "hit"])
    return f"{found['dist_avg']:.2f} pixels off, {100 * found['hit']:.0f}% exact"


print("ResNet18, valid:", reached(usual))

# %% [markdown]
# Four epochs from random weights are few, and it says nearly the same place for all photos. But there is more to it: a
# map of 3 x 2 cells, enlarged to 12 x 8, is to say where among 80 x 64 pixels the tip is, and a distance as the loss is
# content with a heatmap that is sharp beside the point.
#
# ## Ask for the pixel
#
# So keep the heatmap as large as the image, and ask for the right pixel among all of them: cross-entropy. Two
# changes: a small body without strides, and a loss. `ups=0` leaves the size as it is, and the head without its last
# layer gives the heatmap.


# %%
def layer(before, after, dilation):
    convolution = nn.Conv2d(before, after, 3, padding=dilation, dilation=dilation, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())


torch.manual_seed(0)
body = nn.Sequential(layer(3, 12, 1), layer(12, 12, 2), layer(12, 12, 4), layer(12, 12, 1))
head = spot_head(12, points=1, ups=0)
heatmap = nn.Sequential(body, head[:-1])  # (B, 1, H, W)


def right_pixel(z, targets):
    points = targets.as_subclass(torch.Tensor).view(-1, 2)
    x, y = frames.from_fastai(points, torch.tensor([W, H])).round().long().T
    return nn.functional.cross_entropy(z.as_subclass(torch.Tensor).flatten(1), y * W + x)


pixel = still(Learner(loaders(tip), heatmap, loss_func=right_pixel, cbs=CSVHistory("pixel.csv")))
pixel.fit_one_cycle(8, 2e-2)
pd.read_csv("pixel.csv")[["epoch", "train_loss", "valid_loss"]].round(2).tail(3)

# %% [markdown]
# With the last layer back, the same weights answer with points, and whatever knows points can use them.

# %%
learn = still(Learner(dls, nn.Sequential(heatmap, head[-1]), loss_func=MSELossFlat(), metrics=PointMetric("hit")))
print("heatmap of the whole image, valid:", reached(learn))

# %% alt="Four held-out gauges with the answer upon the tip, and the logarithms of their heatmaps, brightest at the tip"
held = table.iloc[160:164]
pictures = [np.asarray(Image.open(f"photos/{file}")) for file in held["file"]]
batch = torch.tensor(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
with torch.no_grad():
    log_p = heatmap.eval()(batch).flatten(1).log_softmax(1).view(-1, H, W).numpy()
figure, axes = plt.subplots(2, 4, figsize=(8, 5.4), layout="constrained", gridspec_kw={"hspace": 0.12})
for i, (above, below) in enumerate(axes.T):
    y, x = np.unravel_index(log_p[i].argmax(), (H, W))
    plots.points_on_image(above, pictures[i], held.iloc[i, 1:].to_numpy(dtype=float), (x, y))
    below.imshow(log_p[i], cmap="magma")
    plots.dress(below, f"log p, {np.exp(log_p[i].max()):.3f} at its largest", grid=False)
    below.set(xticks=[], yticks=[])
plt.show()

# %% [markdown]
# ## New photos
#
# A hundred that nobody has seen, by another seed, predicted as fastai predicts, and told in pixels.

# %%
rng = np.random.RandomState(1)
new, tips = zip(*(photo(rng) for _ in range(100)), strict=True)
tips = np.array(tips)
for i, image in enumerate(new):
    image.save(f"photos/new{i:02}.png")
test = dls.test_dl(pd.DataFrame({"file": [f"new{i:02}.png" for i in range(100)]}))


def predicted(learn):
    return decode_px(learn, learn.get_preds(dl=test)[0])[:, 0].numpy()


found = predicted(learn)
distance = np.hypot(*(found - tips).T).mean()
print(f"100 new photos: {distance:.2f} pixels off, {(found.round() == tips).all(1).mean():.0%} exact")

# %% alt="Arrows from the right tips to the answers on the new photos: long ones of ResNet18, none of the large heatmap"
figure, axes = plt.subplots(1, 2, figsize=(8, 4.6), layout="constrained")
for ax, net, name in zip(axes, (usual, learn), ("ResNet18", "heatmap of the whole image"), strict=True):
    plots.residuals(ax, tips, predicted(net), size=(W, H))
    ax.set_title(f"{name}: {ax.get_title(loc='left')}", loc="left", fontsize=10)
plt.show()
