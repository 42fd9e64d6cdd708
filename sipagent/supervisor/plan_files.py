"""What the keeper of the plans does with files; blocking, for threads, but for ``unreadable``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from sipagent.dialplan.copies import UnsettledError
from sipagent.dialplan.documents import read_source
from sipagent.dialplan.findings import Finding
from sipagent.dialplan.plan_texts import read_plans
from sipagent.dialplan.reading import reading_copy
from sipagent.dialplan.replay import RecordedRoute, Rerouted, rerouted
from sipagent.errors import DialplanError


def sha_of(files: Iterable[Path]) -> str:
    """Return a hash of files that no copy holds."""
    digest = hashlib.sha256()
    for file in files:
        source = read_source(file)
        digest.update(f"{file}\0".encode() + (b"" if isinstance(source, Finding) else source))
    return digest.hexdigest()


def replayed(folder: Path, copy: Path, calls: Sequence[RecordedRoute]) -> list[Rerouted]:
    """Return which calls a copy of the plans would route differently.

    Raises:
        DialplanError: If a key of a plan is wrong.
    """
    with reading_copy(folder, copy):
        return list(rerouted(read_plans(folder), calls))


def unreadable(folder: Path, error: Exception) -> Finding:
    """Return why the folder could not be copied."""
    match error:
        case DialplanError(where=where):
            return Finding(Path(where), 0, "", str(error).removeprefix(f"{where}: "))
        case UnsettledError():
            return Finding(folder, 0, "", "is changed all the time; it is read when that ends")
        case _:
            return Finding(folder, 0, "", f"cannot be copied: {error}")
