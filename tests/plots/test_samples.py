"""The pictures of tasks: each point told from the others, boxes around what they hold."""

from __future__ import annotations

from matplotlib.patches import Rectangle

from spoton import get_task
from spoton.plots import samples


def test_the_points_of_a_scene_are_told_apart_and_its_boxes_drawn() -> None:
    task = get_task("scenes/boxes?objects=4&rows=10")
    figure = samples(task, n=2)
    ax = figure.axes[0]
    looks = [(line.get_color(), line.get_marker()) for line in ax.lines]
    assert len(set(looks)) == len(looks) == 8
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [f"({x}, {y})" for x, y in task.data().points]
    boxes = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    drawn = [(*box.get_xy(), box.get_width(), box.get_height()) for box in boxes]
    corners = [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines]
    pairs = zip(corners[::2], corners[1::2], strict=True)
    assert drawn == [
        (left - 0.5, top - 0.5, right - left + 1, bottom - top + 1) for (left, top), (right, bottom) in pairs
    ]
