"""Finds the secrets that a plan names, and says where one is missing or must not stand.

A secret comes from the file that ``[secrets]`` names, else from the environment variable
``SIPAGENT_SECRET_NAME``. No finding repeats a value.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from .documents import Document, read_source
from .findings import Finding, Severity
from .model import Text
from .secrets import Secrets, is_secret_name, secret_names, variable_of
from .toml_lines import KeyPath

PLACES: tuple[tuple[str | None, ...], ...] = (
    ("tools", None, "http", "headers", None),
    ("mcp", None, "headers", None),
    ("mcp", None, "env", None),
    ("message", "headers", None),
    ("guardrails", None, "judge", "api_key"),
)
"""Keys that may name secrets; None stands for any part of a key path."""

MAX_CHARS = 4_096
"""Of a secret; a key or token is shorter, and a longer file is probably another one."""


def _named(files: dict[str, str]) -> dict[str, str]:
    for name in files:
        if not is_secret_name(name):
            raise ValueError(f"{name[:60]!r} must be letters, digits and underscores, at most 64")
    return files


SecretFiles = Annotated[dict[str, Text], AfterValidator(_named)]
"""``[secrets]``: the file that holds it, beside the plan or by its whole path, by name."""


def read_secrets(
    document: Document, files: Mapping[str, str], environment: Mapping[str, str] | None = None
) -> tuple[Secrets, list[Finding]]:
    """Return the secrets that a plan names, and everything that is wrong with them.

    Args:
        document: The plan.
        files: Its ``[secrets]``.
        environment: Looked at for ``SIPAGENT_SECRET_`` variables alone; None: the process's.
    """
    held = {name.upper(): (name, file) for name, file in files.items()}
    findings, values = list(_misplaced(document)), dict[str, str]()
    used: dict[str, KeyPath] = {}
    for path, name in _uses(document.data):
        used.setdefault(name, path)
    for name, path in used.items():
        if not is_secret_name(name):
            text = "the name of a secret must be letters, digits and underscores, at most 64"
            findings.append(document.finding(path, text))
            continue
        key, file = held.get(name, ("", None))
        try:
            values[name] = (
                _of_environment(name, environment) if file is None else _of_file(document, file)
            )
        except ValueError as error:
            place = path if file is None else ("secrets", key)
            findings.append(document.finding(place, str(error)))
    for name, (key, _) in held.items():
        if name not in used and not document.is_borrowed(("secrets", key)):
            text = f"nothing says {{{{secret:{key}}}}}"
            findings.append(document.finding(("secrets", key), text, Severity.WARNING))
    return Secrets(values), findings


def _uses(data: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Return each secret that the values of a plan name, with its key. Never recurses."""
    waiting: list[tuple[KeyPath, Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        match value:
            case dict():
                waiting += [((*path, key), each) for key, each in value.items()]
            case list():
                waiting += [((*path, index), each) for index, each in enumerate(value)]
            case str():
                for name in secret_names(value):
                    yield path, name
            case _:
                pass


def _misplaced(document: Document) -> Iterator[Finding]:
    for path, _ in _uses(document.data):
        if not any(_is_at(path, place) for place in PLACES):
            allowed = ", ".join(".".join(part or "*" for part in place) for place in PLACES)
            yield document.finding(path, f"must not name a secret; allowed in: {allowed}")


def _is_at(path: KeyPath, place: tuple[str | None, ...]) -> bool:
    parts = zip(path, place, strict=False)
    return len(path) == len(place) and all(part in (None, key) for key, part in parts)


def _of_environment(name: str, environment: Mapping[str, str] | None) -> str:
    variable = variable_of(name)
    text = (os.environ if environment is None else environment).get(variable)
    if text is None:
        raise ValueError(
            f"there is no secret {name}: set {variable}, or name its file in [secrets]"
        )
    return _usable(text, variable)


def _of_file(document: Document, file: str) -> str:
    source = read_source(document.file.parent / file)
    if isinstance(source, Finding):
        raise ValueError(f"{file} {source.text}")
    return _usable(source.decode("utf-8", "replace"), file)


def _usable(text: str, origin: str) -> str:
    """Return the secret, which must fit into one line: it may become a header's value."""
    value = text.strip()
    if not value or not value.isascii() or not value.isprintable() or len(value) > MAX_CHARS:
        raise ValueError(f"{origin} must hold the secret, on one line, and nothing else")
    return value
