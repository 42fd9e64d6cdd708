"""Reads dialplans with their parts, as far as keys go: no other file is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sipagent.errors import DialplanError

from .checking import check_outcome
from .documents import Document, read_document
from .findings import Finding, raise_errors
from .includes import PART_SUFFIX, with_parts
from .models import Dialplan
from .reading import files_in
from .validation import validate

SCRIPT_SUFFIX = ".script.toml"
"""Files that end so belong to the embedded engine."""


@dataclass(frozen=True, slots=True)
class PlanText:
    """What is written in one file."""

    findings: tuple[Finding, ...]
    document: Document | None = None
    dialplan: Dialplan | None = None
    """None if any key is wrong."""


def plan_files(folder: Path) -> list[Path]:
    """Return the dialplans of ``folder``, by name."""
    others = (SCRIPT_SUFFIX, PART_SUFFIX)
    return [file for file in files_in(folder, ".toml") if not file.name.endswith(others)]


def read_plan(file: Path) -> PlanText:
    """Read one plan. Never raises."""
    read = read_document(file)
    if isinstance(read, Finding):
        return PlanText((read,))
    document, findings = with_parts(read)
    if findings:
        return PlanText(tuple(findings), document)
    dialplan = validate(Dialplan, document)
    outcome = check_outcome(document)
    if isinstance(dialplan, list):
        return PlanText((*dialplan, *outcome), document)
    return PlanText(tuple(outcome), document, dialplan)


def read_plans(folder: Path) -> list[Dialplan]:
    """Return the plans of ``folder`` as they are written, by file.

    Raises:
        DialplanError: If a key is wrong; whether what it names is there is not looked at.
    """
    read = [read_plan(file) for file in plan_files(folder)]
    raise_errors(finding for each in read for finding in each.findings)
    return [each.dialplan for each in read if each.dialplan is not None]


def read_folder(folder: Path) -> list[Dialplan]:
    """Return the same of a folder that somebody named, which has some.

    Raises:
        DialplanError: As above, or if there are none.
    """
    plans = read_plans(folder)
    if not plans:
        text = "there are no dialplans in it" if folder.is_dir() else "there is no such folder"
        raise DialplanError(text, where=str(folder))
    return plans
