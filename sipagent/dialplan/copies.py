"""Copies of a folder of plans, each named by what is in it.

A copy holds the TOML, Python and WAV files of the folder and of the folders below. A folder that
changes while it is copied is copied again, so that no half of an edit gets in.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from sipagent.errors import DialplanError

from .reading import is_copied

MAX_FILES = 2_000
MAX_BYTES = 256 * 1024 * 1024
"""Of a folder: what has more is no folder of plans."""

SHA_CHARS = 12

Stamp: TypeAlias = tuple[int, int, int, int]
"""Of a file: when it was written, when anything of it was changed (its mode, too), size, inode."""
Listing: TypeAlias = Mapping[str, Stamp]
"""Stamps by name."""


class UnsettledError(Exception):
    """The folder changed while it was copied."""


def listing(folder: Path, others: Iterable[Path] = ()) -> Listing:
    """Return what there is to copy, and the stamps of files elsewhere. Never raises.

    Args:
        folder: Of the plans.
        others: Further files; those that are gone are left out.
    """
    found: dict[str, Stamp] = {}
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if _is_entered(place, name)]
        for name in (*names, *folders):  # a folder that is named like a plan is a mistake
            file = Path(place, name)
            if is_copied(file) and not name.startswith("."):
                _note(found, str(file.relative_to(folder)), file)
        if len(found) > MAX_FILES:
            break
    for file in others:
        _note(found, str(file.absolute()), file)
    return found


def copy_folder(folder: Path, copy: Path) -> str:
    """Copy ``folder`` to ``copy``, which must not exist; return the hash of the content.

    Raises:
        UnsettledError: If somebody changed the folder meanwhile.
        DialplanError: If there is too much in it, or it cannot be read.
        OSError: If the copy cannot be written.
    """
    if not folder.is_dir():
        text = "is not a folder" if folder.exists() else "there is no such folder"
        raise DialplanError(text, where=str(folder))
    before = listing(folder)
    size_bytes = sum(size for _, _, size, _ in before.values())
    if len(before) > MAX_FILES or size_bytes > MAX_BYTES:
        limit = f"{MAX_FILES} files or {MAX_BYTES // 1024 // 1024} MiB"
        raise DialplanError(f"has more than {limit} of plans, tools and sounds", where=str(folder))
    copy.mkdir(parents=True)
    digest = hashlib.sha256()
    for name in sorted(before):
        if not name.isprintable():  # bytes that are no UTF-8, or what drives a terminal
            where = f"{folder}/{ascii(name)[1:-1]}"
            raise DialplanError("has a name that is no plain text", where=where)
        try:
            content = _content(folder / name)
        except FileNotFoundError:
            if not (folder / name).is_symlink():
                raise UnsettledError(name) from None
            text = "is a link to a file that does not exist"
            raise DialplanError(text, where=str(folder / name)) from None
        except OSError as error:
            text = f"cannot be read: {error.strerror or error}"
            raise DialplanError(text, where=str(folder / name)) from None
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(content)
    if listing(folder) != before:
        raise UnsettledError(str(folder))
    return digest.hexdigest()[:SHA_CHARS]


def remove(copy: Path) -> None:
    """Remove a copy; harmless when it is gone."""
    shutil.rmtree(copy, ignore_errors=True)


def _is_entered(place: str, name: str) -> bool:
    """Tell whether a folder below ``place`` is looked into; a link back up has no end."""
    if name.startswith((".", "__pycache__")):
        return False
    return not Path(os.path.realpath(place)).is_relative_to(os.path.realpath(Path(place, name)))


def _content(file: Path) -> bytes:
    """Return what is in a file; a pipe or a device, which may have no end, is none.

    Raises:
        OSError: If it cannot be read.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "is no regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as opened:
            return opened.read(MAX_BYTES)
    finally:
        os.close(descriptor)


def _note(found: dict[str, Stamp], name: str, file: Path) -> None:
    try:
        status = file.stat()
    except OSError:
        if not file.is_symlink():
            return
        status = file.lstat()  # a link that leads nowhere; to be told, not to be passed over
    found[name] = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
