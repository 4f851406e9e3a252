"""Files that somebody else has made: what they may take of memory, which are opened, and where their names may lead.

Every reader asks here, so that there is one rule:

- A name inside of a file (of an image in a CSV, in COCO's JSON, in VOC's XML) leads to a regular file below the folder
  that was given, links followed; anything else is refused, and not opened.
- What a file unpacks to takes at most `SPOTON_MOST_GB` gigabytes (4 by default), which is known before it is unpacked.
- Images are of the usual kinds. Pillow opens others too, and runs Ghostscript for one of them.
- Nothing is ever unpickled or run.
"""

from __future__ import annotations

import math
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from spoton.errors import DataError, SpotonError, UsageError

if TYPE_CHECKING:
    from PIL import Image as PillowImage

VARIABLE = "SPOTON_MOST_GB"
MOST = 4.0  # gigabytes
KINDS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000")  # as Pillow calls them


def most() -> float:
    """The most that a file may unpack to, in bytes.

    Raises:
        UsageError: SPOTON_MOST_GB is no number above 0.
    """
    given = os.environ.get(VARIABLE) or MOST
    try:
        found = float(given)
    except ValueError:
        found = math.nan
    if not found > 0:
        raise UsageError(f"{VARIABLE} is a number of gigabytes above 0, not '{given}'")
    return found * 1e9


def check_bytes(wanted: int | float, what: str) -> None:
    """Refuse what would take more memory than a file may.

    Args:
        wanted: bytes.
        what: the beginning of the sentence, as in "X in own.npz".

    Raises:
        DataError: it is more.
    """
    if wanted > (limit := most()):
        needed = f"{wanted / 1e9:.3g} GB" if wanted < 1e18 else "more memory than there is"
        raise DataError(
            f"{what} would take {needed}, and {limit / 1e9:g} GB is the most that is unpacked; if you trust it, set "
            f"{VARIABLE} higher"
        )


def is_regular(path: str | Path) -> bool:
    """Whether there is a file, links followed, that is no folder, pipe or device: those may never end."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):  # a name too long, a NUL
        return False


def check_regular(path: str | Path, what: str, hint: str = "give the path of a file") -> None:
    """Refuse what is there and is no file, as a pipe; what is not there is for others to tell.

    Raises:
        DataError: it is no regular file.
    """
    if os.path.exists(path) and not is_regular(path):
        kind = "a folder" if os.path.isdir(path) else "no regular file"
        raise DataError(f"the {what} has to be a file and '{path}' is {kind}; {hint}")


@contextmanager
def told(sentence: str) -> Iterator[None]:
    """Turn whatever Pillow, NumPy, pyarrow or expat raise on a broken file (a dozen kinds) into `sentence`."""
    try:
        yield
    except (SpotonError, MemoryError):
        raise
    except Exception as exc:
        raise DataError(sentence) from exc


def inside(folder: str | Path, name: str) -> Path | None:
    """The path of `name` below `folder`; None where it leads out, by itself or by a link on its way.

    What is not there leads nowhere: whether it is, has to be asked of `is_regular`.
    """
    try:
        os.fsencode(name)
    except (
        UnicodeEncodeError
    ):  # a system of ASCII alone, and a name that is written in UTF-8 there as it is in the file
        name = os.fsdecode(name.encode("utf-8", "surrogatepass"))
    path = Path(folder) / name
    try:
        root, end = os.path.realpath(folder), os.path.realpath(path)
    except (OSError, ValueError):
        return path  # no system can hold such a name
    return path if end == root or end.startswith(root.rstrip(os.sep) + os.sep) else None


@contextmanager
def open_image(source: str | Path | IO[bytes], what: str) -> Iterator[PillowImage.Image]:
    """An image of one of the usual kinds, of which nothing but the head has been read.

    Args:
        source: a path, or the open file.
        what: the beginning of a sentence on it.

    Raises:
        DataError: it has more pixels than are unpacked.
        OSError, ValueError, SyntaxError and others: whatever Pillow raises for a broken file.
    """
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.simplefilter("ignore", UserWarning)  # of odd fields beside the pixels
        try:
            opened = Image.open(source, formats=KINDS)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise DataError(f"{what} has more pixels than are unpacked ({error}); make it smaller") from error
    with opened as image:
        width, height = image.size
        check_bytes(4 * width * height * len(image.getbands()), f"{what} of {width} x {height} px")
        yield image


def read_npy(stream: IO[bytes], length: int, what: str) -> Any:
    """The array of a `.npy` file, without objects; memory is taken only for what the file can fill.

    Args:
        stream: the file, at its beginning.
        length: bytes that it can give at most.
        what: the beginning of a sentence on it.

    Raises:
        DataError: it is longer than is unpacked, or shorter than its head says.
        OSError, ValueError and others: whatever NumPy raises for a broken file.
    """
    check_bytes(length, what)
    start = stream.tell()
    head = np.lib.format
    version = head.read_magic(stream)
    read_head = head.read_array_header_1_0 if version == (1, 0) else head.read_array_header_2_0
    shape, _, dtype = read_head(stream)
    # NumPy makes the array first and looks for its values then; one of no bytes may still have 2 ** 62 rows
    whole = math.prod(shape) * dtype.itemsize <= length and math.prod(size for size in shape if size) <= 2**40
    if not whole and not dtype.hasobject:
        raise DataError(f"{what} is damaged: its head tells of {dtype} {shape}, more than it holds; write it again")
    stream.seek(start)
    return np.lib.format.read_array(stream, allow_pickle=False)


def read_npz(archive: Any, key: str, what: str) -> Any:
    """One array of an open `.npz`, as `read_npy`.

    Args:
        archive: what `numpy.load` gave.
        key: of the array.
        what: the beginning of a sentence on it.
    """
    names = set(archive.zip.namelist())
    member = archive.zip.getinfo(key if key in names else f"{key}.npy")
    with archive.zip.open(member) as stream:
        return read_npy(stream, member.file_size, what)


def check_parquet(file: Any, what: str) -> None:
    """Refuse a `pyarrow.parquet.ParquetFile` that says of itself that it unpacks to more than a file may.

    A column of one value takes a few bytes for a billion rows, so rows count as well as bytes.

    Raises:
        DataError: it does.
    """
    told = file.metadata
    packed = sum(max(0, told.row_group(i).total_byte_size) for i in range(told.num_row_groups))
    check_bytes(max(packed, 8 * told.num_rows * max(1, told.num_columns)), what)
