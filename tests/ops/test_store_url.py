"""Which URLs of a store are understood, and what of them is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.ops.store_url import checked_store_url, shown_store, sqlite_file, store_url_in


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///sipagent.db",
        "sqlite:////var/lib/sip agent.db",
        "postgresql://host/database",
        "postgresql+psycopg://user:p%40ss@host:5432/database?sslmode=require",
        "postgresql+psycopg2://user@/database",
    ],
)
def test_a_file_and_a_server_are_stores(url: str) -> None:
    assert checked_store_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sipagent.db",
        "sqlite://",
        "sqlite:///",
        "sqlite://sipagent.db",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory&uri=true",
        "sqlite:///file:x",
        "sqlite:///a.db?timeout=0",
        "sqlite:///a\nb.db",
        "sqlite+aiosqlite:///a.db",
        "mysql://user@host/database",
        "postgresql+asyncpg://user@host/database",
        "postgresql://",
        "postgresql://user:p@ss@host/database",
        "postgresql://host/data base",
    ],
)
def test_nothing_else_is_and_the_reason_repeats_nothing(url: str) -> None:
    with pytest.raises(ValueError, match=r"^must be ") as caught:
        checked_store_url(url)
    assert "ss@" not in str(caught.value)


def test_the_file_of_a_store_starts_at_a_folder_unless_it_is_absolute() -> None:
    assert store_url_in(Path("/etc/x"), "sqlite:///a.db") == "sqlite:////etc/x/a.db"
    assert store_url_in(Path("conf"), "sqlite:///b/a.db") == "sqlite:///conf/b/a.db"
    assert store_url_in(Path("/etc/x"), "sqlite:////var/a.db") == "sqlite:////var/a.db"
    assert store_url_in(Path(), "sqlite:///a.db") == "sqlite:///a.db"
    server = "postgresql+psycopg://host/database"
    assert store_url_in(Path("/etc/x"), server) == server


def test_the_file_is_found_in_the_url() -> None:
    assert sqlite_file("sqlite:////var/a.db") == Path("/var/a.db")
    assert sqlite_file("sqlite:///a.db") == Path("a.db")
    assert sqlite_file("postgresql://host/database") is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:////var/a.db", "/var/a.db"),
        ("postgresql://host/db", "postgresql://host/db"),
        ("postgresql://user@host:5432/db", "postgresql://user@host:5432/db"),
        ("postgresql://user:secret@host:5432/db", "postgresql://user:***@host:5432/db"),
        ("postgresql://:secret@host/db", "postgresql://:***@host/db"),
        ("postgresql://host/db?password=secret", "postgresql://host/db"),
    ],
)
def test_a_store_is_shown_without_its_password(url: str, shown: str) -> None:
    assert shown_store(url) == shown


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=12))
def test_no_password_is_shown_whatever_is_in_it(password: str) -> None:
    try:
        url = checked_store_url(f"postgresql://me:{password}@h/d?password={password}")
    except ValueError as error:
        assert password not in str(error)
    else:
        assert password not in shown_store(url)
