"""The command line in this process: what there is, what it refuses, what ``check`` says."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sipagent.cli import app

COMMANDS = {
    "serve": "Run the appliance.",
    "demo": "Place a real call on the embedded engine",
    "check": "Check configuration and dialplans",
    "route": "Tell which dialplan answers a call",
    "schema": "Print the JSON Schema of dialplans",
    "replay-routes": "Tell which calls on record the dialplans",
    "call": "Call somebody with the built-in test phone.",
    "dial": "Have the running appliance call somebody",
    "calls": "Past calls, and those that go on.",
    "health": "Ask the running appliance how it is",
    "engine": "Run the embedded realtime server alone",
}
PLAN = """name = "p"
[session]
greeting = "Hello."
[[agents]]
name = "A"
instructions = "x"
tools = ["hangup"]
"""
BROKEN = PLAN.replace("greeting", "greating")
SCRIPTED = PLAN.replace("[session]", '[session]\nscript = "p"')
SCRIPT = """
[[agents]]
name = "A"
greeting = "Hello."
otherwise = ["What?"]
[[agents.rules]]
heard = ["bye"]
call = "hangupp"
"""
UNKNOWN_TOOL = (
    'p.script.toml: rules: warning: calls "hangupp", which no agent of plan p has; known: hangup'
)


def run(*arguments: str) -> Result:
    wide = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb", "FORCE_COLOR": None}
    return CliRunner().invoke(app, list(arguments), env=wide)


def checked(folder: Path, **files: str) -> tuple[int, list[str]]:
    """Write a configuration and plans, check them; return exit status and lines."""
    (folder / "plans").mkdir()
    config = folder / "sipagent.toml"
    config.write_text("[dialplans]\npath = 'plans'\n")
    for name, text in files.items():
        (folder / "plans" / f"{name.replace('_', '.')}.toml").write_text(text)
    result = run("check", str(config))
    return result.exit_code, result.output.replace(f"{folder}/plans/", "").splitlines()


def test_help_lists_every_command_with_what_it_does() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name, text in COMMANDS.items():
        (line,) = [each for each in result.output.splitlines() if text in each]
        assert line.strip("│ ").startswith(name)
    assert {
        command.name or command.callback.__name__
        for command in app.registered_commands
        if command.callback
    } | {group.name for group in app.registered_groups} == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_for_each_option(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert COMMANDS[name] in result.output
    assert "ready-fd" not in result.output


def test_without_a_command_there_is_help() -> None:
    result = run()
    assert result.exit_code == 2
    assert COMMANDS["serve"] in result.output


def test_the_version_is_that_of_the_package() -> None:
    result = run("--version")
    assert (result.exit_code, result.output) == (0, f"sipagent {version('sipagent')}\n")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("nosuch", "'nosuch'"),
        ("--nosuch", "--nosuch"),
        ("check --nosuch", "--nosuch"),
        ("serve sipagent.toml", "sipagent.toml"),
        ("call", "uri"),
        ("call sip:x@127.0.0.1:9 --limit-s soon", "'--limit-s'"),
        ("engine --port 65536", "'--port'"),
        ("engine --port -1", "'--port'"),
        ("engine --recognisers 0", "'--recognisers'"),
        ("engine --recognisers 17", "'--recognisers'"),
        ("engine --max-sessions 0", "'--max-sessions'"),
        ("engine --log-level loud", "'--log-level'"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_named(arguments: str, named: str) -> None:
    result = run(*arguments.split())
    assert result.exit_code == 2
    assert named in result.output


def test_a_good_plan_is_nothing_to_speak_of(tmp_path: Path) -> None:
    assert checked(tmp_path, p=PLAN) == (0, ["0 errors, 0 warnings"])


def test_an_error_is_named_counted_and_the_exit_status(tmp_path: Path) -> None:
    status, (finding, count) = checked(tmp_path, p=BROKEN)
    assert status == 1
    assert finding.startswith('p.toml:3: session.greating: unknown key (did you mean "greeting"?)')
    assert count == "1 error, 0 warnings"


def test_a_warning_is_named_and_counted_and_no_error(tmp_path: Path) -> None:
    assert checked(tmp_path, p=SCRIPTED, p_script=SCRIPT) == (
        0,
        [UNKNOWN_TOOL, "0 errors, 1 warning"],
    )


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    files = {"p": SCRIPTED, "p_script": SCRIPT, "q": BROKEN, "r": "name = 5\n"}
    status, lines = checked(tmp_path, **files)
    assert status == 1
    assert len(lines) == 5
    assert lines[-1] == "3 errors, 1 warning"


def test_without_names_the_working_directory_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sipagent.toml").write_text("[sip]\nprot = 1\n")
    result = run("check")
    assert result.exit_code == 1
    assert result.output.startswith("sipagent.toml:2: sip.prot: unknown key")
