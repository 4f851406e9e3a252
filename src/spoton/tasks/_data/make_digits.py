"""Makes digits.npz from MNIST: `python src/spoton/tasks/_data/make_digits.py path/to/mnist.npz`.

The file holds X uint8 (60000, 28, 28), y, Xt (10000, 28, 28), yt. Written with fixed time stamps, so that the same
input gives the same bytes.
"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import numpy as np

N_TRAIN, N_TEST, SEED = 6000, 2000, 2020


def main(source: str) -> None:
    """Choose the images and write them beside this file."""
    mnist = np.load(source)
    labels = mnist["y"]
    # in the order of 2020 (threes, then sevens, each by file name), so that the splits of 2020 can be drawn again
    chosen = [i for i in range(len(labels)) if labels[i] in (3, 7) and str(i)[0] in "789"]
    seed = np.array(sorted(chosen, key=lambda i: (labels[i], str(i))))
    # a plain random draw would leave classes uneven; 600 of each digit, in the order of MNIST
    rng = np.random.RandomState(SEED)
    train = np.sort(np.concatenate([rng.permutation(np.flatnonzero(labels == d))[: N_TRAIN // 10] for d in range(10)]))
    test = np.arange(N_TEST)
    arrays = {}
    for part, index, images, classes in (
        ("seed", seed, mnist["X"], labels),
        ("train", train, mnist["X"], labels),
        ("test", test, mnist["Xt"], mnist["yt"]),
    ):
        arrays[f"{part}_images"] = images[index]
        arrays[f"{part}_labels"] = classes[index].astype(np.uint8)
        arrays[f"{part}_index"] = index.astype(np.uint16)
    target = Path(__file__).with_name("digits.npz")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, array)
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy", (2020, 1, 1, 0, 0, 0)),
                buffer.getvalue(),
                zipfile.ZIP_DEFLATED,
                9,
            )
    print(f"{target}: {target.stat().st_size / 1e6:.2f} MB, {', '.join(f'{k} {v.shape}' for k, v in arrays.items())}")


if __name__ == "__main__":
    main(sys.argv[1])
