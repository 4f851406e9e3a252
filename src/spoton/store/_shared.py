"""SQLite and folders that several machines share: the one case in which its locks do not hold."""

from __future__ import annotations

from pathlib import Path

from spoton.errors import StoreError
from spoton.store._store import Store

NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "lustre", "gpfs", "beegfs", "ceph", "glusterfs", "afs")
MOUNTS = Path("/proc/self/mountinfo")


def refuse_shared_file(store: Store, mounts: Path = MOUNTS) -> None:
    """Refuse a file of SQLite in a network folder, for a bench on several machines.

    The bench itself writes from one process, wherever its cells run. But a file that all machines see invites a second
    bench on another of them, and WAL keeps its locks in memory that only one machine has: the file would be ruined.

    Args:
        store: where runs go.
        mounts: the table of mounts, for tests; where there is none, as on macOS and Windows, nothing is refused.

    Raises:
        StoreError: it is such a file.
    """
    url = store.engine.url
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return
    kind = _kind(Path(url.database).absolute(), mounts)
    if kind in NETWORK:
        raise StoreError(
            f"the store {store.name} is a file of SQLite in a network folder ({kind}), and two machines that write to "
            "it would ruin it; for a bench on several machines name a file on a local disk, or a server with "
            "--store postgresql://... or mariadb://..."
        )


def _kind(path: Path, mounts: Path) -> str:
    """The type of the file system that a path is on; empty where that is not known."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        # 36 35 98:0 /root /mount/point options - type source: spaces in paths are written as \040
        before, _, after = line.partition(" - ")
        words = before.split()
        if len(words) < 5 or not after:
            continue
        point = words[4].encode().decode("unicode_escape")
        if path.is_relative_to(point) and len(point) >= best:
            best, kind = len(point), after.split()[0]
    return kind
