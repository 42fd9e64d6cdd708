"""What all models of a dialplan have in common: closed, frozen, and their kinds of text."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from .globs import MAX_CHARS


class Model(BaseModel):
    """Unknown keys are typos, and a loaded plan never changes: reload replaces it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def as_tuple(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _glob(text: str) -> str:
    if len(text) > MAX_CHARS:
        raise ValueError(f"must be at most {MAX_CHARS} characters long")
    return text


def _user_glob(text: str) -> str:
    if "@" in text or re.match(r"(sips?|tel):", text, re.IGNORECASE):
        raise ValueError("is compared with the user part alone: leave out sip: and @host")
    if any(character.isspace() for character in text):
        raise ValueError("must not contain spaces: numbers are compared as they are dialled")
    return _glob(text)


def _plan_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", text):
        raise ValueError("must be letters, digits, dots, hyphens and underscores, at most 64")
    return text


def _tool_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise ValueError("must be letters, digits, hyphens and underscores, at most 64")
    return text


def _agent_name(text: str) -> str:
    if not re.search(r"[A-Za-z0-9]", text) or len(text) > 50 or not text.isprintable():
        raise ValueError("must have a letter or digit, and at most 50 characters, on one line")
    return text


def _file_beside(text: str) -> str:
    if not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)*", text):
        raise ValueError("must name a file beside the dialplan, or in a folder below")
    return text


_SIP_URI = re.compile(
    r"sips?:"
    r"([!#-;=?A-~]+@)?"  # printable ASCII that ends no header: neither <, > nor quotes
    r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
    r"([;?][!#-;=?A-~]+)?",
    re.IGNORECASE,
)
_TEL_URI = re.compile(r"tel:\+?[0-9A-F*#().-]+(;[!#-;=?A-~]+)?", re.IGNORECASE)


def _target_uri(text: str) -> str:
    if len(text) > MAX_CHARS or not (_SIP_URI.fullmatch(text) or _TEL_URI.fullmatch(text)):
        raise ValueError('must be where to call, such as "sip:desk@example.com" or "tel:+49301234"')
    return text


Text = Annotated[str, AfterValidator(_not_blank)]
FileBeside = Annotated[str, AfterValidator(_file_beside)]
"""A file beside the dialplan, or in a folder below."""
Glob = Annotated[str, AfterValidator(_glob)]
TrunkName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")]
"""Of one of ``[[sip.trunks]]``."""
UserGlobs = Annotated[
    tuple[Annotated[str, AfterValidator(_user_glob)], ...],
    BeforeValidator(as_tuple, json_schema_input_type=str | list[str]),
    Field(min_length=1, max_length=200),
]
"""One glob, or an array of them, on a user part."""
PlanName = Annotated[str, AfterValidator(_plan_name)]
AgentName = Annotated[str, AfterValidator(_agent_name)]
ToolName = Annotated[str, AfterValidator(_tool_name)]
TargetUri = Annotated[str, AfterValidator(_target_uri)]
"""Whom to call: a SIP URI (RFC 3261 section 19.1) or a telephone number (RFC 3966)."""
