"""What a whole plan must be, beyond each key alone: names that exist, and mean one thing only.

Pure: looks at nothing but the plan and its document.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TypeVar

from sipagent.agents.handoffs import handoff_tool_name

from .backend import check_backend
from .documents import Document
from .fallback import check_fallback
from .findings import Finding, Severity
from .keypad import check_keypad
from .limits import check_limits
from .line_checks import check_line
from .mcp import check_mcp
from .message import check_message
from .models import BUILTIN_TOOLS, Agent, Dialplan
from .outgoing import check_outgoing
from .recording import check_recording
from .session import RECONNECT_KEYS, TURN_DETECTION_KEYS
from .toml_lines import KeyPath
from .transfer import check_transfer
from .validation import listed, near_miss, shown
from .variable_checks import check_variables

ItemT = TypeVar("ItemT")

OUTCOMES = ("agents", "refuse", "refer")
"""What may become of a plan's calls."""

_OF_AGENTS = (
    *(
        "session",
        "tools",
        "mcp",
        "guardrails",
        "keypad",
        "line",
        "transfer",
        "recording",
        "backend",
    ),
    *("limits", "outgoing", "message", "fallback", "secrets"),
)
"""Tables that mean something only with agents."""


def check_outcome(document: Document) -> Iterator[Finding]:
    """Return what is wrong if a plan does not say one thing about its calls.

    Looks at the names of its tables alone, whatever is in them.
    """
    given = [key for key in OUTCOMES if key in document.data]
    if not given:
        text = "is missing; a plan that answers no calls has [refuse] or [refer] instead"
        yield document.finding(("agents",), text)
    for key in given[1:]:
        text = f"and {given[0]} exclude each other: what is to become of a call?"
        yield document.finding((key,), text)
    if given and given[0] != "agents":
        for key in _OF_AGENTS:
            if key in document.data:
                yield document.finding((key,), f"means nothing: the plan has [{given[0]}]")


def check_plan(plan: Dialplan, document: Document) -> list[Finding]:
    """Return everything that is wrong with one plan; files it names are not looked at."""
    if not plan.agents:
        return []
    checks = (
        _agents,
        _tools,
        _agent_tools,
        _guardrails,
        _handoffs,
        _unused_tools,
        check_transfer,
        check_backend,
        check_mcp,
        check_message,
        check_fallback,
        check_keypad,
        check_line,
        check_recording,
        check_outgoing,
        check_limits,
        _unreachable,
        _session,
        check_variables,
    )
    return [finding for check in checks for finding in check(plan, document)]


def _agents(plan: Dialplan, document: Document) -> Iterator[Finding]:
    for path, where in _repeated(plan.agents, lambda agent: agent.name, "agents", document):
        yield document.finding(path, f"is the name of the agent {where} already")
    named = {agent.name: agent for agent in plan.agents}.values()
    by_tool: dict[str, Agent] = {}
    for agent in named:
        tool = handoff_tool_name(agent.name)
        if (first := by_tool.setdefault(tool, agent)) is not agent:
            path = ("agents", plan.agents.index(agent), "name")
            text = f'and "{first.name}" would both be the tool {tool}; choose another name'
            yield document.finding(path, text)
    for index, agent in enumerate(plan.agents):
        if not agent.instructions.strip() and plan.session.prompt_id is None:
            text = f'agent "{agent.name}" has no instructions (and there is no session.prompt_id)'
            yield document.finding(("agents", index, "instructions"), text)


def _tools(plan: Dialplan, document: Document) -> Iterator[Finding]:
    for path, where in _repeated(plan.tools, lambda tool: tool.name, "tools", document):
        yield document.finding(path, f"is the name of the tool {where} already")
    handoffs = {handoff_tool_name(agent.name): agent.name for agent in plan.agents}
    for index, tool in enumerate(plan.tools):
        path = ("tools", index, "name")
        if tool.name in BUILTIN_TOOLS:
            yield document.finding(path, f'"{tool.name}" is built in; choose another name')
        elif (agent := handoffs.get(tool.name.lower())) is not None:
            text = f'"{tool.name}" is the handoff to agent "{agent}"; choose another name'
            yield document.finding(path, text)


def _agent_tools(plan: Dialplan, document: Document) -> Iterator[Finding]:
    known = [*(tool.name for tool in plan.tools), *sorted(BUILTIN_TOOLS)]
    for index, agent in enumerate(plan.agents):
        for position, name in enumerate(agent.tools):
            path = ("agents", index, "tools", position)
            if name not in known:
                text = f'there is no tool "{name}"{near_miss(name, known)}; known: {listed(known)}'
                yield document.finding(path, text)
            elif name in agent.tools[:position]:
                yield document.finding(path, f'names the tool "{name}" twice')


