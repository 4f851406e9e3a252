"""What the tests of the user's own data share."""

from __future__ import annotations

import numpy as np

WIDTH, HEIGHT = 6, 4
GREY = np.arange(24, dtype=np.uint8).reshape(HEIGHT, WIDTH) * 10
COLOUR = np.stack([GREY, 255 - GREY, np.full_like(GREY, 7)], axis=2)
HEAD = "file,tip_x,tip_y\n"
POINTS = HEAD + "a.png,1.5,2.25\nb.png,5,0\n"
ARRAYS = {"X": np.stack([GREY, GREY[::-1], GREY]), "y": np.array([[1.5, 2.25], [5, 0], [-0.5, 3.5]])}
TABLE = "a,b,y\n1,True,3.5\n2,False,0.1\n3,True,-1e-3\n"


def refused(message: str, *words: str) -> None:
    """One line that holds the words, and after a semicolon (or in a question) what to do."""
    for word in words:
        assert word in message, message
    assert "\n" not in message
    assert "; " in message, message
