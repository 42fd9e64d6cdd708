"""``sipagent check``."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sipagent.check import check_files

Write = Callable[[str, str], Path]

PLAN = """name = "p"
[session]
script = "p"
[[agents]]
name = "A"
instructions = "x"
tools = ["hangup"]
handoffs = ["B"]
[[agents]]
name = "B"
instructions = "x"
"""
SCRIPT = """
[[rules]]
heard = ["bye"]
call = "hangup"
[[agents]]
name = "A"
greeting = "Hello."
otherwise = ["What?"]
[[agents.rules]]
heard = ["billing"]
call = "transfer_to_B"
[[agents]]
name = "B"
greeting = "Hello."
otherwise = ["What?"]
"""


@pytest.fixture
def folder(write: Write, tmp_path: Path) -> Path:
    write("sipagent.toml", "[dialplans]\npath = 'plans'\n")
    write("plans/p.toml", PLAN)
    write("plans/p.script.toml", SCRIPT)
    return tmp_path


def texts(folder: Path, *names: str, **environment: str) -> list[str]:
    found = check_files([folder / name for name in names], environment)
    return [str(each).replace(f"{folder}/", "") for each in found]


def test_nothing_is_wrong_with_what_comes_with_the_project() -> None:
    assert check_files([], {}) == []
    assert check_files([Path("sipagent.sample.toml"), Path("dialplans")], {}) == []


def test_a_configuration_is_checked_with_its_dialplans(folder: Path, write: Write) -> None:
    assert texts(folder, "sipagent.toml") == []
    write("plans/q.toml", "name = 5\n")
    assert texts(folder, "sipagent.toml") == [
        "plans/q.toml: agents: is missing; a plan that answers no calls has [refuse] or [refer]"
        " instead",
        "plans/q.toml:1: name: must be text in quotes, not 5",
    ]
    assert texts(folder, "sipagent.toml", SIPAGENT_X="1")[0].startswith("environment: SIPAGENT_X")


def test_without_names_the_working_directory_is_checked(
    folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    write("sipagent.toml", "[dialplans]\npath = 'none'\n")
    assert [str(each) for each in check_files([], {})] == ["none: there is no such folder"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("x.toml", "[sip]\nprot = 1", "x.toml:2: sip.prot: unknown key"),
        ("sipagent.toml", "[spi]\nport = 1", "sipagent.toml:1: spi: unknown key"),
        ("x.toml", "[match]\nx = 1\n[[agents]]\nname = 'A'", "x.toml: name: is missing"),
        ("x.toml", "[", "x.toml:1: is not valid TOML"),
        ("none.toml", None, "none.toml: does not exist"),
        ("x.script.toml", "agents = 1", "x.script.toml:1: agents: must be an array, not 1"),
        ("x.script.toml", "[", "x.script.toml:1: is not valid TOML"),
    ],
)
def test_each_file_is_checked_as_what_it_is(
    tmp_path: Path, write: Write, name: str, text: str | None, expected: str
) -> None:
    if text is not None:
        write(name, text)
    assert texts(tmp_path, name)[0].startswith(expected)


def test_a_script_must_fit_its_plan(folder: Path, write: Write) -> None:
    script = SCRIPT.replace('name = "B"', 'name = "Bb"').replace('"hangup"', '"hangupp"')
    write("plans/p.script.toml", script)
    expected = [
        'plans/p.script.toml: agents: warning: has no agent "B" of plan p (did you mean "Bb"?)',
        'plans/p.script.toml: rules: warning: calls "hangupp", which no agent of plan p has;'
        " known: hangup, transfer_to_b",
    ]
    assert texts(folder, "plans") == expected
    assert texts(folder, "plans/p.toml") == expected


def test_a_broken_script_is_told_once(folder: Path, write: Write) -> None:
    write("plans/p.script.toml", SCRIPT.replace('greeting = "Hello."', ""))
    assert texts(folder, "sipagent.toml", "plans", "plans/p.script.toml") == [
        "plans/p.script.toml:5: agents[0].greeting: is missing",
        "plans/p.script.toml:12: agents[1].greeting: is missing",
    ]


def test_files_of_tls_are_looked_at(folder: Path, write: Write) -> None:
    tls = '[sip.tls]\ncertificate = "a.pem"\nkey = "a.key"\n'
    file = write("sipagent.toml", f'[sip]\ntransports = ["udp", "tls"]\n{tls}')
    missing = f"sip.tls.certificate: {folder / 'a.pem'}: No such file or directory"
    assert any(str(found).endswith(missing) for found in check_files([file], {}))
    write("sipagent.toml", tls)
    assert not any("a.pem" in str(found) for found in check_files([file], {}))


def test_a_plan_that_sends_its_calls_to_an_emergency_number_is_found(
    write: Write, tmp_path: Path
) -> None:
    plan = 'name = "p"\nmatch.called = "1"\n[refer]\ntarget_uri = "tel:112"\n'
    write("plans/p.toml", plan)
    text = "refer.target_uri: is an emergency number: that needs match.emergency = true"
    assert texts(tmp_path, "plans/p.toml") == [f"plans/p.toml:4: {text}"]


def test_a_transfer_to_an_emergency_number_is_found_by_the_configurations_list(
    write: Write, tmp_path: Path
) -> None:
    agent = '[[agents]]\nname = "A"\ninstructions = "x"\ntools = ["transfer_call"]\n'
    for number in ("112", "0112"):
        table = f'[transfer]\ntargets = {{ help = "tel:{number}" }}\n'
        write(f"plans/p{number}.toml", f'name = "p{number}"\nmatch.called = "1"\n{agent}{table}')
    write("sipagent.toml", "sip.emergency_numbers = ['0112']\ndialplans.path = 'plans'\n")
    text = "transfer.targets.help: is an emergency number: that needs match.emergency = true"
    ours, usual = f"plans/p0112.toml:8: {text}", f"plans/p112.toml:8: {text}"
    assert texts(tmp_path, "plans/p112.toml") == [usual]
    assert [each for each in texts(tmp_path, "plans") if "emergency" in each] == [usual]
    assert [each for each in texts(tmp_path, "sipagent.toml") if "emergency" in each] == [ours]
