"""Environment variables ``SIPAGENT_SECTION__KEY``: every key of the configuration, by another way.

Text is taken as it is where text is wanted; everything else is written as in TOML:
``SIPAGENT_SIP__TRANSPORTS='["udp"]'``. Pure: the environment is an argument.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pydantic_core
from pydantic import BaseModel, TypeAdapter, ValidationError

from sipagent.dialplan.documents import first_oddity
from sipagent.dialplan.findings import Finding
from sipagent.dialplan.secrets import VARIABLE_PREFIX
from sipagent.dialplan.validation import near_miss

PREFIX = "SIPAGENT_"
ENVIRONMENT = Path("environment")
"""Stands for the file in findings about variables."""

Place: TypeAlias = tuple[str, str]
"""Section and key."""


@dataclass(frozen=True, slots=True)
class Override:
    """What one variable says."""

    variable: str
    value: Any


def variable_name(place: Place) -> str:
    """Return ``SIPAGENT_SIP__PORT`` for ``("sip", "port")``."""
    return PREFIX + "__".join(place).upper()


def places(model: type[BaseModel]) -> list[Place]:
    """Return every section and key of ``model``."""
    return [
        (section, key)
        for section, field in model.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        for key in field.annotation.model_fields
    ]


def read_environment(
    model: type[BaseModel], environment: Mapping[str, str]
) -> tuple[dict[Place, Override], list[Finding]]:
    """Return what the environment overrides, and the variables that mean nothing."""
    by_name = {variable_name(place): place for place in places(model)}
    overrides: dict[Place, Override] = {}
    findings = []
    for name, text in sorted(environment.items()):
        if not name.startswith(PREFIX) or name.startswith(VARIABLE_PREFIX):
            continue  # the latter are what plans may read
        if name in by_name:
            section, key = by_name[name]
            overrides[section, key] = Override(name, _value(model, section, key, text))
        else:
            close = near_miss(name, by_name)
            why = f"there is no such setting{close}; names are {PREFIX}SECTION__KEY"
            findings.append(Finding(ENVIRONMENT, 0, name, why))
    return overrides, findings


def _value(model: type[BaseModel], section: str, key: str, text: str) -> Any:
    """Return ``text`` where that is a value of the right type, else what TOML makes of it."""
    inner = model.model_fields[section].annotation
    assert isinstance(inner, type) and issubclass(inner, BaseModel)
    adapter: TypeAdapter[Any] = TypeAdapter(inner.model_fields[key].annotation or Any)
    try:
        adapter.validate_json(pydantic_core.to_json(text), strict=True)
    except ValidationError:
        return _toml_value(text)
    return text


def _toml_value(text: str) -> Any:
    try:
        data = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return data["value"] if set(data) == {"value"} and first_oddity(data) is None else text
