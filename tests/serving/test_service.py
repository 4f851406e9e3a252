"""The service gives the model's own answers, whatever form a request has; all else is a status with a sentence."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import re
import struct
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asgi import Answer, Client, ask, run
from PIL import Image

from spoton import fit_model, get_task
from spoton.data import Array
from spoton.models import Model
from spoton.serving import Limits, make_app
from spoton.serving._bodies import parse_form
from spoton.serving._limits import Refusal
from spoton.tasks import Task

JSON, FORM = "application/json", "multipart/form-data; boundary=b"


@pytest.fixture(scope="module")
def model() -> Model:
    """Takes grey images of 28 x 28 px."""
    return fit_model("pnist/topleft", "linear@pts", train_size=60)


@pytest.fixture(scope="module")
def table() -> Model:
    """Takes rows of 5 columns."""
    return fit_model("friedman1", "linear", train_size=60)


@pytest.fixture(scope="module")
def free() -> Model:
    """Takes grey images of any size."""
    return fit_model("pnist/topleft", "spotnet", train_size=60, epochs=1)


@pytest.fixture(scope="module")
def digits() -> Array:
    """uint8 (n, 28, 28)."""
    X = np.asarray(get_task("pnist/topleft").data().X)[:5, 0]
    return np.rint(255 * X).astype(np.uint8)


Open = Callable[..., Client]


@pytest.fixture(scope="module")
def opened() -> Iterator[Open]:
    """Clients of services, closed at the end."""
    made: list[Client] = []

    def make(model: Model, **limits: Any) -> Client:
        made.append(Client(make_app(model, Limits(workers=2, **limits), hosts=("127.0.0.1", "localhost", "[::1]"))))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def client(model: Model, opened: Open) -> Client:
    return opened(model)


@pytest.fixture(scope="module")
def rows(table: Model, opened: Open) -> Client:
    return opened(table)


def png(image: Array, mode: str | None = None, kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    picture = Image.fromarray(image)
    (picture if mode is None else picture.convert(mode)).save(stream, kind, **options)
    return stream.getvalue()


def form(*files: tuple[str, bytes], labels: str | None = None) -> tuple[bytes, str]:
    lines = [
        f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + data + b"\r\n"
        for name, data in files
    ]
    if labels is not None:
        lines.append(f'--b\r\nContent-Disposition: form-data; name="labels"\r\n\r\n{labels}\r\n'.encode())
    return b"".join(lines) + b"--b--\r\n", FORM


# -- answers -------------------------------------------------------------------------------------------------


def test_all_forms_have_the_models_own_answers(client: Client, model: Model, digits: Array) -> None:
    wanted = model.predict(digits).tolist()
    files = [png(image) for image in digits]
    coded = [base64.b64encode(file).decode() for file in files]
    for name, found in {
        "form": client.post(*form(*((f"{i}.png", file) for i, file in enumerate(files)))),
        "base64": client.json({"images": coded}),
        "data URL": client.json({"images": [f"data:image/png;base64,{text}" for text in coded]}),
        "bytes in lists": client.json({"images": digits.tolist(), "white": 255}),
        "channels in lists": client.json({"images": digits[:, None].tolist(), "white": 255}),
    }.items():
        assert found.status == 200, (name, found.body)
        assert found.json["answers"] == wanted, name
        assert found.json["columns"] == ["topleft_x", "topleft_y"]
        assert found.json["unit"] == "px"
        assert found.json["points"] == [[row] for row in wanted]
    for kind in ("image/png", "application/octet-stream", "application/x-www-form-urlencoded", None):
        # one alone is added up in another order than one of five
        assert client.post(files[0], kind).json["answers"] == model.predict(digits[:1]).tolist()
    ones = client.json({"images": (digits / 255).tolist()}).json["answers"]
    assert np.allclose(ones, wanted, atol=1e-4)


def test_files_are_named_in_their_order(client: Client, digits: Array) -> None:
    found = client.post(*form(("b.png", png(digits[0])), ("../a b.png", png(digits[1]))))
    assert found.json["files"] == ["b.png", "../a b.png"]  # words alone: no file of that name is touched


def test_rows_as_lists_and_as_objects(rows: Client, table: Model) -> None:
    X = get_task("friedman1").data().X.iloc[:4]
    wanted = table.predict(X).tolist()
    listed = rows.json({"rows": X.to_numpy().tolist()})
    assert listed.json == {"columns": ["y"], "unit": "", "answers": wanted}
    objects = [{**row, "more": "text"} for row in X[X.columns[::-1]].to_dict("records")]
    assert rows.json({"rows": objects}).json == listed.json
    assert rows.post(json.dumps({"rows": [[1, 2, 3, 4, 5]]}).encode(), "application/geo+json").status == 200


@pytest.mark.parametrize(
    ("mode", "kind", "options"),
    [
        ("L", "PNG", {}),
        ("RGB", "PNG", {}),
        ("P", "PNG", {}),
        ("LA", "PNG", {}),
        ("1", "PNG", {}),
        ("I;16", "PNG", {}),
        ("L", "BMP", {}),
        ("L", "GIF", {}),
        ("L", "TIFF", {}),
        ("L", "PPM", {}),
        ("L", "JPEG", {"quality": 95}),
    ],
)
def test_files_are_read_as_the_fit_read_them(
    mode: str, kind: str, options: Any, client: Client, model: Model, digits: Array, tmp_path: Path
) -> None:
    image = digits[0].astype(np.uint16) * 257 if mode == "I;16" else digits[0]
    data = png(image, None if mode == "I;16" else mode, kind, **options)
    for name in ("a", "b"):
        (tmp_path / f"{name}.{kind}").write_bytes(data)
    (tmp_path / "points.csv").write_text(f"file,p_x,p_y\na.{kind},1,2\nb.{kind},2,3\n")
    wanted = model.predict(Task.from_folder(tmp_path, tmp_path / "points.csv").data().X[:1, :1])
    assert client.post(data).json["answers"] == wanted.tolist()


def test_images_of_several_sizes(opened: Open, free: Model, digits: Array) -> None:
    large = np.pad(digits[1], ((7, 0), (0, 12)))
    client = opened(free)
    wanted = [free.predict(image[None])[0].tolist() for image in (digits[0], large)]
    assert client.post(*form(("a", png(digits[0])), ("b", png(large)))).json["answers"] == wanted
    assert client.json({"images": [digits[0].tolist(), large.tolist()], "white": 255}).json["answers"] == wanted


def test_a_model_that_is_told_labels(opened: Open, digits: Array) -> None:
    told = fit_model("pnist/topleft", "linear@pts+bylabel", train_size=100)
    client = opened(told)
    wanted = told.predict(digits[:2], np.array([3, 7])).tolist()
    coded = [base64.b64encode(png(image)).decode() for image in digits[:2]]
    assert client.json({"images": coded, "labels": [3, 7]}).json["answers"] == wanted
    assert client.post(*form(("a", png(digits[0])), ("b", png(digits[1])), labels="[3, 7]")).json["answers"] == wanted
    for found in (
        client.json({"images": coded}),
        client.json({"images": coded, "labels": [3]}),
        client.json({"images": coded, "labels": [3, 7.0]}),
        client.post(png(digits[0]), "image/png"),
    ):
        assert (found.status, "this model is told the class of each row" in found.error) == (422, True)
    assert "no training row had the label 5" in client.json({"images": coded, "labels": [5, 3]}).error
    assert "labels have to be a list in JSON" in client.post(*form(("a", png(digits[0])), labels="[3")).error


# -- refusals ------------------------------------------------------------------------------------------------

GOOD = [[0.0] * 28] * 28
HUGE = "9" * 400


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        (b"", None, 422, "the body is empty; send an image file"),
        (b"GIF89a", "image/gif", 415, "no image file that is known here; send PNG or JPEG"),
        (b"{", JSON, 400, "the body is no JSON"),
        (b"\xff\xfe", JSON, 400, "the body is no JSON"),
        (b"[" * 100_000, JSON, 400, "lists within lists"),
        (b'{"images": ' + HUGE.encode() * 20 + b"}", JSON, 400, "the body is no JSON"),
        ([1, 2], JSON, 422, 'an object with "images"'),
        ({}, JSON, 422, 'an object with "images"'),
        ({"images": []}, JSON, 422, "a list of one or more images"),
        ({"images": {"a": 1}}, JSON, 422, "a list of one or more images"),
        ({"images": [GOOD], "with": 1}, JSON, 422, "a key 'with' that is not known; known: images, labels, white"),
        ({"images": [GOOD], "labels": [1]}, JSON, 422, "told no labels; leave them out"),
        ({"images": [GOOD], "white": 0}, JSON, 422, '"white" is the number'),
        ({"images": [GOOD], "white": True}, JSON, 422, '"white" is the number'),
        ({"images": [3]}, JSON, 422, "image 0 .* is a int; send lists"),
        ({"images": [[[1, 2], [3]]]}, JSON, 422, "image 0 .* rows of unequal lengths"),
        ({"images": [[["0", 1]]]}, JSON, 422, "image 0 .* something that is no number"),
        ({"images": [[[None, 1]]]}, JSON, 422, "image 0 .* something that is no number"),
        ({"images": [[[True, 1]]]}, JSON, 422, "image 0 .* something that is no number"),
        ({"images": [[1, 2]]}, JSON, 422, r"image 0 .* has the shape \(2,\); send rows of pixels"),
        ({"images": [[[]]]}, JSON, 422, r"image 0 .* has the shape \(1, 1, 0\)"),
        (b'{"images": [[[' + HUGE.encode() + b"]]]}", JSON, 422, "too large for float64"),
        ({"images": [[[0, 1], [2, 0]]]}, JSON, 422, 'pixels outside of 0 to 1; say with "white"'),
        (b'{"images": [[[NaN]]]}', JSON, 422, "pixels outside of 0 to 1"),
        (b'{"images": [[[NaN]]], "white": null}', JSON, 422, "images of 28 x 28 px .* these are of 1 x 1 px"),
        ({"images": [[[0.5] * 28] * 27]}, JSON, 422, "takes images of 28 x 28 px .* these are of 28 x 27 px"),
        ({"images": [[[[0.5] * 28] * 28] * 3][0:1]}, JSON, 422, "grey, these are of 28 x 28 px, colour"),
        ({"images": ["$$"]}, JSON, 422, "image 0 .* is a text and no base64"),
        ({"images": ["Ä"]}, JSON, 422, "image 0 .* is a text and no base64"),
        ({"images": ["aGVsbG8="]}, JSON, 415, "image 0 .* is no image file"),
        (b"x", "text/plain", 415, "'text/plain' is not taken; send an image file as image/png"),
        (b"x", "multipart/form-data", 400, "No boundary given"),
        (b"x", FORM, 400, "the body is no multipart/form-data"),
        (b"--b--\r\n", FORM, 422, "the form has no file"),
        (form(("a", b""))[0], FORM, 422, "'a' is empty; send an image file"),
        (form(("a", b"x"))[0][:-9], FORM, 400, "ends in the middle"),
        (
            form(("a", b"x"), labels="[1]")[0].replace(b"labels", b"other"),
            FORM,
            422,
            "a field 'other' that is not known",
        ),
    ],
)
def test_bad_requests_are_a_sentence(body: Any, kind: str | None, status: int, words: str, client: Client) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = client.post(raw, kind)
    assert re.search(words, found.error), found.error
    assert found.status == status


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"rows": [[1, 2, 3, 4]]}, "row 0 .* is 4 values, and the model takes 5 columns"),
        ({"rows": [[1, 2, 3, 4, 5], 7]}, "row 1 .* is a int, and the model takes 5 columns"),
        ({"rows": [[1, 2, 3, 4, "5"]]}, "row 0, column .*: '5' is no number"),
        ({"rows": [[1, 2, 3, 4, None]]}, "row 0, column .*: 'None' is no number"),
        ({"rows": [{"a": 1}]}, "row 0 .* has no 'x0'; send all columns"),
        ({"rows": [[1, 2, 3, 4, float("nan")]]}, "a finite number is expected, not nan"),
        ({"rows": [[1, 2, 3, 4, int(HUGE)]]}, "too large for float64"),
    ],
)
def test_bad_rows_are_a_sentence(body: Any, words: str, rows: Client) -> None:
    found = rows.json(body)
    assert (found.status, bool(re.search(words, found.error))) == (422, True), found.error


def test_tables_take_json_alone(rows: Client) -> None:
    found = rows.post(b"1,2,3,4,5", "text/csv")
    assert (found.status, found.error) == (
        415,
        'this model takes tables: send {"rows": [...]} with the Content-Type application/json',
    )


def test_images_of_another_form(client: Client, digits: Array) -> None:
    found = client.post(png(digits[0][:20]))
    assert (found.status, found.error.partition(", and")[0]) == (422, "the body is 28 x 20 px")
    colour = np.stack([digits[0], digits[0], digits[1]], axis=-1)
    assert "is in colour, and the model was fitted on grey images" in client.post(png(colour)).error
    damaged = png(digits[0])[:-40]
    assert "is damaged; save it again" in client.post(damaged).error


# -- limits --------------------------------------------------------------------------------------------------


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is as large as that."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # the server's own process ignores it too
def test_images_that_unpack_to_too_much(opened: Open, free: Model, digits: Array) -> None:
    client = opened(free, pixels=10_000)
    for size in ((101, 100), (9_000, 10_000), (60_000, 60_000)):
        found = client.post(bomb(*size))
        assert found.status in (413, 422), size
        assert re.search("at most 10,000 are taken|damaged", found.error)
    found = client.post(*form(*(("a", png(digits[0])) for _ in range(13))))
    assert (found.status, "more than 10,000 pixels together" in found.error) == (413, True)


def test_requests_that_are_too_large(opened: Open, model: Model, digits: Array) -> None:
    client = opened(model, bytes=5000, rows=3)
    found = client.post(b"x" * 5001)
    assert (found.status, found.error) == (413, "the body has more than 5,000 bytes; send less at once")
    assert found.headers["connection"] == "close"
    # without a Content-Length too
    endless = ask(client.app, "POST", "/predict", [b"x" * 1000] * 1000, {})
    assert client.run(endless).status == 413
    found = client.post(*form(*(("a", png(digits[0])) for _ in range(4))))
    assert (found.status, found.error) == (
        413,
        "these are 4 inputs, and at most 3 are taken at once; send them in parts",
    )


class Slow:
    """A learner that answers when it may."""

    def __init__(self) -> None:
        self.may, self.began = threading.Event(), threading.Event()

    def predict(self, X: Any) -> Array:
        self.began.set()
        assert self.may.wait(20)
        return np.zeros((len(X), 2))


def test_slow_work_holds_nobody_up_and_is_given_up(model: Model, digits: Array) -> None:
    slow = Slow()
    app = make_app(replace(model, estimator=slow), Limits(workers=1, waiting=1, seconds=0.3))  # type: ignore[arg-type]
    body = png(digits[0])

    async def predict() -> Answer:
        return await ask(app, "POST", "/predict", [body], {})

    async def all_at_once() -> tuple[Answer, ...]:
        first = asyncio.create_task(predict())
        await asyncio.to_thread(slow.began.wait, 10)
        health = await ask(app, "GET", "/health", [], {})  # while the only worker is busy
        second = asyncio.create_task(predict())
        await asyncio.sleep(0.05)
        third = await predict()  # one is worked on, one waits
        late = await first, await second
        full = await predict()  # the first is still worked on, and keeps its room
        slow.may.set()
        for _ in range(100):
            await asyncio.sleep(0.02)
            if (await ask(app, "GET", "/health", [], {})).json["requests"] == 0:
                break
        return health, third, *late, full, await predict()

    health, third, first, second, full, last = run(all_at_once())
    assert health.json == {"status": "ok", "requests": 1}
    assert (third.status, third.error) == (503, "2 requests are here already; try again in a second")
    assert third.headers["retry-after"] == "1"
    for late in (first, second):
        assert (late.status, "no answer was found within 0.3 seconds" in late.error) == (503, True)
    assert full.status == 503
    assert (last.status, last.json["answers"]) == (200, [[0.0, 0.0]])


def test_many_at_once_have_their_own_answers(free: Model, digits: Array) -> None:
    """Of a net, in several threads."""
    app = make_app(free, Limits(workers=4))
    wanted = [free.predict(image[None])[0].tolist() for image in digits]

    async def all_at_once() -> list[Answer]:
        return await asyncio.gather(*(ask(app, "POST", "/predict", [png(digits[i % 5])], {}) for i in range(60)))

    found = run(all_at_once())
    assert [one.json["answers"][0] for one in found] == [wanted[i % 5] for i in range(60)]


def test_requests_that_do_not_arrive(model: Model) -> None:
    app = make_app(model, Limits(seconds=0.1))

    async def drops() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.03)

    found = run(ask(app, "POST", "/predict", drops(), {}))
    assert (found.status, found.error) == (408, "the request did not arrive within 0.1 seconds; send it at once")


def test_all_bodies_together_have_an_end(opened: Open, model: Model) -> None:
    client = opened(model, held=3000)
    found = client.post(b"x" * 3001)
    assert (found.status, "fill the memory" in found.error) == (503, True)
    assert client.post(b"x" * 2999).status == 415
    assert client.get("/health").json["requests"] == 0


# -- around it -----------------------------------------------------------------------------------------------


def test_health_and_card_tell_nothing_of_the_machine(client: Client, model: Model) -> None:
    assert client.get("/health").json == {"status": "ok", "requests": 0}
    told = client.get("/model").json
    assert told["answers"] == model.card.answers
    assert told["metrics"]["valid"]["hit"] == model.card.metrics["valid"]["hit"]
    assert not {"provenance", "predictions"} & set(told)


def test_other_addresses_and_methods(client: Client) -> None:
    found = client.get("/../../etc/passwd")
    assert (found.status, found.error.partition(";")[0]) == (404, "there is nothing here")
    for method, path in (("GET", "/predict"), ("PUT", "/predict"), ("POST", "/health"), ("DELETE", "/")):
        found = client.ask(method, path, b"", {})
        assert (found.status, "that method is not for this address" in found.error) == (405, True)


def test_every_answer_has_its_headers(client: Client) -> None:
    for path in ("/", "/docs", "/health", "/model", "/openapi.json", "/nothing"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"


def test_other_names_do_not_lead_here(client: Client) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example:8676", "localhost@evil.example", ""):
        found = client.get("/model", host=host)
        assert (found.status, "answers to the names 127.0.0.1" in found.error) == (421, True)
    for host in ("localhost:8676", "127.0.0.1", "[::1]:8676", "LOCALHOST"):
        assert client.get("/health", host=host).status == 200


def test_the_page_asks_no_other_server(client: Client, rows: Client) -> None:
    for one in (client, rows):
        found = one.get("/")
        text, rules = found.body.decode(), found.headers["content-security-policy"]
        assert rules.startswith("default-src 'none'")
        for tag, rule in (("style", "style-src"), ("script", "script-src")):
            inside = re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
            assert inside is not None
            digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
            assert f"{rule} 'sha256-{digest}'" in rules
        assert not re.findall(r"https?://", text)
        schema = one.get("/openapi.json").json
        assert schema["openapi"].startswith("3.")
        for path, methods in schema["paths"].items():
            for method in methods:
                assert f"{method.upper()} {path}" in text
        assert one.get("/docs").body == found.body


def test_the_schema_tells_the_forms_and_the_answers(client: Client, rows: Client) -> None:
    predict = client.get("/openapi.json").json["paths"]["/predict"]["post"]
    assert set(predict["requestBody"]["content"]) == {"image/*", "multipart/form-data", JSON}
    assert set(predict["responses"]) == {"200", "400", "408", "413", "415", "422", "503"}
    example = predict["requestBody"]["content"][JSON]["example"]
    assert client.json(example).status == 422  # an image of one pixel: it is read, and not of the model's size
    predict = rows.get("/openapi.json").json["paths"]["/predict"]["post"]
    assert set(predict["requestBody"]["content"]) == {JSON}


def test_a_mistake_of_ours_is_a_sentence_too(
    opened: Open, model: Model, digits: Array, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def predict(self, X: Any) -> Array:
            raise ZeroDivisionError("secret")

    client = opened(replace(model, estimator=Broken()))  # type: ignore[arg-type]
    found = client.post(png(digits[0]))
    assert (found.status, found.error) == (500, "something broke here, and the log of the service says what")
    assert "a request broke the service" in caplog.text
    assert client.get("/health").json["requests"] == 0


def test_forms_are_read_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a file was made")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    body, kind = form(("../../x", b"1" * 3_000_000))
    files, fields = parse_form(body, kind)
    assert (files[0][0], len(files[0][1]), fields) == ("../../x", 3_000_000, {})
    with pytest.raises(Refusal, match="no multipart"):
        parse_form(b"--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--\r\n", kind)


def test_the_name_of_a_file_cannot_break_the_sentence(client: Client) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a\n\x1b[2Jb"\r\n\r\nx\r\n--b--\r\n'
    assert client.post(body, FORM).error.isprintable()
