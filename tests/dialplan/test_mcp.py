"""What is wrong with MCP servers of a plan, and where."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sipagent.calls.mcp_setup import mcp_setup
from sipagent.dialplan.loading import read_dir

HEAD = """name = "p"
[[agents]]
name = "A"
instructions = "x"
mcp = ["books"]
tools = ["hangup"]
[[mcp]]
name = "books"
"""


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ('url = "http://127.0.0.1:1/mcp"', []),
        ('command = "sh"\nargs = ["-c", "x"]\nenv = { A = "b" }', []),
        ("", ["7: mcp[0]: needs command or url, and not both"]),
        ('url = "http://a"\ncommand = "sh"', ["7: mcp[0]: needs command or url, and not both"]),
        (
            'url = "http://a"\nargs = ["x"]',
            ["10: mcp[0].args: and env mean nothing without command"],
        ),
        ('command = "no-such"', ["9: mcp[0].command: there is no program no-such"]),
        ('command = "./no-such"', ["9: mcp[0].command: there is no program ./no-such"]),
        ('url = "ftp://a"', ["9: mcp[0].url: must be where the server is"]),
        (
            'url = "http://a"\nallow = ["hangup"]',
            ['10: mcp[0].allow[0]: agent "A" has a tool "hangup" already'],
        ),
        (
            'url = "http://a"\nallow = ["find"]\nneeds_approval = ["fnd"]',
            ['11: mcp[0].needs_approval[0]: "fnd" is none of allow (did you mean "find"?)'],
        ),
        (
            'url = "http://a"\nconnect_s = 3.0',
            ["10: mcp[0].connect_s: warning: is not shorter than session.ready_within_s"],
        ),
        (
            'url = "http://a"\n[[mcp]]\nname = "bokks"\nurl = "http://b"',
            ['11: mcp[1].name: warning: no agent has "bokks"'],
        ),
        (
            'url = "http://a"\n[[mcp]]\nname = "books"\nurl = "http://b"',
            ["11: mcp[1].name: is the name of another MCP server already"],
        ),
    ],
)
def test_what_is_wrong_is_named(
    findings: Callable[[str], list[str]], rest: str, expected: list[str]
) -> None:
    found = findings(f"{HEAD}{rest}\n")
    assert len(found) == len(expected), found
    for each, text in zip(found, expected, strict=True):
        assert each.startswith(f"plan.toml:{text}")


def test_an_unknown_server_is_named(findings: Callable[[str], list[str]]) -> None:
    text = HEAD.replace('["books"]', '["boks"]') + 'url = "http://a"\n'
    assert findings(text)[0] == (
        'plan.toml:5: agents[0].mcp[0]: there is no MCP server "boks" (did you mean "books"?); '
        "known: books"
    )


def test_two_servers_must_not_both_have_a_tool(findings: Callable[[str], list[str]]) -> None:
    text = HEAD.replace('["books"]', '["books", "films"]') + (
        'url = "http://a"\nallow = ["find"]\n'
        '[[mcp]]\nname = "films"\nurl = "http://b"\nallow = ["find"]\n'
    )
    assert findings(text) == [
        'plan.toml:14: mcp[1].allow[0]: agent "A" has "find" of the MCP server "books" too'
    ]


def test_what_a_plan_leaves_unused_of_a_part_is_fine_and_not_connected(
    write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    write("all.part.toml", '[[mcp]]\nname = "films"\nurl = "http://b"\n[message]\nfile = "m"\n')
    write("p.toml", HEAD.replace('"p"', '"p"\ninclude = "all.part.toml"') + 'url = "http://a"\n')
    plans, found = read_dir(tmp_path)
    assert [each for each in found if each.is_error or "no agent has" in each.text] == []
    assert [each.name for each in mcp_setup(plans.plans[0]).servers] == ["books"]
