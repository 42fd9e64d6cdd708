"""The folder of the plans and its versions, off the loop."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from sipagent.dialplan.copies import UnsettledError
from sipagent.dialplan.documents import read_source
from sipagent.dialplan.findings import Finding
from sipagent.dialplan.plan_texts import read_plans
from sipagent.dialplan.reading import reading_copy
from sipagent.dialplan.replay import RecordedRoute, Rerouted, rerouted
from sipagent.dialplan.versions import Staged, Versions
from sipagent.errors import DialplanError

log = logging.getLogger(__name__)


class PlanFiles:
    """Copy, keep, ask.

    Args:
        folder: Of the plans.
        path: Where versions are kept.
    """

    def __init__(self, folder: Path, path: Path) -> None:
        self._folder = folder
        self.versions = Versions(folder, path)

    async def staged(self, files: Mapping[str, str] | None = None) -> Staged | Finding:
        """Return a copy of the folder, with ``files`` over it, or why there is none."""
        try:
            return await asyncio.to_thread(self.versions.stage, files or {})
        except (OSError, DialplanError, UnsettledError) as error:
            return unreadable(self._folder, error)

    async def drop(self, staged: Staged) -> None:
        """Forget a copy."""
        await asyncio.to_thread(self.versions.drop, staged)

    async def noted(self, note: Callable[[], None]) -> None:
        """Write something into the list of versions; a full disk does not keep plans from use."""
        try:
            await asyncio.to_thread(note)
        except OSError as error:
            log.error("! the versions of the plans cannot be noted: %s", error)

    async def replay(
        self, calls: Sequence[RecordedRoute], files: Mapping[str, str]
    ) -> list[Rerouted] | Finding:
        """Return which calls the folder would route differently, or why that cannot be told."""
        staged = await self.staged(files)
        if isinstance(staged, Finding):
            return staged
        try:
            return await asyncio.to_thread(_replayed, self._folder, staged.copy, calls)
        except DialplanError as error:
            return unreadable(self._folder, error)
        finally:
            await self.drop(staged)


def sha_of(files: Iterable[Path]) -> str:
    """Return a hash of files that no copy holds; blocking."""
    digest = hashlib.sha256()
    for file in files:
        source = read_source(file)
        digest.update(f"{file}\0".encode() + (b"" if isinstance(source, Finding) else source))
    return digest.hexdigest()


def _replayed(folder: Path, copy: Path, calls: Sequence[RecordedRoute]) -> list[Rerouted]:
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
