"""The versions of the plans that were in use: a folder with their copies, and a list.

| resource     | acquired   | released                     | on failure                        |
|--------------|------------|------------------------------|-----------------------------------|
| staged copy  | ``stage``  | ``admit`` or ``drop``        | removed at the next start         |
| copy         | ``admit``  | the 20 after it were in use  | the version cannot be rolled back |
| list         | ``note``   |                              | written anew, whole or not at all |

Blocking: for threads.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sipagent.errors import ConfigError

from .copies import UnsettledError, copy_folder, remove

KEPT = 20
"""Versions."""

LIST = "versions.json"
STAGED = "staged-"

SETTLE_S = 0.05
SETTLE_TRIES = 40


@dataclass(frozen=True, slots=True)
class PlanSource:
    """One version of the plans, and where it is read from."""

    version: int
    """Counts loads; 0 before the first."""
    sha: str
    """Of its content, shortened."""
    folder: Path
    """That operators edit; findings name its files."""
    copy: Path
    """That nobody edits."""


class PlanVersion(BaseModel):
    """What the list says of a version."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Annotated[int, Field(ge=1)]
    sha: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    loaded_at: float
    """Unix seconds."""
    plans: tuple[str, ...] = ()
    """Their names."""


class _Listed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    versions: tuple[PlanVersion, ...] = ()
    held: int = 0
    """The version that was rolled back to; 0: none."""
    held_against: str = ""
    """What is in the folder, and not in use."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A copy that nobody has checked."""

    sha: str
    copy: Path


class Versions:
    """The versions of one folder of plans.

    Args:
        folder: Of the plans.
        path: Where the versions are kept.
    """

    def __init__(self, folder: Path, path: Path) -> None:
        self._folder, self._path = folder, path
        self._listed = _Listed()

    def open(self) -> None:
        """Read the list; a broken one is forgotten.

        Raises:
            ConfigError: If nothing can be kept there.
        """
        where = "dialplans.versions_path"
        if self._path.resolve().is_relative_to(self._folder.resolve()):
            raise ConfigError(f"{self._path} must not be inside {self._folder}", where=where)
        try:
            self._path.mkdir(parents=True, exist_ok=True, mode=0o700)
            for left in self._path.glob(f"{STAGED}*"):
                remove(left)
            probe = self._path / f"{STAGED}{os.getpid()}"
            probe.mkdir()
            probe.rmdir()
        except OSError as error:
            why = error.strerror or str(error)
            raise ConfigError(f"{self._path} cannot be written: {why}", where=where) from None
        try:
            self._listed = _Listed.model_validate_json((self._path / LIST).read_bytes())
        except (OSError, ValidationError):
            self._listed = _Listed()

    @property
    def known(self) -> tuple[PlanVersion, ...]:
        """Return those that can be used again, oldest first."""
        return tuple(each for each in self._listed.versions if self._copy(each.sha).is_dir())

    @property
    def held(self) -> tuple[int, str]:
        """Return the version that was rolled back to, and the hash of what is not in use for it."""
        return self._listed.held, self._listed.held_against

    def next_version(self) -> int:
        """Return the number of the next version."""
        return max((each.version for each in self._listed.versions), default=0) + 1

    def source(self, version: int) -> PlanSource | None:
        """Return a version, None if it is not known any more."""
        found = next((each for each in self.known if each.version == version), None)
        if found is None:
            return None
        return PlanSource(version, found.sha, self._folder, self._copy(found.sha))

    def stage(self, files: Mapping[str, str]) -> Staged:
        """Copy what is in the folder, once it has settled.

        Args:
            files: Laid over it, by name.

        Raises:
            DialplanError: If it cannot be copied.
            UnsettledError: If it changes all the time.
            OSError: If the copy cannot be written.
        """
        for _ in range(SETTLE_TRIES):
            copy = self._path / f"{STAGED}{secrets.token_hex(4)}"
            try:
                staged = Staged(copy_folder(self._folder, copy), copy)
                for name, text in files.items():
                    (copy / name).write_text(text, encoding="utf-8")
                return staged
            except UnsettledError:
                remove(copy)
                time.sleep(SETTLE_S)
            except BaseException:
                remove(copy)
                raise
        raise UnsettledError(str(self._folder))

    def admit(self, staged: Staged, version: int) -> PlanSource:
        """Keep a copy that was found to be right.

        Raises:
            OSError: If it cannot be.
        """
        copy = self._copy(staged.sha)
        if copy.is_dir():
            remove(staged.copy)
        else:
            staged.copy.rename(copy)
        return PlanSource(version, staged.sha, self._folder, copy)

    def drop(self, staged: Staged) -> None:
        """Forget a copy that was staged."""
        remove(staged.copy)

    def note(self, source: PlanSource, plans: tuple[str, ...], *, loaded_at: float) -> None:
        """Note that a version is in use, and forget the oldest.

        Raises:
            OSError: If it cannot be.
        """
        newest = PlanVersion(
            version=source.version, sha=source.sha, loaded_at=loaded_at, plans=plans
        )
        others = [each for each in self._listed.versions if each.version != source.version]
        versions = sorted([*others, newest], key=lambda each: each.version)[-KEPT:]
        self._write(_Listed(versions=tuple(versions)))
        kept = {each.sha for each in versions} | {LIST}
        for left in self._path.iterdir():
            if left.name not in kept and not left.name.startswith(STAGED):
                remove(left)

    def hold(self, version: int, against: str) -> None:
        """Note that an old version is in use, instead of what is in the folder.

        Raises:
            OSError: If it cannot be.
        """
        held = {"held": version, "held_against": against}
        self._write(self._listed.model_copy(update=held))

    def _copy(self, sha: str) -> Path:
        return self._path / sha

    def _write(self, listed: _Listed) -> None:
        beside = self._path / f"{LIST}.new"
        with beside.open("w", encoding="utf-8") as file:
            file.write(listed.model_dump_json(indent=1))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path / LIST)
        self._listed = listed
