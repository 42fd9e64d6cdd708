"""``[match]`` of a dialplan: which calls it takes."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator

from .hours import Hours
from .model import Glob, Model, TrunkName, UserGlobs, as_tuple
from .sources import Network

HeaderGlobs = Annotated[
    tuple[Glob, ...],
    BeforeValidator(as_tuple, json_schema_input_type=str | list[str]),
    Field(min_length=1, max_length=200),
]
"""One glob, or an array of them, on a header's values."""


class Conditions(Model):
    """``[match]``: which calls the plan takes. All conditions must hold."""

    called: UserGlobs = ("*",)
    """One of these matches the user part that was called (the Request-URI's)."""
    caller: UserGlobs = ("*",)
    """One of these matches the user part of the caller (From)."""
    asserted_caller: UserGlobs = ("*",)
    """The same on who the network says is calling, if it is trusted (RFC 3325)."""
    diverted_from: UserGlobs = ("*",)
    """The same on whom the call was for before it was sent on (RFC 5806, RFC 7044)."""
    header: dict[str, HeaderGlobs] = Field(default_factory=dict)
    """Header name to glob, or to several; one of them must match one value of that header."""
    source: Annotated[
        tuple[Network, ...],
        BeforeValidator(as_tuple, json_schema_input_type=str | list[str]),
        Field(max_length=200),
    ] = ()
    """Networks that the INVITE may come from; empty: any."""
    trunk: Annotated[
        tuple[TrunkName, ...],
        BeforeValidator(as_tuple, json_schema_input_type=str | list[str]),
    ] = ()
    """Trunks whose calls it takes; empty: everybody's."""
    hours: Hours | None = None
    """At which times; None: at any."""
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0
    """Higher is asked first; the most specific globs win a tie."""
    weight: Annotated[float, Field(ge=0, le=100)] | None = None
    """Percentage of the calls that it matches as well as other plans; None: what they leave."""
    default: bool = False
    """Whether it is asked only if no other plan matches."""
    emergency: bool = False
    """Whether the plan may take calls to emergency numbers (``sip.emergency_numbers``)."""

    @field_validator("header")
    @classmethod
    def _has_header_names(cls, header: dict[str, HeaderGlobs]) -> dict[str, HeaderGlobs]:
        for name in header:
            if not re.fullmatch(r"[A-Za-z0-9.!%*_+`'~-]+", name):  # RFC 3261 section 25.1, token
                raise ValueError(f"{name[:60]!r} is not a header name")
        return header
