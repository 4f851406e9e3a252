from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from spoton import evaluate
from spoton.errors import DataError
from spoton.tasks import _digits
from spoton.tasks._pnist import FAMILY


def some(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.RandomState(n)
    images = np.zeros((n, 28, 28), np.uint8)
    for image in images:
        x, y = rng.randint(4, 20, 2)
        image[y : y + 5, x : x + 4] = rng.randint(1, 256, (5, 4))
    return images, np.arange(n, dtype=np.uint8) % 10


def write_idx(path: Path, array: np.ndarray, *, zipped: bool) -> None:
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    opener = gzip.open if zipped else open
    with opener(path, "wb") as file:
        file.write(head + array.tobytes())


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    (X, y), (Xt, yt) = some(60), some(20)
    return {"X": X, "y": y, "Xt": Xt, "yt": yt}


def check(task_name: str, arrays: dict[str, np.ndarray]) -> None:
    stem, _, query = task_name.partition("?")
    task = FAMILY.build(stem, dict(part.split("=") for part in query.split("&")))
    data, test = task.data(), task.test()
    assert np.array_equal(data.X[:, 0] * 255, arrays["X"])  # type: ignore[call-overload]
    assert len(test) == 20  # type: ignore[arg-type]
    assert evaluate("oracle", task).metrics["test"]["hit"] == 1


@pytest.mark.parametrize("keys", [("X", "y", "Xt", "yt"), ("x_train", "y_train", "x_test", "y_test")])
def test_a_local_npz(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrays: dict[str, np.ndarray], keys: tuple[str, ...]
) -> None:
    np.savez(tmp_path / "mine.npz", **dict(zip(keys, arrays.values(), strict=True)))
    monkeypatch.setenv("SPOTON_DATA", str(tmp_path / "mine.npz"))
    check("pnist/topleft?data=mnist&digits=all", arrays)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("source", ["mnist", "fashion"])
def test_local_idx_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrays: dict[str, np.ndarray], zipped: bool, source: str
) -> None:
    folder = tmp_path if source == "mnist" else tmp_path / source
    folder.mkdir(exist_ok=True)
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    for name, array in zip(names, arrays.values(), strict=True):
        write_idx(folder / f"{name}-ubyte{'.gz' if zipped else ''}", array, zipped=zipped)
    monkeypatch.setenv("SPOTON_DATA", str(tmp_path))
    check(f"pnist/topleft?data={source}&digits=all", arrays)


def test_all_of_mnist_where_it_is_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(__file__).parents[3] / "shared" / "data" / "mnist.npz"
    if not path.exists():
        pytest.skip("all of MNIST is not on this disk")
    monkeypatch.setenv("SPOTON_DATA", str(path))
    train, test = _digits.full("mnist")
    assert (train.images.shape, test.images.shape) == ((60000, 28, 28), (10000, 28, 28))
    for part, whole in (("seed", train), ("train", train), ("test", test)):
        held = _digits.embedded(part)
        assert np.array_equal(whole.images[held.index], held.images)
        assert np.array_equal(whole.labels[held.index], held.labels)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: str(p / "nowhere.npz"), "which does not exist"),
        (lambda p: (p / "a.npz").write_bytes(b"no zip") and str(p / "a.npz"), "cannot be read as an npz"),
        (
            lambda p: (
                np.savez(p / "a.npz", X=np.zeros((2, 3, 3)), y=[1, 2], Xt=np.zeros((1, 3, 3)), yt=[1])
                or str(p / "a.npz")
            ),
            "of bytes",
        ),
        (
            lambda p: np.savez(p / "a.npz", X=some(3)[0], y=[1], Xt=some(1)[0], yt=[1]) or str(p / "a.npz"),
            "3 images and 1 labels",
        ),
        (lambda p: np.save(p / "a.npy", np.zeros(3)) or str(p / "a.npy"), "cannot be read as an npz"),
        (lambda p: (p / "a.npz").write_bytes(b"PK\x03\x04 cut") and str(p / "a.npz"), "cannot be read as an npz"),
        (lambda p: np.savez(p / "a.npz", Z=np.zeros(3)) or str(p / "a.npz"), "it holds Z"),
        (
            lambda p: (p / "train-images-idx3-ubyte").write_bytes(b"\0\0\x08") and str(p),
            "cannot be read as an IDX",
        ),
        (
            lambda p: write_idx(p / "train-images-idx3-ubyte", some(3)[0], zipped=False) or str(p),
            "holds no file train-labels",
        ),
        (
            lambda p: (p / "train-images-idx3-ubyte.gz").write_bytes(b"\x1f\x8b broken") and str(p),
            "cannot be read as an IDX",
        ),
    ],
)
def test_broken_local_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: object, words: str) -> None:
    monkeypatch.setenv("SPOTON_DATA", make(tmp_path))  # type: ignore[operator]
    with pytest.raises(DataError, match=words):
        _digits.full("mnist")


def test_offline_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision

    def offline(*_: object, **__: object) -> None:
        raise RuntimeError("Error downloading train-images-idx3-ubyte.gz")

    monkeypatch.setattr(torchvision.datasets, "KMNIST", offline)
    with pytest.raises(DataError, match=r"kmnist is not on this machine .* set SPOTON_DATA"):
        _digits.full("kmnist")
