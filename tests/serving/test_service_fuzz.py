"""What strangers may send: no request of 20,000 breaks the service, and each that is refused has a sentence."""

from __future__ import annotations

import base64
import io
import json
import random
import sys
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pytest
from asgi import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from spoton import fit_model
from spoton.models import Model
from spoton.serving import Limits, make_app

pytestmark = pytest.mark.slow

ROUNDS = 40  # requests an example that are mutations of one whose parts hypothesis chose
EXAMPLES = 260  # of each of two tests
FORM = "multipart/form-data; boundary=b"
KINDS = ("application/json", FORM, "multipart/form-data", "image/png", "application/octet-stream", "text/plain", "")
FINE = {200, 400, 408, 413, 415, 422}


@pytest.fixture(scope="module")
def images() -> Iterator[Client]:
    yield from _client(fit_model("pnist/topleft", "linear@pts", train_size=60))


@pytest.fixture(scope="module")
def rows() -> Iterator[Client]:
    yield from _client(fit_model("friedman1", "linear", train_size=60))


def _client(model: Model) -> Iterator[Client]:
    made = Client(make_app(model, Limits(workers=1, bytes=100_000, pixels=100_000, rows=50)))
    yield made
    made.close()


class Watch:
    """What requests do to files, processes and the network; Python tells it of each."""

    on = False
    seen: ClassVar[list[str]] = []
    ours = ("open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "subprocess.Popen", "os.system", "socket.connect")

    @classmethod
    def hook(cls, event: str, given: Any) -> None:
        # modules that are imported late are read, and files that are open already have numbers
        if cls.on and event in cls.ours and not str(given[0]).endswith((".py", ".pyc", ".so")) and str(given[0]) > "9":
            cls.seen.append(f"{event} {given[0]}")


@pytest.fixture(scope="module", autouse=True)
def watch() -> None:
    sys.addaudithook(Watch.hook)  # there is no way to take it back: it does nothing when it is off


def pictures() -> list[bytes]:
    """Images of the model's size and of others, in several formats."""
    made = []
    words = "PNG L, PNG P, PNG RGBA, PNG I;16, JPEG L, GIF P, BMP L, TIFF L, WEBP RGB, PPM L"
    for kind, mode, size in (*((*word.split(), 28) for word in words.split(", ")), ("PNG", "L", 31)):
        grey = np.random.RandomState(size).randint(0, 256, (size, size)).astype(np.uint8)
        picture = (
            Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(grey).convert(mode)
        )
        stream = io.BytesIO()
        picture.save(stream, kind)
        made.append(stream.getvalue())
    return made


PICTURES = pictures()


def form(parts: list[tuple[str, str | None, bytes]]) -> bytes:
    lines = b""
    for name, file, data in parts:
        named = "" if file is None else f'; filename="{file}"'
        lines += f'--b\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + data + b"\r\n"
    return lines + b"--b--\r\n"


def mutated(body: bytes, chance: random.Random) -> bytes:
    """The body with some bytes changed, left out, doubled or cut off."""
    held = bytearray(body)
    for _ in range(chance.choice((0, 1, 1, 2, 5, 20))):
        if not held:
            break
        at = chance.randrange(len(held))
        match chance.randrange(6):
            case 0:
                held[at] = chance.randrange(256)
            case 1:
                held[at] ^= 1 << chance.randrange(8)
            case 2:
                del held[at : at + chance.choice((1, 4, 100))]
            case 3:
                held[at:at] = held[at : at + chance.choice((1, 8, 200))]
            case 4:
                held[at : at + 4] = chance.choice(
                    (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"[[[[", b"1e99")
                )
            case _:
                del held[at:]
    return bytes(held)


def check(client: Client, body: bytes, kind: str, columns: int) -> int:
    Watch.on = True
    found = client.post(body, kind)
    Watch.on = False
    assert not Watch.seen
    assert found.status in FINE, (found.status, found.body[:200], kind, body[:200])
    if found.status != 200:
        assert 10 < len(found.error) < 600
    else:
        answers = found.json["answers"]
        assert answers
        assert all(len(row) == columns and np.isfinite(row).all() for row in answers)
    return found.status


names = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["../../etc/passwd", "/tmp/x", "C:\\x", ""]
)
numbers = st.floats() | st.integers(-(10**400), 10**400) | st.integers(0, 255)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=10)
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(names, inner, max_size=4))
coded = st.sampled_from(PICTURES).map(lambda data: base64.b64encode(data).decode())
square = st.floats(0, 1, width=16).map(lambda value: [[value] * 28] * 28)
one = coded | coded.map(lambda text: f"data:;base64,{text}") | square | anything
objects = st.fixed_dictionaries(
    {"images": st.lists(one, max_size=4) | anything}, optional={"white": scalars, "labels": anything, "more": scalars}
)
parts = st.lists(
    st.tuples(
        st.sampled_from(["file", "labels", "x"]), st.none() | names, st.sampled_from(PICTURES) | st.binary(max_size=50)
    ),
    max_size=4,
)
bodies = (
    objects.map(lambda value: (json.dumps(value).encode("utf-8", "replace"), "application/json"))
    | parts.map(lambda value: (form(value), FORM))
    | st.sampled_from(PICTURES).map(lambda data: (data, "image/png"))
    | st.tuples(
        st.binary(max_size=200), st.sampled_from(KINDS) | st.text(st.characters(max_codepoint=255), max_size=30)
    )
)
row = st.lists(numbers, min_size=5, max_size=5) | st.lists(scalars, max_size=7)
records = st.dictionaries(st.sampled_from(["x0", "x1", "x2", "x3", "x4", "more"]), scalars)
tables = st.fixed_dictionaries({"rows": st.lists(row | records, max_size=4) | anything}, optional={"labels": anything})
RULES = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.filterwarnings("ignore")  # Pillow warns of what it meets; the server's process ignores that
@RULES
@given(made=bodies, seed=st.integers(0, 2**32))
def test_images_forms_and_json(made: tuple[bytes, str], seed: int, images: Client) -> None:
    (body, kind), chance = made, random.Random(seed)
    check(images, body, kind, 2)
    for _ in range(ROUNDS):
        check(images, mutated(body, chance), kind if chance.random() < 0.9 else chance.choice(KINDS), 2)


@pytest.mark.filterwarnings("ignore")
@RULES
@given(made=tables, seed=st.integers(0, 2**32))
def test_tables(made: Any, seed: int, rows: Client) -> None:
    body, chance = json.dumps(made).encode("utf-8", "replace"), random.Random(seed)
    check(rows, body, "application/json", 1)
    for _ in range(ROUNDS):
        check(rows, mutated(body, chance), "application/json" if chance.random() < 0.95 else chance.choice(KINDS), 1)
