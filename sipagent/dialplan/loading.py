"""Loads a folder of dialplans, whole or not at all, and says everything that is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sipagent.audio.wav import read_wav
from sipagent.errors import DialplanError, SipAgentError

from .backend import read_key
from .checking import check_plan
from .documents import Document
from .emergency_targets import check_emergency_targets
from .findings import Finding, Severity, in_order, raise_errors
from .guardrail import Guardrail
from .guardrails import load_guardrail
from .http_tools import http_tool
from .includes import PART_SUFFIX
from .models import Dialplan
from .plan_texts import SCRIPT_SUFFIX, plan_files, read_plan
from .plans import Plan, PlanSet
from .python_tools import PythonFiles, ToolProblem, release
from .reading import files_in, place_of
from .routes import check_routes
from .secret_checks import read_secrets
from .tools import Tool
from .trunk_names import check_trunks
from .validation import near_miss

EntryT = TypeVar("EntryT", Tool, Guardrail)
LoadedT = TypeVar("LoadedT")


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """One file, as far as it could be read."""

    findings: tuple[Finding, ...]
    plan: Plan | None = None
    """None if there are errors."""
    document: Document | None = None
    dialplan: Dialplan | None = None
    """Given when each key is right, whatever is wrong beyond that."""
    sources: dict[str, bytes] = field(default_factory=dict)
    """Content of what the plan names, by name."""


def load_dir(
    folder: Path,
    *,
    version: int = 1,
    trunks: Collection[str] | None = None,
    is_emergency: Callable[[str], bool] | None = None,
    environment: Mapping[str, str] | None = None,
) -> PlanSet:
    """Return all plans of ``folder``.

    Args:
        folder: Its ``*.toml`` files are plans, ``*.script.toml`` excepted.
        version: Number of the set.
        trunks: Names of those there are; None: nobody knows.
        is_emergency: Tells the emergency numbers; None: nobody knows.
        environment: Has the secrets that no file holds; None: that of the process.

    Raises:
        DialplanError: If anything is wrong with any file; names every error, one a line.
    """
    plans, findings = read_dir(
        folder,
        version=version,
        trunks=trunks,
        is_emergency=is_emergency,
        environment=environment,
    )
    try:
        raise_errors(findings)
    except DialplanError:
        plans.release()
        raise
    return plans


def read_dir(
    folder: Path,
    *,
    version: int = 1,
    trunks: Collection[str] | None = None,
    is_emergency: Callable[[str], bool] | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[PlanSet, list[Finding]]:
    """Return the plans of ``folder`` that are right, and everything wrong with it. Never raises.

    Args:
        folder: See :func:`load_dir`.
        version: Number of the set.
        trunks: Names of those there are; None: nobody knows.
        is_emergency: Tells the emergency numbers; None: nobody knows.
        environment: Has the secrets that no file holds; None: that of the process.
    """
    if not place_of(folder).is_dir():
        text = "is not a folder" if folder.exists() else "there is no such folder"
        return PlanSet((), version, ""), [Finding(folder, 0, "", text)]
    loaded = [read_file(file, environment) for file in plan_files(folder)]
    findings = [finding for each in loaded for finding in each.findings]
    if not loaded:
        text = "has no dialplan: no call would be answered"
        findings.append(Finding(folder, 0, "", text, Severity.WARNING))
    known = [
        (each.dialplan, each.document)
        for each in loaded
        if each.dialplan is not None and each.document is not None
    ]
    findings += check_routes(known)
    if trunks is not None:
        findings += check_trunks(known, trunks)
    if is_emergency is not None:
        findings += check_emergency_targets(known, is_emergency)
    findings += _unused_parts(folder, loaded)
    plans = sorted((each.plan for each in loaded if each.plan), key=lambda plan: plan.name)
    return PlanSet(tuple(plans), version, _sha(loaded)), in_order(findings)


def _unused_parts(folder: Path, loaded: Iterable[LoadedFile]) -> Iterator[Finding]:
    used = {part for each in loaded if each.document is not None for part in each.document.parts}
    for file in files_in(folder, PART_SUFFIX):
        if file not in used:
            yield Finding(file, 0, "", "is a part that no plan includes", Severity.WARNING)


def read_file(file: Path, environment: Mapping[str, str] | None = None) -> LoadedFile:
    """Read and check one plan, with all it names. Never raises.

    Args:
        file: The plan.
        environment: Has the secrets that no file holds; None: that of the process.
    """
    text = read_plan(file)
    document, dialplan = text.document, text.dialplan
    if document is None or dialplan is None:
        return LoadedFile(text.findings, document=document)
    files = PythonFiles(file)
    secrets, missing = read_secrets(document, dialplan.secrets, environment)
    tools, problems = _load_all(
        "tools",
        dialplan.tools,
        lambda tool: files.load(tool) if tool.http is None else http_tool(tool, secrets),
        document,
    )
    guardrails, faults = _load_all(
        "guardrails",
        dialplan.guardrails,
        lambda each: load_guardrail(each, files, secrets),
        document,
    )
    problems += faults
    findings = [
        *text.findings,
        *check_plan(dialplan, document),
        *missing,
        *problems,
        *_check_files(dialplan, document),
    ]
    is_right = not any(finding.is_error for finding in findings)
    plan: Plan | None = None
    if is_right:
        plan = Plan(file, dialplan, tools, guardrails, secrets, files.modules)
    else:
        release(files.modules)
    return LoadedFile(tuple(findings), plan, document, dialplan, files.sources)


def _load_all(
    table: str,
    entries: Sequence[EntryT],
    load: Callable[[EntryT], LoadedT | ToolProblem],
    document: Document,
) -> tuple[dict[str, LoadedT], list[Finding]]:
    """Return what ``load`` makes of the entries of a table, by name, and what is wrong with it."""
    loaded: dict[str, LoadedT] = {}
    findings: list[Finding] = []
    for index, entry in enumerate(entries):
        each = load(entry)
        if isinstance(each, ToolProblem):
            findings.append(document.finding((table, index, "python"), each.text))
            findings += [each.place] if each.place is not None else []
        else:
            loaded[entry.name] = each
    return loaded, findings


def _check_files(dialplan: Dialplan, document: Document) -> Iterator[Finding]:
    folder, session = document.file.parent, dialplan.session
    if session.script is not None:
        name = session.script + SCRIPT_SUFFIX
        if not place_of(folder / name).is_file():
            stems = [
                each.name.removesuffix(SCRIPT_SUFFIX) for each in files_in(folder, SCRIPT_SUFFIX)
            ]
            text = f"there is no file {name}{near_miss(session.script, stems)}"
            yield document.finding(("session", "script"), text)
    backend = dialplan.backend
    if backend is not None and backend.api_key_file is not None:
        held = read_key(document.file, backend.api_key_file)
        if isinstance(held, Finding):
            yield document.finding(
                ("backend", "api_key_file"), f"{backend.api_key_file} {held.text}"
            )
    music = None if dialplan.transfer is None else dialplan.transfer.music
    for path, wav in (
        (("session", "apology_wav"), session.apology_wav),
        (("session", "filler_wav"), session.filler_wav),
        (("line", "early_media"), dialplan.line.early_wav),
        (("transfer", "music"), music),
        (("recording", "announcement_wav"), dialplan.recording.announcement_wav),
    ):
        if wav is None:
            continue
        try:
            read_wav(place_of(folder / wav))
        except (OSError, ValueError, SipAgentError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            yield document.finding(path, f"{wav} cannot be used: {why}")


def _sha(loaded: Iterable[LoadedFile]) -> str:
    digest = hashlib.sha256()
    for each in loaded:
        if each.document is not None:
            folder = each.document.file.parent
            parts = {
                str(part.relative_to(folder)): source
                for part, source in each.document.parts.items()
            }
            files = {each.document.file.name: each.document.source, **parts, **each.sources}
            for name, source in sorted(files.items()):
                digest.update(f"{name}\0{len(source)}\0".encode() + source)
    return digest.hexdigest()[:12]
