"""``sipagent check``: looks through configuration, dialplans and scripts before anybody calls.

Says everything that is wrong, not only the first thing, and never raises.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sipagent.agents.handoffs import handoff_tool_name
from sipagent.config import Config, config_file, read_config
from sipagent.dialplan.backend import Backend
from sipagent.dialplan.documents import Document, read_document
from sipagent.dialplan.emergency_targets import check_emergency_targets
from sipagent.dialplan.findings import Finding, Severity, in_order
from sipagent.dialplan.includes import PART_SUFFIX
from sipagent.dialplan.loading import read_dir, read_file
from sipagent.dialplan.models import Agent, Dialplan
from sipagent.dialplan.plan_texts import SCRIPT_SUFFIX
from sipagent.dialplan.plans import Plan
from sipagent.dialplan.reading import files_in, reading_copy
from sipagent.dialplan.validation import listed, near_miss, validate
from sipagent.engine.brain.script import Script
from sipagent.environment import ENVIRONMENT
from sipagent.errors import SipStartError
from sipagent.sip.certificates import check_certificates
from sipagent.sip.emergency import EMERGENCY_NUMBERS, is_emergency


def check_files(
    paths: Sequence[Path] = (), environment: Mapping[str, str] | None = None
) -> list[Finding]:
    """Return everything that is wrong, by file and line; warnings included.

    Args:
        paths: Configuration files (their dialplans are checked with them), dialplans, scripts, or
            folders of dialplans. Without any: what ``sipagent serve`` would start with.
        environment: None: that of the process.
    """
    if not paths:
        return in_order(_check_config(None, environment))
    return in_order(finding for path in paths for finding in _check(path, environment))


def check_copy(config: Config, copy: Path) -> tuple[list[Finding], tuple[Plan, ...], list[Path]]:
    """Check a copy of the dialplans; return what is wrong, the plans, and what else they read.

    Args:
        config: Of the appliance.
        copy: Of its dialplans; findings name the files that it was made of.
    """
    folder = config.dialplans.path
    with reading_copy(folder, copy) as reading:
        found, plans = _read_folder(folder, None, _trunks(config), config.sip.emergency_numbers)
    return in_order(found), plans, sorted(reading.others)


def _check(path: Path, environment: Mapping[str, str] | None) -> Iterable[Finding]:
    if path.is_dir():
        return _check_folder(path, environment)
    if path.name.endswith(SCRIPT_SUFFIX):
        return _read_script(path)[1]
    if path.name.endswith(PART_SUFFIX):
        return [Finding(path, 0, "", "is a part: check the plans that include it instead")]
    document = read_document(path)
    if isinstance(document, Finding):
        return [document]
    if _is_config(document):
        return _check_config(path, environment)
    loaded = read_file(path, environment)
    known = [(loaded.dialplan, loaded.document)] if loaded.dialplan and loaded.document else []
    targets = check_emergency_targets(known, _is_emergency(EMERGENCY_NUMBERS))
    return [*loaded.findings, *targets, *_check_scripts([loaded.plan] if loaded.plan else [])]


def _is_config(document: Document) -> bool:
    """Tell a configuration from a dialplan, both of which may be broken."""
    keys = set(document.data)
    in_config, in_plan = keys & set(Config.model_fields), keys & set(Dialplan.model_fields)
    if len(in_config) != len(in_plan):
        return len(in_config) > len(in_plan)
    return document.file.name.startswith("sipagent")


def _check_config(path: Path | None, environment: Mapping[str, str] | None) -> Iterable[Finding]:
    config, findings = read_config(path, environment)
    if config is None:
        return findings
    file = config_file(path) or ENVIRONMENT
    plans = _check_folder(
        config.dialplans.path, environment, _trunks(config), config.sip.emergency_numbers
    )
    return [*findings, *_check_tls(file, config), *plans]


def _check_tls(file: Path, config: Config) -> Iterator[Finding]:
    """Say what would keep SIP over TLS from starting."""
    if "tls" in config.sip.transports:
        try:
            check_certificates(config.sip.tls)
        except SipStartError as error:
            where, _, text = str(error).partition(": ")
            yield Finding(file, 0, where, text)


def _trunks(config: Config) -> list[str]:
    return [trunk.name for trunk in config.sip.trunks]


def _is_emergency(numbers: Collection[str]) -> Callable[[str], bool]:
    return lambda uri: is_emergency(uri, numbers)


def _check_folder(
    folder: Path,
    environment: Mapping[str, str] | None,
    trunks: Sequence[str] | None = None,
    emergency_numbers: Collection[str] = EMERGENCY_NUMBERS,
) -> Iterable[Finding]:
    return _read_folder(folder, environment, trunks, emergency_numbers)[0]


def _read_folder(
    folder: Path,
    environment: Mapping[str, str] | None,
    trunks: Sequence[str] | None,
    emergency_numbers: Collection[str],
) -> tuple[list[Finding], tuple[Plan, ...]]:
    """Return what is wrong with a folder of plans and scripts, and the plans that are right."""
    plans, findings = read_dir(
        folder,
        trunks=trunks,
        is_emergency=_is_emergency(emergency_numbers),
        environment=environment,
    )
    for file in files_in(folder, SCRIPT_SUFFIX):
        findings += _read_script(file)[1]
    return [*findings, *_check_scripts(plans.plans)], plans.plans


def _read_script(file: Path) -> tuple[Script | None, list[Finding]]:
    document = read_document(file)
    if isinstance(document, Finding):
        return None, [document]
    script = validate(Script, document)
    return (None, script) if isinstance(script, list) else (script, [])


def _check_scripts(plans: Iterable[Plan]) -> Iterator[Finding]:
    """Check that each plan and its script speak of the same agents and tools."""
    for plan in plans:
        if plan.dialplan.session.script is not None:
            file = plan.beside(plan.dialplan.session.script + SCRIPT_SUFFIX)
            script, findings = _read_script(file)
            yield from findings if script is None else _compare(plan.dialplan, script, file)


def _compare(plan: Dialplan, script: Script, file: Path) -> Iterator[Finding]:
    speaking = [agent.name for agent in script.agents]
    agents: list[Agent | Backend] = [*plan.agents]
    if plan.backend is not None and plan.backend.url is None:
        agents.append(plan.backend)
    for name in (agent.name for agent in agents):
        if name not in speaking:
            close = near_miss(name, speaking)
            text = f'has no agent "{name}" of plan {plan.name}{close}'
            yield Finding(file, 0, "agents", text, Severity.WARNING)
    callable_names = {name.lower() for agent in agents for name in agent.tools}
    callable_names |= {handoff_tool_name(name) for each in plan.agents for name in each.handoffs}
    rules = [*script.rules, *(rule for agent in script.agents for rule in agent.rules)]
    for call in sorted({rule.call for rule in rules if rule.call}):
        if call.lower() not in callable_names:
            text = f'calls "{call}", which no agent of plan {plan.name} has'
            known = listed(sorted(callable_names))
            yield Finding(file, 0, "rules", f"{text}; known: {known}", Severity.WARNING)
