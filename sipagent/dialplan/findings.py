"""Findings: what is wrong with a file, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sipagent.errors import ConfigError, DialplanError


class Severity(StrEnum):
    """Whether a file can be used as it is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    file: Path
    line: int
    """Counted from 1; 0 when it concerns the whole file."""
    key: str
    """Such as ``agents[0].tools[1]``; ``""`` when it concerns no key."""
    text: str
    """What is wrong, and what is allowed."""
    severity: Severity = Severity.ERROR

    @property
    def is_error(self) -> bool:
        """Tell whether the file cannot be used."""
        return self.severity is Severity.ERROR

    @property
    def where(self) -> str:
        """Return ``file:line: key``, as much of it as is known."""
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.key}" if self.key else place

    def __str__(self) -> str:
        mark = "" if self.is_error else "warning: "
        return f"{self.where}: {mark}{self.text}"


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return ``findings`` once each, by file and line."""
    unique = dict.fromkeys(findings)
    return sorted(unique, key=lambda each: (str(each.file), each.line, each.key, each.text))


def raise_errors(findings: Iterable[Finding], kind: type[ConfigError] = DialplanError) -> None:
    """Raise all errors among ``findings`` as one exception; warnings do not count.

    Raises:
        ConfigError: Of class ``kind``; one line per error, each with its file, line and key.
    """
    errors = [finding for finding in in_order(findings) if finding.is_error]
    if errors:
        first, *others = errors
        raise kind("\n".join([first.text, *map(str, others)]), where=first.where)
