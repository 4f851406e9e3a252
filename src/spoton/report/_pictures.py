"""Pictures that are kept beside runs, as artifacts, made small enough for the page."""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select

from spoton.store import Store
from spoton.store._schema import ARTIFACTS, RUNS

PNG = "image/png"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
PART = 0.25  # of the page that pictures may fill
EACH = 60_000  # bytes of one, before base64 makes four of three
FETCHED = 2_000_000  # bytes of one of a single run that is asked for
LARGEST = 20_000_000  # bytes of a file, and
PIXELS = 40_000_000  # pixels of a picture, beyond which it is not opened
MANY = 65_536  # colours that a drawing has at most, and a photograph more
COLOURS = 128  # of a drawing that is reduced; axes and lines lose nothing by it
NARROWEST = 480  # pixels, below which nothing can be read
WORDS = 1_000  # characters of what a picture says of itself

# What is seen on pictures that spoton keeps; others may say it themselves, in the texts of the PNG.
KNOWN = {
    "sweep.png": (
        "The sweep that chose this learner",
        "Trials of the sweep: the score of each and the best so far, how important the parameters are, scores by "
        "single parameters, and the two most important against each other, as far as there were enough trials. "
        "They are scores on rows held out to choose; the figures of this run are not among them.",
    )
}


@dataclass
class Hung:
    """What a run shows of its pictures.

    Attributes:
        pictures: [title, words, file name, base64, width, height, what was done to it] of each.
        left: a sentence on each that is not shown.
        less: whether some are smaller than in the store, or left out for want of room.
    """

    pictures: list[list[Any]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    less: bool = False


def hang(store: Store, ids: Sequence[str], room: int, each: int = EACH) -> dict[str, Hung]:
    """The pictures of these runs, as many as fit, in the order of the runs.

    Args:
        store: to read.
        ids: of runs; those without pictures are left out.
        room: bytes of the page for all of them.
        each: bytes of a PNG that one may have; what is larger is reduced to that.
    """
    size = func.length(ARTIFACTS.c.data)
    query = select(RUNS.c.uuid, ARTIFACTS.c.name, size).join(RUNS).where(ARTIFACTS.c.media_type == PNG)
    if len(ids) == 1:
        query = query.where(RUNS.c.uuid == ids[0])
    found: dict[str, list[tuple[str, int]]] = {}
    with store.reading() as connection:
        for uuid, name, length in connection.execute(query.order_by(ARTIFACTS.c.name)):
            found.setdefault(uuid, []).append((name, int(length)))
    made: dict[str, Hung] = {}
    for run in ids:
        for name, length in found.get(run, ()):
            room -= _hang(store, run, name, length, room, each, made.setdefault(run, Hung()))
    return made


def _hang(store: Store, run: str, name: str, length: int, room: int, each: int, on: Hung) -> int:
    """Add one, or why it is not there; the bytes that it takes."""
    least = min(length, each // 3)  # so small it may become
    if length > LARGEST or 4 * least // 3 > room:
        on.less = True
        on.left.append(f"{name} ({_size(length)}) is left out to keep the page small")
        return 0
    with store.reading() as connection:
        query = select(ARTIFACTS.c.data).join(RUNS).where(RUNS.c.uuid == run, ARTIFACTS.c.name == name)
        data = connection.execute(query).scalar_one_or_none()
    small = None if data is None else shrunk(bytes(data), min(each, 3 * room // 4))
    if small is None:
        on.left.append(f"{name} ({_size(length)}) is no picture that can be shown")
        return 0
    if not small.data:
        on.less = True
        on.left.append(f"{name} ({_size(length)}) is left out to keep the page small")
        return 0
    on.less |= bool(small.note)
    title, words = KNOWN.get(name, (name.removesuffix(".png"), ""))
    said = small.texts.get("Description", "") or words
    text = base64.b64encode(small.data).decode()
    on.pictures.append([small.texts.get("Title", "") or title, said, name, text, small.wide, small.tall, small.note])
    return len(text) + len(said) + 200


@dataclass(frozen=True)
class Small:
    """A picture within a size; `data` is empty where none fits, `note` says what was done to it."""

    data: bytes
    wide: int
    tall: int
    texts: dict[str, str]
    note: str


@lru_cache(maxsize=16)
def shrunk(data: bytes, most: int) -> Small | None:
    """A PNG in at most so many bytes: as it is, else in fewer colours, else narrower too; None if it cannot be read."""
    from PIL import Image

    if len(data) < 24 or not data.startswith(SIGNATURE):
        return None
    wide, tall = struct.unpack(">II", data[16:24])
    if wide * tall > PIXELS:
        return Small(b"", wide, tall, {}, "")
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            texts = {str(key): value[:WORDS] for key, value in image.info.items() if isinstance(value, str)}
            image.load()
            plain = Image.new("RGB", image.size, "white")  # clear parts would be as dark as the page
            seen = image.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    if len(data) <= most:
        return Small(data, wide, tall, texts, "")
    plain.paste(seen, mask=seen)
    # the better way takes a minute where every pixel has its own colour
    a_drawing = plain.getcolors(MANY) is not None
    way = Image.Quantize.MEDIANCUT if a_drawing else Image.Quantize.FASTOCTREE
    now = wide
    while now >= min(wide, NARROWEST):
        drawn = (
            plain if now == wide else plain.resize((now, max(1, round(tall * now / wide))), Image.Resampling.LANCZOS)
        )
        packed = io.BytesIO()
        drawn.quantize(COLOURS, way).save(packed, "PNG")
        if packed.tell() <= most:
            how = f"{COLOURS} colours" + (f" and {now:,} of {wide:,} pixels across" if now < wide else "")
            return Small(packed.getvalue(), wide, tall, texts, f"{how}; in the store it has {_size(len(data))}")
        now = int(now * min(0.9, 0.95 * (most / packed.tell()) ** 0.5))
    return Small(b"", wide, tall, texts, "")


def _size(length: int) -> str:
    return f"{length / 1e6:.1f} MB" if length >= 1e6 else f"{-(-length // 1000)} kB"
