"""Tokens in the configuration: where they come from, and that none is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sipagent.config import load_config, read_config
from sipagent.ops.api_tokens import Asker, Role, Token

Write = Callable[[str, str], Path]

FIRST, SECOND = "correct-horse-battery", "staple-correct-horse"


def test_tokens_have_names_and_roles_and_may_be_in_files(write: Write) -> None:
    text = f"""
[http]
token = "{FIRST}"
[[http.tokens]]
name = "wallboard"
role = "read"
token_file = "secret"
[[http.tokens]]
name = "ada"
role = "operate"
token = "{SECOND}"
"""
    write("secret", "wallboard-horse-battery\n")
    config = load_config(write("c.toml", text), {})
    assert config.http.all_tokens == (
        Token(Asker("token", Role.OPERATE), FIRST),
        Token(Asker("ada", Role.OPERATE), SECOND),
        Token(Asker("wallboard", Role.READ), "wallboard-horse-battery"),
    )
    assert "horse" not in repr(config)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ('role = "read"', "name: is missing"),
        ('name = "a"', "role: is missing"),
        ('name = "a b"\nrole = "read"', "name: "),
        ('name = "a"\nrole = "admin"', "role: "),
        ('name = "a"\nrole = "read"\ntoken = "short"', "token: must be at least 16 printable"),
        ('name = "a"\nrole = "read"', "must be at least 16 printable"),
        (f'name = "token"\nrole = "read"\ntoken = "{FIRST}"', 'name: "token" is taken already'),
        ('name = "a"\nrole = "read"\ntoken_file = "none"', "token_file: none does not exist"),
        ('name = "a"\nrole = "read"\ntoken_file = "two"', "token_file: must be at least 16"),
        (
            f'name = "a"\nrole = "read"\ntoken = "{FIRST}"\ntoken_file = "two"',
            "token_file: give token or token_file, not both",
        ),
    ],
)
def test_what_is_wrong_is_named_and_no_secret_shown(
    write: Write, table: str, expected: str
) -> None:
    write("two", f"{FIRST}\n{SECOND}\n")
    _, findings = read_config(write("c.toml", f"[[http.tokens]]\n{table}\n"), {})
    texts = [str(finding) for finding in findings if finding.is_error]
    assert any(expected in text for text in texts), texts
    assert not any("horse" in text for text in texts)
