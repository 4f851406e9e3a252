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
# # Why does it miss?
#
# You have a net and data of your own, and it does not work. `why` changes one thing at a time about it, on the same
# splits, and measures how much of the gap to the exact answer each change closes. Here are two cases with a fault
# that is easy to make, so that you can judge what it finds. What the numbers mean: [why](../docs/why.md).

# %%
from importlib.util import find_spec

if not find_spec("spoton"):  # as in Colab
    # %pip install --quiet "spoton @ git+https://github.com/OWNER/spoton"
    pass

# %%
# %matplotlib inline
import numpy as np
import torch
from torch import nn

import spoton
from spoton.layers import RangeHead
from spoton.learners import TorchRegressor
from spoton.why import why

torch.set_num_threads(1)

# %% [markdown]
# ## A net that does not learn
#
# 300 rows of a table; the answer is a temperature in kelvin, a simple law of the columns. The net is what anybody
# would write. A learner tells it the shape of an input, the number of answers, and limits of the answers where there
# are to be some.

# %%
rng = np.random.RandomState(0)
X = rng.uniform(-1, 1, (300, 6))
y = 290 + 12 * X[:, 0] - 8 * X[:, 1] * X[:, 2]
task = spoton.Task.from_arrays("kelvin", X, y)


class MyNet(nn.Module):
    def __init__(self, in_shape, n_out, y_range=None):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(in_shape[0], 64), nn.ReLU(), nn.Linear(64, n_out))
        self.limits = RangeHead(*y_range) if y_range else nn.Identity()

    def forward(self, x):
        return self.limits(self.layers(x))


# %% [markdown]
# It is given five minutes, and needs half a minute for a net as small as this one. On the command line this is
# `spoton why --module 'net.py:MyNet?epochs=10' --table table.csv --target kelvin --minutes 5`.

# %%
learner = TorchRegressor(net=MyNet, epochs=10, y_range="none")
found = why(learner, task, minutes=5, seeds=3)
print(f"{max(found.position, 0):.0%} of the way from the mean answer to the exact one")
print("consistent with:", "; ".join(found.causes[:3]))

# %% alt="What each change closes of the gap: limits, standardised answers and a linear skip much, the others nothing"
effects = found.pictures()["effects"]
effects.set_dpi(80)
effects

# %% [markdown]
# The answers are around 290, the net begins near 0, and in ten epochs it does not come that far. Three changes put the
# answers within its reach: limits that are fitted to them, standardised answers, and a linear part that is found by
# itself (the skip). All others, a higher learning rate among them, do nothing alone. `found` as the last line of a cell
# shows all of it, with what was seen on the way; `found.code` is the best combination, as Python:

# %%
print(found.code)
before = spoton.evaluate(learner, task, seed=10)
exec(found.code)
after = spoton.evaluate(learner, task, seed=10)
was, now = (run.metrics["valid"]["r2"] for run in (before, after))
print(f"R2 on a split that had no say in it: {was:.2f} before, {now:.2f} after")

# %% [markdown]
# ## Points that are exchanged
#
# Here somebody has written (row, column) where (x, y) is asked for. No learner can mend that, so it comes first,
# before any change is measured.

# %%
digits = spoton.get_task("pnist/topleft").data()
exchanged = spoton.Task.from_arrays("exchanged", digits.X, digits.y.to_numpy()[:, ::-1])
found = why("ridge", exchanged, minutes=0.1)
print(found.causes[0])
