"""The sections of attached calls: where the store is, who signs webhooks."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from sipagent.config import Config, load_config, read_config

Write = Callable[[str, str], Path]

WSS = "[realtime]\nurl = 'wss://127.0.0.1/v1/realtime'\napi_key = 'k'\n"


def secrets(config: Config) -> list[str]:
    return [each.get_secret_value() for each in config.webhooks.secrets]


def errors(file: Path, **environment: str) -> list[str]:
    config, findings = read_config(file, environment)
    assert config is None
    return [str(finding).replace(f"{file.parent}/", "") for finding in findings]


def test_the_store_is_beside_the_file_unless_it_says_otherwise(
    write: Write, tmp_path: Path
) -> None:
    assert load_config(write("c.toml", ""), {}).store.url == f"sqlite:///{tmp_path}/sipagent.db"
    file = write("c.toml", "[store]\nurl = 'sqlite:////var/x.db'\n")
    assert load_config(file, {}).store.url == "sqlite:////var/x.db"
    environment = {"SIPAGENT_STORE__URL": "sqlite:///here.db"}
    assert load_config(file, environment).store.url == "sqlite:///here.db"


def test_a_server_may_be_the_store_and_its_password_is_not_shown(write: Write) -> None:
    url = "postgresql+psycopg://me:hush-hush@host/calls"
    config = load_config(write("c.toml", f"[store]\nurl = '{url}'\n"), {})
    assert config.store.url == url
    assert "hush-hush" not in repr(config)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[store]\nurl = 'sqlite:///:memory:'",
            "c.toml:2: store.url: must be a file: what is only",
        ),
        ("[store]\nurl = 'calls.db'", "c.toml:2: store.url: must be sqlite:///FILE or postgresql"),
        ("[store]\nurl = 'mysql://me:hush@h/d'", "c.toml:2: store.url: must be sqlite:///FILE or"),
        ("[store]\nurl = 5", "c.toml:2: store.url: must be text in quotes, not 5"),
        ("[webhooks]\nsecrets = 'hush'", "c.toml:2: webhooks.secrets: must be an array"),
        ("[webhooks]\nsecrets = [5]", "c.toml:2: webhooks.secrets[0]: must be text in quotes"),
        (
            "[webhooks]\nsecrets = ['hu sh']",
            "c.toml:2: webhooks.secrets[0]: must be printable ASCII",
        ),
        ("[webhooks]\nsecrets = ['']", "c.toml:2: webhooks.secrets[0]: must be printable ASCII"),
        ("[webhooks]\nsecrets = ['whsec_hush!']", "c.toml:2: webhooks.secrets[0]: must be base64"),
        ("[webhooks]\nsecret = ['hush']", 'c.toml:2: webhooks.secret: unknown key (did you mean "'),
        ("[webhooks]\nmax_per_second = 0", "c.toml:2: webhooks.max_per_second: must be greater"),
        ("[attach]\nmax_calls = 0", "c.toml:2: attach.max_calls: must be greater than or equal"),
        ("[attach]\non_stop = 'die'", "c.toml:2: attach.on_stop: must be 'detach' or 'hang_up'"),
        ("[attach]\nenabled = true", "c.toml:2: attach.enabled: unknown key"),
    ],
)
def test_a_mistake_is_named_and_no_secret_repeated(write: Write, text: str, expected: str) -> None:
    (found,) = errors(write("c.toml", text))
    assert found.startswith(expected)
    assert "hush" not in found


@pytest.mark.parametrize(
    ("table", "environment", "expected"),
    [
        ("", {}, []),
        ("secrets = ['one', 'whsec_dHdv']", {}, ["one", "whsec_dHdv"]),
        ("secrets_file = 'secrets'", {}, ["alpha-1", "beta-2"]),
        ("", {"OPENAI_WEBHOOK_SECRET": " whsec_dHdv\n"}, ["whsec_dHdv"]),
        ("", {"OPENAI_WEBHOOK_SECRET": " "}, []),
        ("secrets = ['one']", {"OPENAI_WEBHOOK_SECRET": "x"}, ["one"]),
        ("secrets_file = 'secrets'", {"OPENAI_WEBHOOK_SECRET": "x"}, ["alpha-1", "beta-2"]),
        ("secrets = ['one']", {"SIPAGENT_WEBHOOKS__SECRETS": "['two']"}, ["two"]),
        ("secrets_file = 'secrets'", {"SIPAGENT_WEBHOOKS__SECRETS": "['two']"}, ["two"]),
        (
            "secrets = ['one']",
            {"SIPAGENT_WEBHOOKS__SECRETS_FILE": "{}/secrets"},
            ["alpha-1", "beta-2"],
        ),
    ],
)
def test_secrets_come_from_where_they_were_said(
    write: Write, tmp_path: Path, table: str, environment: dict[str, str], expected: list[str]
) -> None:
    write("secrets", "\n alpha-1 \r\n\nbeta-2\n")
    file = write("c.toml", f"{WSS}[webhooks]\n{table}\n")
    filled = {name: value.format(tmp_path) for name, value in environment.items()}
    config = load_config(file, filled)
    assert secrets(config) == expected
    assert not any(each in repr(config) for each in expected)
    assert secrets(pickle.loads(pickle.dumps(config))) == expected


def test_the_embedded_engine_gets_no_secret_of_another(write: Write) -> None:
    environment = {"OPENAI_WEBHOOK_SECRET": "other"}
    assert secrets(load_config(write("c.toml", ""), environment)) == []
    assert secrets(
        load_config(write("c.toml", "[webhooks]\nsecrets = ['own']\n"), environment)
    ) == ["own"]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("secrets_file = 'none'", "c.toml:5: webhooks.secrets_file: none does not exist"),
        ("secrets_file = 'empty'", "c.toml:5: webhooks.secrets_file: empty must hold secrets, one"),
        ("secrets_file = 'two'", "c.toml:5: webhooks.secrets_file: two must hold secrets, one per"),
        ("secrets_file = 'junk'", "c.toml:5: webhooks.secrets_file: junk must hold secrets, one"),
        (
            "secrets_file = 'good'\nsecrets = ['hush']",
            "c.toml:5: webhooks.secrets_file: give secrets or secrets_file, not both",
        ),
    ],
)
def test_secrets_that_cannot_be_had_are_named(
    write: Write, tmp_path: Path, table: str, expected: str
) -> None:
    write("empty", "\n \n")
    write("good", "hush\n")
    write("two", "hush hush\n")
    (tmp_path / "junk").write_bytes(b"\xff\xfe")
    (found,) = errors(write("c.toml", f"{WSS}[webhooks]\n{table}\n"))
    assert found.startswith(expected)
    assert "hush" not in found


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("OPENAI_WEBHOOK_SECRET", "whsec_hush!", "OPENAI_WEBHOOK_SECRET: is no webhook secret"),
        ("SIPAGENT_WEBHOOKS__SECRETS", "hush", "SIPAGENT_WEBHOOKS__SECRETS: must be an array"),
        ("SIPAGENT_STORE__URL", "hush://", "SIPAGENT_STORE__URL: must be sqlite:///FILE or"),
    ],
)
def test_a_variable_that_means_nothing_is_named(
    write: Write, variable: str, value: str, expected: str
) -> None:
    (found,) = errors(write("c.toml", WSS), **{variable: value})
    assert found.startswith(f"environment: {expected}")
    assert "hush" not in found
