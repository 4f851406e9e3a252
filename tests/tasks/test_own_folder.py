"""The user's own data: one clear sentence for every mistake in a folder of images."""

from __future__ import annotations

from pathlib import Path

import pytest
from own_data import HEAD, POINTS, refused

from spoton.errors import DataError
from spoton.tasks import Task


@pytest.mark.parametrize(
    ("images", "points", "words"),
    [
        ("nowhere", "points.csv", ["nowhere", "does not exist"]),
        ("z" * 5000, "points.csv", ["does not exist"]),
        ("\0", "points.csv", ["does not exist"]),
        ("digits", "\0.csv", ["file of points", "cannot be opened"]),
        ("points.csv", "points.csv", ["points.csv", "is a file"]),
        ("digits", "nowhere.csv", ["no file of points", "nowhere.csv"]),
        ("digits", "digits", ["digits", "is a folder"]),
    ],
)
def test_wrong_paths(home: Path, images: str, points: str, words: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        Task.from_folder(home / images, home / points)
    refused(str(caught.value), *words)


FOLDER_MISTAKES: dict[str, tuple[str | bytes, list[str]]] = {
    "no bytes": ("", ["points.csv is empty"]),
    "blank": ("\n \n", ["points.csv is empty"]),
    "header only": (HEAD, ["points.csv has too few rows (0)"]),
    "one row": (HEAD + "a.png,1,2\n", ["points.csv has too few rows (1)"]),
    "no file column": ("image,tip_x,tip_y\na.png,1,2\n", ["points.csv", "'file'", "image"]),
    "no points": ("file\na.png\n", ["points.csv", "no columns of points", "tip_x,tip_y"]),
    "x without y": ("file,tip_x\na.png,1\n", ["points.csv", "'tip_x'", "no 'tip_y'"]),
    "y without x": ("file,a_x,a_y,b_y\na.png,1,2,3\n", ["points.csv", "'b_y'", "no 'b_x'"]),
    "neither": ("file,a_x,a_y,a_X\na.png,1,2,3\n", ["points.csv", "'a_X'", "neither"]),
    "header twice": ("file,a_x,a_y,a_x\na.png,1,2,3\n", ["points.csv", "'a_x'", "(2 and 4)"]),
    "nameless column": (",file,a_x,a_y\n0,a.png,1,2\n", ["column 1 of points.csv", "index=False"]),
    "semicolons": ("file;tip_x;tip_y\na.png;1;2\n", ["line 1 of points.csv", "';'", "commas"]),
    "tabs": ("file\ttip_x\ttip_y\na.png\t1\t2\n", ["line 1 of points.csv", "commas"]),
    "file twice": (POINTS + "./a.png,1,2\n", ["line 4 of points.csv", "'./a.png'", "line 2 of points.csv"]),
    "no file name": (POINTS + " ,1,2\n", ["line 4 of points.csv", "'file'", "empty"]),
    "too many": (POINTS + "c.png,1,2,3\n", ["line 4 of points.csv", "4 cells", "3"]),
    "too few": (POINTS + "c.png,1\n", ["line 4 of points.csv", "2 cells", "3"]),
    "open quote": (POINTS + '"c.png,1,2\nd.png,1,2\n', ["line 4 of points.csv", "check its quotes"]),
    "open last": (POINTS + 'colour.png,1,"2\n', ["line 4 of points.csv", "check its quotes"]),
    "broken cell": (POINTS + 'colour.png,1,"2\n3"\n', ["line 4 of points.csv", "'tip_y'", r"'2\n3'"]),
    "not UTF-8": (POINTS.encode() + b"gr\xf6\xdfe.png,1,2\n", ["line 4 of points.csv", "UTF-8"]),
    "after a long cell": (POINTS + '"a\nb.png",1,2\nc.png,z,2\n', ["line 6 of points.csv", "'tip_x'", "'z'"]),
    "missing": (POINTS + "\nB.png,1,2\n", ["line 5 of points.csv", "'B.png'", "did you mean 'b.png'?"]),
    "another ending": (POINTS + "colour.jpg,1,2\n", ["'colour.jpg'", "did you mean 'colour.png'?"]),
    "far away": (POINTS + "zzzzzzzzzzz,1,2\n", ["line 4 of points.csv", "'zzzzzzzzzzz'", "check the name"]),
    "long name": (POINTS + "z" * 5000 + ",1,2\n", ["line 4 of points.csv", "there is no image"]),
    "out": (POINTS + "../outside.png,1,2\n", ["line 4 of points.csv", "'../outside.png'", "leads out"]),
    "out again": (POINTS + "sub/../../outside.png,1,2\n", ["line 4 of points.csv", "leads out"]),
    "absolute": (POINTS + "/etc/hostname,1,2\n", ["line 4 of points.csv", "'/etc/hostname'", "leads out"]),
    "text": (POINTS + "text.png,1,2\n", ["line 4 of points.csv", "'text.png'", "not an image"]),
    "truncated": (POINTS + "cut.png,1,2\n", ["line 4 of points.csv", "'cut.png'", "damaged"]),
    "a folder": (POINTS + "sub,1,2\n", ["sub", "is a folder"]),
    "32 bits": (POINTS + "deep.tif,1,2\n", ["line 4 of points.csv", "'deep.tif'", "65535"]),
    "sizes": (POINTS + "low.png,1,2\n", ["line 4 of points.csv", "'low.png' is 6 x 3", "'a.png' is 6 x 4"]),
    "nan": (POINTS + "colour.png,1,nan\n", ["line 4 of points.csv", "'tip_y'", "nan"]),
    "empty cell": (POINTS + "colour.png,,1\n", ["line 4 of points.csv", "'tip_x'", "the cell is empty"]),
    "no number": (POINTS + "colour.png,1,abc\n", ["line 4 of points.csv", "'tip_y'", "'abc'"]),
    "decimal comma": (POINTS + 'colour.png,1,"1,5"\n', ["line 4 of points.csv", "'tip_y'", "'1,5'", "point"]),
    "underscore": (POINTS + "colour.png,1,0_1\n", ["line 4 of points.csv", "'tip_y'", "'0_1'"]),
    "infinite": (POINTS + "colour.png,-inf,1\n", ["line 4 of points.csv", "'tip_x'", "-inf"]),
    "left": (
        POINTS + "colour.png,-0.51,1\n",
        ["line 4 of points.csv (colour.png)", "'tip_x'", "-0.51", "whose x"],
    ),
    "below": (
        HEAD + "a.png,5,1\nb.png,5,3.51\n",
        ["line 3 of points.csv (b.png)", "'tip_y'", "3.51", "whose y"],
    ),
    "exchanged": (HEAD + "a.png,1,5\nb.png,3,4\n", ["line 2 of points.csv", "'tip_y'", "x and y exchanged"]),
    "constant": (HEAD + "a.png,1,2\nb.png,1,2\n", ["tip_x is 1.0 in all rows", "nothing to learn"]),
}


@pytest.mark.parametrize(("text", "words"), FOLDER_MISTAKES.values(), ids=FOLDER_MISTAKES)
def test_folder_mistakes(home: Path, text: str | bytes, words: list[str]) -> None:
    (home / "points.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError) as caught:
        Task.from_folder(home / "digits", home / "points.csv")
    refused(str(caught.value), *words)
