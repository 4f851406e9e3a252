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
# # A layer in your own net
#
# You have a net that looks at an image and should point at a pixel. It is nearly right and rarely exact. Here is such
# a net, with the loop that everybody writes, and then the same net with one layer of spoton at its end.

# %%
from importlib.util import find_spec

if not find_spec("spoton"):  # as in Colab
    # %pip install --quiet "spoton @ git+https://github.com/OWNER/spoton"
    pass

# %%
import matplotlib.pyplot as plt
import torch
from torch import nn

import spoton
from spoton import plots
from spoton.layers import point_nll, raster_first

torch.set_num_threads(1)
task = spoton.get_task("pnist/topleft")  # the first ink pixel of a digit, in reading order
data, split = task.data(), task.split(seed=0)
X = torch.tensor(data.X)  # (709, 1, 28, 28), 0 to 1
y = torch.tensor(data.y.to_numpy(), dtype=torch.float32)  # (709, 2), x and y in pixels


def train(net, X, loss, epochs=8):
    torch.manual_seed(0)
    optimiser = torch.optim.AdamW(net.parameters(), lr=0.01)
    for _ in range(epochs):
        for rows in torch.tensor(split.train)[torch.randperm(len(split.train))].split(32):
            optimiser.zero_grad()
            loss(net(X[rows]), y[rows]).backward()
            optimiser.step()
    return net.eval()


def exact(points):
    """The share of held-out points that are right after rounding."""
    return f"{(points.round() == y[split.valid]).all(1).float().mean():.0%} of the held-out points are exact"


# %% [markdown]
# ## As it is usually done
#
# Two convolutions, then a linear layer to the two coordinates, and the squared error.


# %%
def body(channels):  # your net
    return nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, channels, 3, padding=1))


torch.manual_seed(0)
usual = nn.Sequential(body(16), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 28 * 28, 2))
train(usual, X, nn.functional.mse_loss)
with torch.no_grad():
    before = usual(X[split.valid])
print("a linear layer at the end:", exact(before))

# %% [markdown]
# ## With a layer that scans
#
# The body now gives one logit a pixel: is this ink? `raster_first` makes of them, for each pixel, the logarithm of
# the probability that it is the *first* ink: that it is ink and nothing before it is. It has no weights, and works on
# images of any size. The loss is -log of the probability of the right answer, over columns and over rows.
#
# One thing besides: a pixel of 2/255 counts as much as one of 255/255, and to a convolution it is next to nothing. On
# a logarithmic scale it is a few steps away.


# %%
class First(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = body(1)
        nn.init.constant_(self.body[2].bias, -8.0)  # nothing is ink, to begin with

    def maps(self, x):
        return raster_first(self.body(x)[:, 0], "topleft")  # (B, H, W): log P(the first ink is here)

    def forward(self, x):
        log_p = self.maps(x)
        return torch.stack([log_p.logsumexp(-2), log_p.logsumexp(-1)], 1)  # over x and over y: (B, 2, 28)


log_X = X.clamp_min(1e-3).log() / 3 + 1
torch.manual_seed(0)
first = train(First(), log_X, point_nll)
with torch.no_grad():
    after = first(log_X[split.valid]).argmax(-1).float()
print("raster_first at the end:", exact(after))

# %% [markdown]
# The logarithm alone does not do it: the usual net gets worse by it.

# %%
torch.manual_seed(0)
usual_log = nn.Sequential(body(16), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 28 * 28, 2))
train(usual_log, log_X, nn.functional.mse_loss)
with torch.no_grad():
    print("a linear layer at the end, logarithms:", exact(usual_log(log_X[split.valid])))

# %% [markdown]
# ## What it sees
#
# Above, the answers of the usual net; below, those of the other, with the probability that a pixel is the first ink.

# %% alt="Four digits with the answers of the usual net beside the right pixel, and those of the net that scans upon it"
rows = torch.tensor(split.valid[:4])
with torch.no_grad():
    probability = first.maps(log_X[rows]).exp().numpy()
figure, axes = plt.subplots(2, 4, figsize=(9, 5.4), layout="constrained", gridspec_kw={"hspace": 0.15})
for i, (above, below) in enumerate(axes.T):
    plots.points_on_image(above, data.X[rows[i]], y[rows[i]].numpy(), before[i].numpy())
    plots.points_on_image(below, data.X[rows[i]], y[rows[i]].numpy(), after[i].numpy(), probability[i])
plt.show()

# %% [markdown]
# ## It goes where your net goes
#
# The layer is plain torch, so the net is saved, exported and compiled like any other. It was trained on 28 x 28
# pixels, and what it has learned holds for other sizes:

# %%
large = spoton.get_task("pnist/topleft?size=56").data().take(split.valid)
with torch.no_grad():
    found = first(torch.tensor(large.X).clamp_min(1e-3).log() / 3 + 1).argmax(-1)
print(f"on 56 x 56: {(found.numpy() == large.y.to_numpy()).all(1).mean():.0%} exact")
exported = torch.export.export(first, (log_X[:8],))
same = torch.allclose(exported.module()(log_X[:8]), first(log_X[:8]), atol=1e-5)
print("exported by torch.export, and the same:", same)

# %% [markdown]
# Other layers, for other questions, each with its use in somebody else's net: [layers](../docs/layers.md). What came
# of it on five seeds, with the nets tuned: [benchmarks](../docs/benchmarks.md).
