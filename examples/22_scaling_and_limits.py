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
# # Scaling answers, and limits of answers
#
# Two settings of 2020 that nobody was sure of: are the answers scaled for training, and between which limits does a
# sigmoid hold them (`y_range` in fastai)? Both are part of the model, both can spoil it, and both are easy to get
# right. Which scaling is for what, and the formulas: [scaling](../docs/scaling.md).

# %%
from importlib.util import find_spec

if not find_spec("spoton"):  # as in Colab
    # %pip install --quiet "spoton @ git+https://github.com/OWNER/spoton"
    pass

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_squared_error, r2_score

import spoton
from spoton import plots
from spoton.layers import Denorm, RangeHead
from spoton.scaling import TargetScaler, mse_in_units

torch.set_num_threads(1)

# %% [markdown]
# ## A year, in years
#
# The answer is a year around 2000. A net begins near 0 and moves by small steps, so it spends its time on the way
# there.

# %%
rng = np.random.RandomState(0)
X = rng.uniform(-1, 1, (400, 4))
y = 2000 + 30 * X[:, 0] * X[:, 1] + 20 * np.abs(X[:, 2])
task = spoton.Task.from_arrays("years", X, y)

for name in ("mlp?max_iter=100", "mlp+ynorm?max_iter=100"):
    run = spoton.evaluate(name, task, seed=0)
    print(f"{name}: R2 {run.metrics['valid']['r2']:.2f}, {run.metrics['valid']['mae']:.1f} years off")

# %% [markdown]
# `+ynorm` standardises the answers by the training rows alone, and everything that is said and scored stays in years.
# It is scikit-learn's `TransformedTargetRegressor`, and `TargetScaler` does it for any regressor. Other kinds have
# other uses: prices and counts go over powers of ten, and their logarithm is often the simpler law.

# %%
price = np.exp(X @ [2.0, 1.0, -1.5, 0.0])
train, valid = slice(0, 300), slice(300, 400)
for kind in ("standard", "box-cox"):
    model = TransformedTargetRegressor(Ridge(), transformer=TargetScaler(kind)).fit(X[train], price[train])
    print(f"{kind}: R2 {model.score(X[valid], price[valid]):.2f}")

# %% [markdown]
# ## The error in original units
#
# The loss that a training prints is that of scaled answers. In original units it is s² times as large for each
# output, and R2 is the same number in both.

# %%
both = np.column_stack([y, price])
scaler = TargetScaler().fit(both[train])
z = scaler.transform(both[valid])
z_hat = z + rng.normal(0, 0.1, z.shape)  # what a net would say
scaled = mean_squared_error(z, z_hat, multioutput="raw_values")
by_hand = mean_squared_error(both[valid], scaler.inverse_transform(z_hat), multioutput="raw_values")
print("scaled:", scaled.round(4), "in units:", mse_in_units(scaled, scaler).round(3), "by hand:", by_hand.round(3))
print(f"R2 {r2_score(z, z_hat):.4f} and {r2_score(both[valid], scaler.inverse_transform(z_hat)):.4f}")

# %% [markdown]
# ## In the net itself
#
# A scaler beside a net is lost when the net is saved. `Denorm` is the last layer instead: what is saved, exported or
# handed on answers in years.

# %%
torch.manual_seed(0)
inputs, years = torch.tensor(X, dtype=torch.float32), torch.tensor(y)[:, None]
body = torch.nn.Sequential(torch.nn.Linear(4, 64), torch.nn.GELU(), torch.nn.Linear(64, 1))
net = torch.nn.Sequential(body, Denorm.from_targets(years[train]))
adam = torch.optim.Adam(net.parameters(), lr=0.01)
for _ in range(200):
    adam.zero_grad()
    torch.nn.functional.mse_loss(body(inputs[train]), net[1].normalise(years[train]).float()).backward()
    adam.step()
torch.save(net.state_dict(), "net.pt")

loaded = torch.nn.Sequential(body, Denorm(torch.ones(1)))
loaded.load_state_dict(torch.load("net.pt", weights_only=True))
with torch.no_grad():
    print(
        f"loaded: R2 {r2_score(y[valid], loaded(inputs[valid])):.2f}, the first answer {loaded(inputs[:1]).item():.0f}"
    )

# %% [markdown]
# ## Limits
#
# A sigmoid between the smallest and the largest training answer looks natural. But it reaches its limits in infinity
# alone, and its slope fades there, so answers near the ends are not met, and it bends the others too. Here the answer
# is a place along 28 pixels, a straight line of one column. Limits half a range wider on both sides are as good as
# none; limits inside of the answers cut them off.

# %%
place = 14 + 14 * X[:, 0]
low, high = place[train].min(), place[train].max()
half = (high - low) / 2
ends = np.abs(place[valid] - 14) > 11
answers = torch.tensor(place, dtype=torch.float32)[:, None]


def fitted(head):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 64), torch.nn.GELU(), torch.nn.Linear(64, 1), head)
    adam = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(200):
        adam.zero_grad()
        torch.nn.functional.mse_loss(net(inputs[train]), answers[train]).backward()
        adam.step()
    with torch.no_grad():
        return net(inputs[valid])[:, 0].numpy()


found = {
    "none": fitted(torch.nn.Identity()),
    "the samples'": fitted(RangeHead(low, high)),
    "half a range wider": fitted(RangeHead(low - half, high + half)),
    "inside": fitted(RangeHead(low + 6, high - 6)),
}
for name, predicted in found.items():
    off = np.abs(predicted - place[valid])
    print(f"limits {name}: {off[ends].mean():.2f} pixels off near the ends, {off[~ends].mean():.2f} elsewhere")

# %% alt="Predicted against actual answers with four kinds of limits: those of the samples bend the line at both ends"
figure, axes = plt.subplots(1, 4, figsize=(12, 3.2), layout="constrained")
for ax, (name, predicted) in zip(axes, found.items(), strict=True):
    plots.agreement(ax, place[valid], predicted, name=f"limits {name}")
plt.show()

# %% [markdown]
# By name: `+yrange=samples:0.5` on any learner of spoton leaves half the range free, `y_range_for(y)` does it in
# fastai. A `RangeHead` moves its limits to new samples under a trained net (`refit`), without changing its answers.
