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
# # 804 columns, four that matter
#
# A table of 2020: 700 rows, 804 columns. Four of them are the answer plus a constant, 800 are noise. Whoever plots
# the columns sees the law; nets did not find it in months of trying. Here is why, what mends it, and how little that
# takes in a net of your own. The whole story, with its figures on many seeds, is in [why nets miss on
# tables](../docs/tables.md).

# %%
from importlib.util import find_spec

if not find_spec("spoton"):  # as in Colab
    # %pip install --quiet "spoton @ git+https://github.com/OWNER/spoton"
    pass

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler

import spoton
from spoton import plots
from spoton.layers import HypentropyDescent, SparseLinear
from spoton.learners import SpotTable

torch.set_num_threads(1)
task = spoton.get_task("columns/perfect")
data, split = task.data(), task.split(seed=0)
train, valid = data.take(split.train), data.take(split.valid)
print(f"{len(train.X)} rows to train on, {len(valid.X)} held out, {train.X.shape[1]} columns")
print("these decide:", ", ".join(task.support))

# %% alt="A map of correlations: four columns agree with the answer and with each other, all others with nothing"
ax = plt.subplots(figsize=(5.4, 3.8), layout="constrained")[1]
plots.correlation(ax, train.X, train.y, most=12)
plt.show()

# %% [markdown]
# ## Least squares finds it, by luck of units
#
# With more columns than rows there are many exact fits, and least squares takes the one with the smallest weights.
# The four columns are hundreds of times as large as the others, so small weights do. Standardise the columns, as
# everybody recommends, and that hint is gone.

# %%
scaler = StandardScaler().fit(train.X)
X, X_valid = scaler.transform(train.X), scaler.transform(valid.X)
y, y_valid = (part.y["y"].to_numpy() for part in (train, valid))
print(
    f"least squares, columns as they are: 1 - R2 = {1 - LinearRegression().fit(train.X, y).score(valid.X, y_valid):.0e}"
)
print(f"least squares, standardised columns: R2 {LinearRegression().fit(X, y).score(X_valid, y_valid):.3f}")

# %% [markdown]
# ## Why a net does not
#
# Leave one linear layer of the net, on standardised columns and answers. Adam divides each gradient by its own size,
# so that all 804 weights move alike, and 800 of them are wrong. `HypentropyDescent` moves a weight in proportion to
# itself: what helps grows by the same factor again and again, what helps by chance falls back.

# %%
mean, spread = y.mean(), y.std()
inputs, answers = torch.tensor(X), torch.tensor((y - mean) / spread)[:, None]


def trained(layer, optimiser, epochs):
    torch.manual_seed(0)
    for _ in range(epochs):
        for rows in torch.randperm(len(inputs)).split(8):
            optimiser.zero_grad()
            torch.nn.functional.mse_loss(layer(inputs[rows]), answers[rows]).backward()
            optimiser.step()
    weights = layer.weight.detach().abs()[0].numpy()
    predicted = layer(torch.tensor(X_valid)).detach().numpy()[:, 0] * spread + mean
    return weights, r2_score(y_valid, predicted)


layers = {}
for name, lr in (("Adam, lr 0.003", 3e-3), ("Adam, lr 0.0003", 3e-4)):
    layer = SparseLinear(804).double()  # a plain linear layer that begins at 0
    layers[name] = trained(layer, torch.optim.Adam(layer.parameters(), lr), epochs=10)
layer = SparseLinear(804, bias=False).double()
layers["HypentropyDescent"] = trained(layer, HypentropyDescent(layer.parameters()), epochs=3)

four = [train.X.columns.get_loc(name) for name in task.support]
for name, (weights, reached) in layers.items():
    share = weights[four].sum() / weights.sum()
    print(f"{name}: R2 {reached:.6f}, {share:.1%} of the weights on the four columns")

# %% alt="Sizes of the 804 weights by Adam and by HypentropyDescent, the four that matter in orange"
figure, axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained", sharey=True)
for ax, name in zip(axes, ("Adam, lr 0.003", "HypentropyDescent"), strict=True):
    weights = np.maximum(layers[name][0], 1e-9)  # on a logarithmic scale there is no 0
    ax.semilogy(weights, ".", ms=3, color="#8a9199")
    ax.semilogy(four, weights[four], "o", ms=6, color="#e4572e")
    plots.dress(ax, name, "column", "size of its weight")
plt.show()

# %% [markdown]
# ## Ready made
#
# `SpotTable` is such a path with small nets beside it, for any table: numbers, text, categories, dates, gaps, nothing
# scaled beforehand. It says what it used.

# %%
model = SpotTable(epochs=3, random_state=0).fit(train.X, train.y["y"])
print("columns:", ", ".join(train.X.columns[model.support_]))
print("how:", model.how_)
print(f"1 - R2 on held-out rows: {1 - model.score(valid.X, y_valid):.0e}")

# %% [markdown]
# ## In your own net
#
# The same two lines beside a body of your own: a sparse path is added to what the net says, and has an optimiser of
# its own. The body begins with a head of zeros and learns slowly, so that the path settles first. Here the law is
# linear and there is nothing left for a body to say; what it says all the same costs the last digits.


# %%
class Net(torch.nn.Module):
    def __init__(self, columns):
        super().__init__()
        self.few = SparseLinear(columns)
        self.body = torch.nn.Sequential(torch.nn.Linear(columns, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))
        torch.nn.init.zeros_(self.body[2].weight)

    def forward(self, x):
        return self.few(x) + self.body(x)


torch.manual_seed(0)
net = Net(804).double()
optimisers = [HypentropyDescent([net.few.weight]), torch.optim.Adam([net.few.bias, *net.body.parameters()], 1e-4)]
for _ in range(4):
    for rows in torch.randperm(len(inputs)).split(8):
        net.zero_grad()
        torch.nn.functional.mse_loss(net(inputs[rows]), answers[rows]).backward()
        for optimiser in optimisers:
            optimiser.step()
predicted = net(torch.tensor(X_valid)).detach().numpy()[:, 0] * spread + mean
print(f"a net with a sparse path: R2 {r2_score(y_valid, predicted):.4f}")
largest = net.few.weight[0].abs().topk(4).indices.sort().values.tolist()
print("its largest weights:", ", ".join(train.X.columns[largest]))
