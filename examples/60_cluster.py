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
# # On a cluster
#
# A bench is many fits that know nothing of each other. The same call runs them in this process, in several processes
# of this machine, or on a Ray or Dask cluster, and gives the same figures on each. Here the cluster is two workers of
# Dask on this machine; with other machines nothing changes but the address ([how to start one](../docs/clusters.md)).

# %%
from importlib.util import find_spec

if not find_spec("spoton"):  # as in Colab
    # %pip install --quiet "spoton[dask] @ git+https://github.com/OWNER/spoton"
    pass

# %%
import importlib.util

import matplotlib.pyplot as plt
import numpy as np

import spoton
import spoton.store
from spoton import plots

LEARNERS = ["linear", "knn", "gbdt?max_iter=30"]


def figures(runs):
    return [(run.learner, run.seed, run.metrics["valid"]["r2"]) for run in runs]


# %% [markdown]
# ## Here, one after the other

# %%
here = spoton.bench("friedman1", LEARNERS, seeds=2)
for name, seed, r2 in figures(here):
    print(f"{name:18} seed {seed}  R2 {r2:.4f}")

# %% [markdown]
# ## Two processes of this machine

# %%
processes = spoton.bench("friedman1", LEARNERS, seeds=2, engine="loky", jobs=2)
print("the same, bit for bit:", figures(processes) == figures(here))

# %% [markdown]
# ## A cluster
#
# `address=` is where the scheduler is: `tcp://HOST:8786` of Dask, `HOST` of Ray (`engine="ray"`). Workers need the
# same version of spoton, and nothing else: no database, no shared folder. Your own data travels to them with the
# bench.

# %%
rng = np.random.RandomState(0)
X = rng.uniform(size=(300, 6))
own = spoton.Task.from_arrays("mine", X, np.sin(5 * X[:, 0]) + X[:, 1] ** 2)

if importlib.util.find_spec("distributed"):
    from dask.distributed import LocalCluster

    with LocalCluster(2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        where = {"engine": "dask", "address": cluster.scheduler_address}
        there = spoton.bench("friedman1", LEARNERS, seeds=2, **where)
        print("the same, bit for bit:", figures(there) == figures(here))
        mine = spoton.bench(own, ["mean", "linear", "gbdt?max_iter=30"], seeds=2, store="cluster.db", **where)
    print(f"{len(mine)} runs on data of one's own, {sum(run.status == 'ok' for run in mine)} of them ok")
else:
    mine = spoton.bench(own, ["mean", "linear", "gbdt?max_iter=30"], seeds=2, store="cluster.db")
    print("Dask is not installed (pip install 'spoton[dask]'), so these runs were made here")

# %% [markdown]
# Runs come back to the bench, which alone writes the store; a worker that dies takes nothing along, since its fit is
# made again elsewhere. Here is what came back, and what is in the store:

# %% alt="R2 of the learners on the own data, each seed a dot"
ax = plt.subplots(figsize=(5.6, 2.2), layout="constrained")[1]
plots.leaderboard(ax, mine, "r2")
plt.show()

# %%
with spoton.store.Store.open("cluster.db") as store:
    board = store.sql("SELECT learner, n, valid_r2, valid_r2_sd FROM leaderboard ORDER BY valid_r2 DESC")
board.round(3)