def _guardrails(plan: Dialplan, document: Document) -> Iterator[Finding]:
    for path, where in _repeated(plan.guardrails, lambda each: each.name, "guardrails", document):
        yield document.finding(path, f"is the name of the guardrail {where} already")
    known = [each.name for each in plan.guardrails]
    for index, agent in enumerate(plan.agents):
        for position, name in enumerate(agent.guardrails):
            path = ("agents", index, "guardrails", position)
            if name not in known:
                text = f'there is no guardrail "{name}"{near_miss(name, known)}'
                yield document.finding(path, text)
            elif name in agent.guardrails[:position]:
                yield document.finding(path, f'names the guardrail "{name}" twice')
    used = {name for agent in plan.agents for name in agent.guardrails}
    yield from _unused("guardrails", [each.name for each in plan.guardrails], used, document)
    if plan.session.hold_until_checked and not used:
        text = "means nothing: no agent has guardrails"
        yield document.finding(("session", "hold_until_checked"), text, Severity.WARNING)


def _handoffs(plan: Dialplan, document: Document) -> Iterator[Finding]:
    known = [agent.name for agent in plan.agents]
    for index, agent in enumerate(plan.agents):
        for position, name in enumerate(agent.handoffs):
            path = ("agents", index, "handoffs", position)
            if name == agent.name:
                yield document.finding(path, f'"{name}" cannot hand over to itself')
            elif name not in known:
                close = near_miss(name, known)
                text = f"there is no agent {shown(name)}{close}; known: {listed(known)}"
                yield document.finding(path, text)
            elif name in agent.handoffs[:position]:
                yield document.finding(path, f'names the agent "{name}" twice')


def _unused_tools(plan: Dialplan, document: Document) -> Iterator[Finding]:
    used = {name for agent in plan.agents for name in agent.tools}
    used.update(plan.backend.tools if plan.backend is not None else ())
    yield from _unused("tools", [tool.name for tool in plan.tools], used, document)


def _unused(
    table: str, names: Iterable[str], used: Collection[str], document: Document
) -> Iterator[Finding]:
    for index, name in enumerate(names):
        path = (table, index, "name")
        if name not in used and not document.is_borrowed(path):  # other plans may use parts
            yield document.finding(path, f'no agent has "{name}"', Severity.WARNING)


def _unreachable(plan: Dialplan, document: Document) -> Iterator[Finding]:
    reached: set[str] = set()
    waiting = [plan.agents[0].name]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [to for agent in plan.agents if agent.name == name for to in agent.handoffs]
    for index, agent in enumerate(plan.agents):
        path = ("agents", index, "name")
        if agent.name not in reached and not document.is_borrowed(path):
            text = f'no handoff leads to "{agent.name}": it speaks only if an operator wants it to'
            yield document.finding(path, text, Severity.WARNING)


def _session(plan: Dialplan, document: Document) -> Iterator[Finding]:
    detection = plan.session.turn_detection
    if detection is not None:
        meant = TURN_DETECTION_KEYS[detection.type] | {"type"}
        for key in sorted(detection.model_fields_set - meant):
            text = f'means nothing to type "{detection.type}"; allowed: {listed(sorted(meant))}'
            yield document.finding(("session", "turn_detection", key), text)
    if not plan.session.barge_in and plan.session.barge_in_confirm_ms:
        path = ("session", "barge_in_confirm_ms")
        yield document.finding(path, "means nothing while barge_in is false", Severity.WARNING)
    if not plan.session.reconnect:
        yield from _idle_keys(plan, RECONNECT_KEYS, "reconnect is 0", document)


def _idle_keys(
    plan: Dialplan, keys: Collection[str], why: str, document: Document
) -> Iterator[Finding]:
    for key in sorted(plan.session.model_fields_set & set(keys)):
        text = f"means nothing while {why}"
        yield document.finding(("session", key), text, Severity.WARNING)


def _repeated(
    items: Iterable[ItemT], name_of: Callable[[ItemT], str], table: str, document: Document
) -> Iterator[tuple[KeyPath, str]]:
    """Return the path of each name that came before, and where it first did."""
    first: dict[str, KeyPath] = {}
    for index, item in enumerate(items):
        path: KeyPath = (table, index, "name")
        other = first.setdefault(name_of(item), path)
        if other != path:
            yield path, document.where(other, path)
