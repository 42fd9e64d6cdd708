"""The scripts of an engine, by version and prompt id. Pure.

A session names a prompt, and may name its version (Realtime: ``prompt.version``): it goes on with
the one that it began with, whatever was loaded since. Without a version, or with one that is not
known any more, it is given the newest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from .script import Script

KEPT = 20
"""Versions."""


class Scripts:
    """All that is known, the newest last.

    Args:
        scripts: By prompt id.
        version: Of them; ``""``: nobody counts.
    """

    def __init__(self, scripts: Mapping[str, Script], version: str = "") -> None:
        self._versions = {version: dict(scripts)}

    def add(self, version: str, scripts: Mapping[str, Script]) -> None:
        """Take a version, which is the newest from now on, and forget the oldest."""
        self._versions.pop(version, None)
        self._versions[version] = dict(scripts)
        while len(self._versions) > KEPT:
            del self._versions[next(iter(self._versions))]

    def find(self, prompt: Mapping[str, Any] | None) -> Script | None:
        """Return the script of a prompt, None if it has none."""
        if prompt is None:
            return None
        newest = next(reversed(self._versions.values()))
        return self._versions.get(prompt.get("version") or "", newest).get(prompt.get("id", ""))

    def phrases(self) -> dict[str, Sequence[str]]:
        """Return what callers are expected to say, of all versions, by the name of the model."""
        every = [each for scripts in self._versions.values() for each in scripts.values()]
        return {model_name(script): script.phrases for script in every}


def model_name(script: Script) -> str:
    """Return the name of a script's language model: the same for the same phrases."""
    return hashlib.sha256("\n".join(script.phrases).encode()).hexdigest()[:16]
