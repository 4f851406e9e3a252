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
# # The problem in SQL
#
# Where is the first ink of a digit, and where is the middle of its box? A net has to learn it; a database is asked
# for it. This notebook writes the digits into a database as tables, finds the points by SQL alone, and fits a linear
# regression on what SQL found.
#
# `SPOTON_SQL_URL` names the database, as in `mariadb://USER:PASSWORD@HOST/DATABASE` (`pip install 'spoton[db]'`).
# Without it a file of SQLite is made in a temporary folder, and everything below is the same. The tables are
# explained in [docs/sql.md](../docs/sql.md).

# %%
from importlib.util import find_spec

if not find_spec("spoton"):  # as in Colab
    # %pip install --quiet "spoton[db] @ git+https://github.com/OWNER/spoton"
    pass

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LinearRegression

from spoton import plots
from spoton.sql import Problem, load

url = os.environ.get("SPOTON_SQL_URL") or str(Path(tempfile.mkdtemp()) / "digits.db")
loaded = load("pnist/both", url, replace=True)  # in the place of a task that was loaded before, of nothing else
problem = Problem.open(url)
print(f"{loaded.task}: {loaded.images} images, {loaded.pixels:,} pixels, in {problem.engine.dialect.name}")

# %% [markdown]
# ## Tables
#
# `images` has one row an image, `pixels` one row a pixel above zero, `points` the right answers.

# %%
problem.sql("SELECT split, digit, COUNT(*) AS images FROM images GROUP BY split, digit ORDER BY split, digit")

# %%
problem.sql("SELECT y, x, grey FROM pixels WHERE image_id = 0 ORDER BY y, x LIMIT 5")

# %% [markdown]
# ## A first point
#
# The first ink of an image, reading it like a page, is the first row of a window: this is `topleft`.

# %%
first = problem.sql("""
SELECT image_id, x AS topleft_x, y AS topleft_y
FROM (
    SELECT image_id, x, y, ROW_NUMBER() OVER (PARTITION BY image_id ORDER BY y, x) AS place FROM pixels
) AS reading
WHERE place = 1
ORDER BY image_id
""")
right = problem.sql("SELECT image_id, topleft_x, topleft_y FROM points ORDER BY image_id")
print("equal to the answers in all", len(first), "images:", first.astype(int).equals(right.astype(int)))
first.head(3)

# %% [markdown]
# ## Views
#
# `box` is the ink box, `ends` the two ends of the ink in each of its four sides, `kinds` the ten kinds of point,
# `targets` the task's answers, and `pts` the 72 columns that learners get by `@pts`. All are plain SQL.

# %%
problem.sql("SELECT * FROM ends ORDER BY image_id LIMIT 3")

# %%
problem.sql("""
SELECT images.digit, COUNT(*) AS images, AVG(right_x - left_x + 1) AS width, AVG(bottom_y - top_y + 1) AS height
FROM box JOIN images ON images.id = box.image_id
GROUP BY images.digit ORDER BY images.digit
""").astype(float)

# %% [markdown]
# ## What SQL sees
#
# Pixels and points of eight images, both asked from the database.

# %% alt="Eight digits with their first ink and the middle of their box, drawn from what the database said"
shown = (0, 1, 2, 3, 705, 706, 707, 708)
pixels = problem.sql("SELECT * FROM pixels WHERE image_id IN (0, 1, 2, 3, 705, 706, 707, 708)")
found = problem.sql("SELECT * FROM targets").set_index("image_id")
height, width = problem.sql("SELECT height, width FROM task").iloc[0]

figure, axes = plt.subplots(2, 4, figsize=(8, 4.4), layout="constrained")
for ax, image_id in zip(axes.flat, shown, strict=True):
    here = pixels[pixels["image_id"] == image_id]
    image = np.zeros((height, width))
    image[here["y"], here["x"]] = here["grey"] / 255
    plots.points_on_image(ax, image, found.loc[image_id].astype(float), title=f"image {image_id}")
plt.show()

# %% [markdown]
# ## Is it right?
#
# `check` compares each answer and each feature with NumPy, exactly. `spoton sql points URL --check` does the same.

# %%
for part in problem.check():
    print(f"{part.name}: {part.difference or 'equal'} ({part.rows} images x {part.columns} columns)")

# %% [markdown]
# ## A linear regression on what SQL found
#
# Fitted on the training side, scored on the validation side. A hit is a point whose pixel is right.

# %%
table = problem.sql("""
SELECT images.split, points.*, pts.*
FROM images JOIN points ON points.image_id = images.id JOIN pts ON pts.image_id = images.id
ORDER BY images.id
""")
features = [name for name in table if name.startswith("pts")]
answers = ["topleft_x", "topleft_y", "center_x", "center_y"]
train, valid = (table[table["split"] == side] for side in ("train", "valid"))
model = LinearRegression().fit(train[features].astype(float), train[answers].astype(float))
predicted = model.predict(valid[features].astype(float))
actual = valid[answers].to_numpy(dtype=float)
hits = {
    name: (np.rint(predicted[:, i : i + 2]) == actual[:, i : i + 2]).all(axis=1).mean()
    for name, i in (("topleft", 0), ("center", 2))
}
print(f"{len(train)} images to train on, {len(valid)} to validate")
print("hits:", ", ".join(f"{name} {share:.1%}" for name, share in hits.items()))

# %% alt="Predicted against actual answers: x and y of both points, all within half a pixel of the line"
figure, axes = plt.subplots(1, 4, figsize=(11, 3), layout="constrained")
for i, (ax, name) in enumerate(zip(axes, answers, strict=True)):
    plots.agreement(ax, actual[:, i], predicted[:, i], name=name)
plt.show()

# %% [markdown]
# All are hit: what made the problem hard for a net is in the columns now. `center` is a half that was rounded, so a
# regression is up to half a pixel off, and rounds to the right one. `topleft` is two columns as they stand, and SQL
# says which:

# %%
same = ", ".join(
    f"SUM(CASE WHEN pts.{name} = points.topleft_x THEN 1 ELSE 0 END) AS {name}"
    for name in features
    if name.endswith("x")
)
counts = problem.sql(f"SELECT {same} FROM pts JOIN points ON points.image_id = pts.image_id").iloc[0].astype(int)
print("columns that are topleft_x in every image:", ", ".join(counts[counts == loaded.images].index))
problem.close()
