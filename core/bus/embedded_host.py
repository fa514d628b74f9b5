"""What the embedded log refuses to live on: a remote disk, or a SQLite that may corrupt it."""

import os
from pathlib import Path

from core.errors import ConfigError

MOUNTS = Path("/proc/self/mounts")

# Their locks or their shared memory do not hold between processes and machines.
_REMOTE = frozenset({
    "9p", "afs", "afpfs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "gfs", "glusterfs",
    "gpfs", "lustre", "ncpfs", "nfs", "nfs3", "nfs4", "ocfs2", "orangefs", "pvfs2", "smb2", "smb3",
    "smbfs", "vboxsf", "vmhgfs",
})  # fmt: skip
# The WAL-reset corruption bug: 3.7.0 to 3.51.2, fixed earlier in these two branches.
_FIXED = (3, 51, 3)
_BACKPORTS = {(3, 44): (3, 44, 6), (3, 50): (3, 50, 7)}
# Withdrawn by its authors.
_WITHDRAWN = {(3, 52, 0)}


def affected(version: str) -> bool:
    """Say whether this SQLite may corrupt a log in WAL mode."""
    number = tuple(int(part) for part in version.split(".")[:3])
    if number in _WITHDRAWN:
        return True
    return number < _BACKPORTS.get((number[0], number[1]), _FIXED)


def filesystem(path: Path, mounts: str) -> str:
    """Name the type of the file system that holds a path, by a table such as /proc/mounts."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        # The table writes spaces and such in octal; the mount that comes last hides the others.
        point = Path(fields[1].encode().decode("unicode_escape"))
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), fields[2]
    return kind


def is_remote(kind: str) -> bool:
    """Say whether a file system is no disk of this machine (fuseblk is: it is NTFS and exFAT)."""
    return kind in _REMOTE or kind == "fuse" or kind.startswith("fuse.")


def refuse_host(folder: Path, version: str, mounts: Path = MOUNTS) -> None:
    """Raise ConfigError where the log would not be safe."""
    if affected(version):
        raise ConfigError(
            f"SQLite {version} dapat merusak log. Pasang ulang apsw (3.54 atau lebih baru)."
        )
    kind = filesystem(folder.resolve(), mounts.read_text()) if mounts.exists() else ""
    if is_remote(kind):
        raise ConfigError(
            f"Folder data berada di sistem berkas jaringan ({kind}); log tidak aman di sana. "
            "Pakai cakram lokal dengan --data."
        )


def free_bytes(folder: Path) -> int:
    """Return the bytes that may still be written on the disk of a folder."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
