"""Does a plan's ``[match]`` hold for a call? Says the first condition that does not. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .call_keys import CallKeys
from .conditions import Conditions
from .globs import matches, specificity
from .hours import Hours, hours_hold, local_time, window_at
from .ranks import ANY
from .sources import network_with


def failed(conditions: Conditions, keys: CallKeys) -> str:
    """Return the first condition that does not hold, in words; ``""`` if all do."""
    if keys.is_emergency and not conditions.emergency:
        return f'called "{keys.called}" is an emergency, which needs match.emergency = true'
    for what, globs, text in _users(conditions, keys):
        if globs != ANY and not any(matches(glob, text) for glob in globs):
            return f'{what} "{text}" matches none of {", ".join(globs)}'
    if conditions.trunk and keys.trunk not in conditions.trunk:
        came = f'trunk "{keys.trunk}" is' if keys.trunk else "it came through no trunk:"
        return f"{came} none of {', '.join(conditions.trunk)}"
    if conditions.source and not network_with(conditions.source, keys.source_address):
        came = f"source {keys.source_address}" if keys.source_address else "an unknown source"
        return f"{came} is in none of {', '.join(conditions.source)}"
    for name, globs in conditions.header.items():
        if text := _failed_header(name, globs, keys):
            return text
    if conditions.hours is not None and not hours_hold(conditions.hours, keys.at_s):
        return f"it is {_at(conditions.hours, keys.at_s)}"
    return ""


def held(conditions: Conditions, keys: CallKeys) -> str:
    """Return why all conditions hold, in words."""
    called, *users = _users(conditions, keys)
    parts = [_matches(*called)]
    parts += [_matches(*user) for user in users if user[1] != ANY]
    if conditions.trunk:
        parts.append(f'it came through trunk "{keys.trunk}"')
    if conditions.source:
        network = network_with(conditions.source, keys.source_address)
        parts.append(f"source {keys.source_address} is in {network}")
    for name, globs in conditions.header.items():
        having = [glob for glob in globs if any(matches(glob, each) for each in _all(name, keys))]
        parts.append(f"header {name} matches {max(having, key=specificity)}")
    if conditions.hours is not None:
        parts.append(f"it is {_at(conditions.hours, keys.at_s)}")
    what = "it is a default" if conditions.default else f"priority {conditions.priority}"
    return f"{', '.join(parts)}; {what}"


def best(globs: Sequence[str], text: str) -> str:
    """Return the most specific of the globs that match, of which there is one."""
    if len(globs) == 1:
        return globs[0]
    return max((glob for glob in globs if matches(glob, text)), key=specificity)


def _users(conditions: Conditions, keys: CallKeys) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield the conditions on user parts: name, globs, and what they meet."""
    yield "called", conditions.called, keys.called
    yield "caller", conditions.caller, keys.caller
    yield "asserted_caller", conditions.asserted_caller, keys.asserted_caller
    yield "diverted_from", conditions.diverted_from, keys.diverted_from


def _matches(what: str, globs: Sequence[str], text: str) -> str:
    return f'{what} "{text}" matches {best(globs, text)}'


def _failed_header(name: str, globs: Sequence[str], keys: CallKeys) -> str:
    values = _all(name, keys)
    if not values:
        return f"there is no header {name}"
    if not any(matches(glob, value) for glob in globs for value in values):
        wanted = globs[0] if len(globs) == 1 else f"any of {', '.join(globs)}"
        return f'header {name} "{values[0]}" does not match {wanted}'
    return ""


def _all(name: str, keys: CallKeys) -> list[str]:
    return [value for each, value in keys.headers if each.lower() == name.lower()]


def _at(hours: Hours, at_s: float) -> str:
    window = window_at(hours, at_s)
    when = f"{local_time(hours, at_s):%a %Y-%m-%d %H:%M} in {hours.zone}"
    return f'{when}, open ("{window}")' if window else f"{when}, closed"
