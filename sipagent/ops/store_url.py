"""Where the store is: the URLs that are understood. Pure, and loads no database library."""

from __future__ import annotations

import re
from pathlib import Path

_SQLITE = "sqlite:///"
_SQLITE_URL = re.compile(r"sqlite:///[^?\x00-\x1f\x7f]+")
_POSTGRESQL_URL = re.compile(r"postgresql(\+psycopg2?)?://[!-?A-~]+(@[!-?A-~]+)?")
"""Printable, and at most one ``@``: a second would make part of a password a host."""

_PASSWORD = re.compile(r"(://[^:@]*):[^@]*@")


def checked_store_url(text: str) -> str:
    """Return ``text`` if it is the URL of a store.

    Raises:
        ValueError: If not; its text repeats nothing, for URLs hold passwords.
    """
    if not _SQLITE_URL.fullmatch(text) and not _POSTGRESQL_URL.fullmatch(text):
        raise ValueError("must be sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE")
    if text.startswith((f"{_SQLITE}:memory:", f"{_SQLITE}file:")):
        raise ValueError("must be a file: what is only in memory outlives no crash")
    return text


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite store, None of any other."""
    return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None


def shown_store(url: str) -> str:
    """Return how a store is named where everybody can read it: no password, no options."""
    file = sqlite_file(url)
    return str(file) if file is not None else _PASSWORD.sub(r"\1:***@", url).partition("?")[0]


def store_url_in(folder: Path, url: str) -> str:
    """Return ``url`` with the path of its file, if it has one, starting at ``folder``."""
    file = sqlite_file(url)
    return url if file is None else f"{_SQLITE}{folder / file}"
