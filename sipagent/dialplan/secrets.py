"""Secrets in a plan's texts: ``{{secret:CRM_TOKEN}}``, where a key may hold one. Pure.

The plan keeps the text as it is written: only whoever sends it fills the value in, so that no
finding, listing or log of a plan can show one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_SECRET = re.compile(r"\{\{\s*secret:([^{}]*?)\s*\}\}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")

VARIABLE_PREFIX = "SIPAGENT_SECRET_"
"""Of environment variables that plans may read; they can read no others."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets that one plan names."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By name, as :func:`secret_names` tells it."""

    def filled(self, text: str) -> str:
        """Return ``text`` with the value of each secret in its place.

        Raises:
            KeyError: If it names one that was not there when the plan was checked.
        """
        return _SECRET.sub(lambda found: self.values[_same(found[1])], text)


def secret_names(text: str) -> tuple[str, ...]:
    """Return the names of the secrets in ``text``, in capital letters; it may be no name at all."""
    return tuple(_same(found) for found in _SECRET.findall(text))


def is_secret_name(name: str) -> bool:
    """Tell whether a secret can be called so."""
    return _NAME.fullmatch(name) is not None


def variable_of(name: str) -> str:
    """Return the environment variable that holds the secret, unless a file does."""
    return VARIABLE_PREFIX + _same(name)


def _same(name: str) -> str:
    """Return the name as it is compared: variables have capital letters."""
    return name.upper()
