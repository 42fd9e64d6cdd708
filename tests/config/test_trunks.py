"""Trunks in the configuration: where passwords come from, and that none is shown."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from sipagent.check import check_files
from sipagent.config import load_config, read_config

Write = Callable[[str, str], Path]

TRUNK = """
[[sip.trunks]]
name = "provider"
registrar = "sip:p.example"
user = "ada"
"""


def test_the_password_may_be_in_a_file_beside_the_configuration(write: Write) -> None:
    file = write("c.toml", TRUNK + 'password_file = "secret"\n')
    write("secret", "hunter2\n")
    config = load_config(file, {})
    assert config.sip.trunks[0].password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(config)
    assert pickle.loads(pickle.dumps(config)) == config


def test_trunks_may_come_from_the_environment(write: Write) -> None:
    folder = write("secret", "hunter2").parent
    trunks = f'[{{ name = "a", user = "u", password_file = "{folder}/secret" }}]'
    config = load_config(write("c.toml", TRUNK), {"SIPAGENT_SIP__TRUNKS": trunks})
    assert [trunk.name for trunk in config.sip.trunks] == ["a"]
    assert config.sip.trunks[0].password.get_secret_value() == "hunter2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password_file = 'none'", "c.toml:6: sip.trunks[0].password_file: none does not exist"),
        ("password_file = 'two'", "c.toml:6: sip.trunks[0].password_file: two must hold the pas"),
        ("password_file = 'empty'", "c.toml:6: sip.trunks[0].password_file: empty must hold"),
        (
            "password_file = 'two'\npassword = 'hunter2'",
            "c.toml:6: sip.trunks[0].password_file: give password or password_file, not both",
        ),
        ("password = 5", "c.toml:6: sip.trunks[0].password: must be text in quotes"),
        ("pasword = 'hunter2'", 'c.toml:6: sip.trunks[0].pasword: unknown key (did you mean "pas'),
        ("register = 1", "c.toml:6: sip.trunks[0].register: must be true or false, not 1"),
        (
            "[[sip.trunks]]\nname = 'provider'",
            'c.toml:2: sip.trunks: has two named "provider"',
        ),
    ],
)
def test_what_is_wrong_is_named_and_no_secret_shown(write: Write, text: str, expected: str) -> None:
    write("two", "hunter2\nhunter3\n")
    write("empty", "\n")
    file = write("c.toml", TRUNK + text)
    findings = [str(each).replace(f"{file.parent}/", "") for each in check_files([file], {})]
    assert any(each.startswith(expected) for each in findings), findings
    assert not any("hunter" in each for each in findings)


def test_a_plan_that_names_an_unknown_trunk_is_an_error(write: Write) -> None:
    file = write("c.toml", TRUNK + '[dialplans]\npath = "plans"\n')
    write("plans/desk.toml", 'name = "desk"\n[match]\ntrunk = "pbx"\n[refuse]\n')
    found = [str(each).replace(f"{file.parent}/", "") for each in check_files([file], {})]
    assert 'plans/desk.toml:3: match.trunk: there is no trunk "pbx"; known: provider' in found


def test_a_key_of_a_trunk_that_is_unknown_is_answered_with_those_that_are_written(
    tmp_path: Path,
) -> None:
    file = tmp_path / "sipagent.toml"
    file.write_text('[[sip.trunks]]\nname = "a"\nregistrar = "sip:a"\nregisters = false\n')
    (finding,) = read_config(file, {})[1]
    assert '(did you mean "register"?); allowed: name,' in finding.text
    assert "registers," not in finding.text
