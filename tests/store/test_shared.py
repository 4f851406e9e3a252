"""SQLite in network folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from spoton import bench
from spoton.errors import StoreError
from spoton.store import Store, refuse_shared_file

LINE = "{number} 1 0:{number} / {point} rw,relatime shared:1 - {kind} source rw\n"


def mounts(tmp_path: Path, kind: str) -> Path:
    """A table of mounts in which the folder of the test is of this kind."""
    table = tmp_path / "mountinfo"
    point = str(tmp_path).replace(" ", r"\040")
    rows = [("/", "ext4"), ("/proc", "proc"), (point, kind), (f"{point}/other", "nfs4")]
    table.write_text("".join(LINE.format(number=i, point=p, kind=k) for i, (p, k) in enumerate(rows)))
    return table


@pytest.mark.parametrize("folder", ["plain", "with space"])
def test_a_file_in_a_network_folder_is_refused_and_others_are_not(tmp_path: Path, folder: str) -> None:
    home = tmp_path / folder
    home.mkdir()
    with Store.open(home / "s.db") as store, Store.open("sqlite://") as in_memory:
        refuse_shared_file(store, mounts(home, "ext4"))
        refuse_shared_file(in_memory, mounts(home, "nfs"))
        refuse_shared_file(store, tmp_path / "none")
        with pytest.raises(StoreError, match=r"in a network folder \(nfs4\).*would ruin it; for a bench on several"):
            refuse_shared_file(store, mounts(home, "nfs4"))


def test_a_bench_on_a_cluster_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    monkeypatch.setattr("spoton.store._shared._kind", lambda *_: "cifs")
    with pytest.raises(StoreError, match="cifs"):
        bench("friedman2", "mean", engine="dask", address="tcp://127.0.0.1:9", store=tmp_path / "s.db")
    assert len(bench("friedman2", "mean", seeds=1, store=tmp_path / "s.db")) == 1
