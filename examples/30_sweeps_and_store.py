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
# # Sweeps and the store
#
# Which settings? In 2020 that was a grid in a notebook, whose results were lost with the kernel. Here each trial is a
# run in a database, the same cell run again makes nothing twice, and no row that chose the settings has a say in the
# figure that is reported.
#
# `SPOTON_STORE` names the database, as in `mariadb://USER:PASSWORD@HOST/DATABASE` (`pip install 'spoton[db]'`;
# PostgreSQL works as well). Without it a file of SQLite is made here, and everything below is the same.

# %%
from importlib.util import find_spec

if not find_spec("spoton"):  # as in Colab
    # %pip install --quiet "spoton[db] @ git+https://github.com/OWNER/spoton"
    pass

# %%
# %matplotlib inline
import os

import spoton
from spoton.store import Store

address = os.environ.get("SPOTON_STORE") or "spoton.db"
store = Store.open(address)
print(f"kept in {store.engine.dialect.name}" + (", a file beside this notebook" if address == "spoton.db" else ""))

# %% [markdown]
# ## A sweep
#
# A small net on features of the ink is asked for the first ink pixel. How fast should it learn, how wide should it
# be, and should its answers be standardised? Twelve settings are drawn by Optuna.

# %%
found = spoton.sweep(
    "pnist/topleft",
    "featsnet@pts6?epochs=10",
    {"lr": "1e-4..1e-1:log", "hidden": [8, 28, 64], "+ynorm": [True, False]},
    trials=12,
    metric="dist_avg",
    seeds=2,
    finalists=2,
    store=store,
)
found.to_frame()[["number", "state", "value", "lr", "hidden", "+ynorm"]].sort_values("value").head(5)

# %%
print("chosen:", found.best_params)
for run in found.report:
    print(
        f"{run.learner}, seed {run.seed}: {run.metrics['valid']['dist_avg']:.2f} pixels off on rows that chose nothing"
    )

# %% [markdown]
# What mattered? Filled dots are trials, and the upper left shows how the best came about. With a dozen trials it is a
# hint, no finding.

# %% alt="The trials of the sweep: how the best came about, which parameters mattered, and the scores against them"
figure = found.draw()
figure.set_dpi(80)
figure

# %% [markdown]
# ## What is kept
#
# Every trial and every reported run is in the store: settings, scores, seconds, versions, machine. The same sweep
# again makes none of them twice:

# %%
before = store.counts()["runs"]
again = spoton.sweep(
    "pnist/topleft",
    "featsnet@pts6?epochs=10",
    {"lr": "1e-4..1e-1:log", "hidden": [8, 28, 64], "+ynorm": [True, False]},
    trials=12,
    metric="dist_avg",
    seeds=2,
    finalists=2,
    store=store,
)
print(f"{before} runs before, {store.counts()['runs']} after; chosen again: {again.best_params == found.best_params}")

# %% [markdown]
# ## A bench beside it
#
# Other learners on the same task, the same splits, into the same store. Then the database is asked, in SQL, who is
# best over both seeds. `newest` has the newest run of each cell, and the figures that are asked for most are columns.

# %%
chosen = found.report[0].learner
spoton.bench("pnist/topleft", ["mean", "linear@pts6", "knn@pts6", chosen], seeds=2, store=store)
board = store.sql(
    """
    SELECT learner, COUNT(*) AS seeds, AVG(valid_dist_avg) AS pixels_off, AVG(valid_hit) AS exact
    FROM newest WHERE task = 'pnist/topleft' AND status = 'ok' GROUP BY learner ORDER BY pixels_off
    """
)
board.round(3)

# %% [markdown]
# Least squares on these features is exact, by the way: two of the six columns are the answer. And which machine and
# code made the best of the nets?

# %%
store.sql("SELECT seed, fit_seconds, version, python FROM newest WHERE learner = :chosen", chosen=chosen).round(1)

# %%
store.close()

# %% [markdown]
# The same from the command line, into the same database: `spoton sweep`, `spoton bench`, `spoton leaderboard`, and
# `spoton report` for a page of it all. [Sweeps](../docs/sweeps.md), [the store](../docs/store.md).
