"""Templates of requests: ``{number}`` is an argument, ``{{caller}}`` what the call says of itself.

A value is written for the place where it stands, so that no caller and no model can say more with
it than the plan meant: one segment of a path (RFC 3986 section 3.3), one value of a query, one line
of a header (RFC 9110 section 5.5), one value of JSON. Pure.

``{{caller}}`` and its like are the variables of instructions, but as they came, without quotes;
``{{call_id}}``, ``{{collected:name}}`` and ``{{secret:NAME}}`` are known here alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from sipagent.agents.quoting import one_line
from sipagent.errors import ToolError

from .secrets import Secrets, secret_names

_REFERENCE = re.compile(
    r"\{\{\s*(?P<variable>[A-Za-z_]\w{0,63}"
    r"|(?:secret|collected):[\w-]{1,64}|header:[A-Za-z0-9.!%*_+`'~-]{1,64})\s*\}\}"
    r"|\{(?P<argument>[A-Za-z_]\w{0,63})\}",
    re.ASCII,
)

UNFIT = "That cannot be looked up: a detail is missing, or is not what it should be."


@dataclass(frozen=True, slots=True)
class Values:
    """What one request is made with."""

    arguments: Mapping[str, Any]
    """Of the tool, as they were checked; optional ones may be missing."""
    variable: Callable[[str], str]
    """Returns what the call says of itself, by name; ``""`` if it says nothing."""
    secrets: Secrets = field(default_factory=Secrets)


@dataclass(frozen=True, slots=True)
class _Missing:
    """An optional argument that was not given."""


MISSING = _Missing()


def arguments_of(text: str) -> set[str]:
    """Return the names of the arguments that ``text`` is filled with."""
    return {found["argument"] for found in _REFERENCE.finditer(text) if found["argument"]}


def is_fixed(text: str) -> bool:
    """Tell whether nothing is filled into ``text``."""
    return _REFERENCE.search(text) is None


def filled_path(template: str, values: Values) -> str:
    """Return a path with each value as a part of one segment.

    Raises:
        ToolError: If a value is empty, or would lead to another path.
    """
    segments = template.split("/")
    return "/".join(_segment(each, values) for each in segments)


def filled_line(template: str, values: Values) -> str:
    """Return the value of a header: one line, whatever was filled in."""
    return one_line(_filled(template, values, _text))


def filled_text(template: str, values: Values) -> str | None:
    """Return text as it is; None if it is nothing but an argument that was not given."""
    value = filled_json(template, values)
    return None if value is MISSING else _text(value)


def filled_json(template: Any, values: Values) -> Any:
    """Return JSON with its texts filled in; what is nothing but an argument keeps its type."""
    match template:
        case str():
            lone = _REFERENCE.fullmatch(template)
            if lone is not None and lone["argument"]:
                return values.arguments.get(lone["argument"], MISSING)
            return _filled(template, values, _text)
        case dict():
            pairs = ((key, filled_json(each, values)) for key, each in template.items())
            return {key: each for key, each in pairs if each is not MISSING}
        case list():
            each_filled = (filled_json(each, values) for each in template)
            return [each for each in each_filled if each is not MISSING]
        case _:
            return template


def texts_in(template: Any) -> Iterator[str]:
    """Return the texts of a JSON template, keys excepted."""
    match template:
        case str():
            yield template
        case dict():
            for each in template.values():
                yield from texts_in(each)
        case list():
            for each in template:
                yield from texts_in(each)
        case _:
            return


def _segment(template: str, values: Values) -> str:
    if is_fixed(template):
        return template
    return _filled(template, values, _path_value)


def _path_value(value: Any) -> str:
    text = _text(value)
    parts = re.split(r"[/\\]", text)
    if not text.strip() or "." in parts or ".." in parts:  # some servers decode before they resolve
        raise ToolError("a value that no path can hold", spoken=UNFIT)
    return quote(text, safe="")


def _filled(template: str, values: Values, write: Callable[[Any], str]) -> str:
    def value(found: re.Match[str]) -> str:
        if (name := found["argument"]) is not None:
            return write(values.arguments.get(name, ""))
        if secret_names(found[0]):
            return values.secrets.filled(found[0])
        return write(values.variable(found["variable"]))

    return _REFERENCE.sub(value, template)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
