"""``[backend]`` of a dialplan: what it may be, and what is said of what it may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sipagent.dialplan.plans import PlanSet

Findings = Callable[[str], list[str]]
Write = Callable[[str, str], object]
Read = Callable[[], tuple[PlanSet, list[str]]]

PLAN = """name = "p"
[[agents]]
name = "A"
instructions = "x"
tools = ["delegate"]
[[tools]]
name = "refund"
python = "tools.py:refund"
[backend]
instructions = "Work."
tools = ["refund"]
"""
TOOLS = 'def refund(order: str) -> str:\n    """Refund."""\n    return order\n'


@pytest.fixture
def found(write: Write, findings: Findings) -> Callable[[str, str], list[str]]:
    """Return what is wrong with the plan once ``old`` was replaced in it by ``new``."""

    def read(old: str = "", new: str = "") -> list[str]:
        write("tools.py", TOOLS)
        assert old in PLAN
        return findings(PLAN.replace(old, new) if old else PLAN + new)

    return read


def test_a_backend_has_defaults(write: Write, read: Read) -> None:
    write("tools.py", TOOLS)
    write("p.toml", PLAN)
    plans, found = read()
    assert found == []
    backend = plans.plans[0].dialplan.backend
    assert backend is not None
    assert (backend.url, backend.transport, backend.api_key_file) == (None, "http", None)
    assert (backend.timeout_s, backend.filler_every_s, backend.filler_tone) == (60.0, 8.0, False)
    assert backend.filler


def test_delegating_needs_somebody_who_works(findings: Findings) -> None:
    text = PLAN.partition("[[tools]]")[0]
    assert findings(text) == [
        'plan.toml:5: agents[0].tools[0]: "delegate" needs [backend], which says who does the work'
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"Work."\n', '"Work."\ntimeout_s = 0\n', "11: backend.timeout_s: must be greater than 0"),
        ('"Work."\n', '"Work."\nurl = "wss://x/v1"\n', "11: backend.url: must be the base URL"),
        ('"Work."\n', '"Work."\nurl = "https://u:p@x/v1"\n', "11: backend.url: must be the base"),
        ('"Work."\n', '"Work."\ntransport = "grpc"\n', "11: backend.transport: must be 'http'"),
        ('"Work."\n', '"Work."\nfilller = "x"\n', "11: backend.filller: unknown key (did you mean"),
        ('instructions = "Work."\n', "", "9: backend.instructions: is missing"),
        (
            'tools = ["refund"]',
            'tools = ["refnd"]',
            '11: backend.tools[0]: there is no tool "refnd" (did you mean "refund"?)',
        ),
        (
            'tools = ["refund"]',
            'tools = ["refund", "hangup"]',
            '11: backend.tools[1]: there is no tool "hangup"',
        ),
        (
            'tools = ["refund"]',
            'tools = ["refund", "refund"]',
            '11: backend.tools[1]: names the tool "refund" twice',
        ),
        (
            'tools = ["refund"]',
            'tools = ["refund"]\napi_key_file = "key.txt"',
            "12: backend.api_key_file: key.txt does not exist",
        ),
        (
            'tools = ["refund"]',
            'tools = ["refund"]\nfiller_tone = true\nfiller = "Wait."',
            "13: backend.filler: warning: means nothing while filler_tone is true",
        ),
        (
            'tools = ["refund"]',
            'tools = ["refund"]\nfiller = ""\nfiller_every_s = 4',
            '13: backend.filler_every_s: warning: means nothing while filler is ""',
        ),
        (
            'tools = ["delegate"]',
            "",
            '9: backend: warning: no agent has "delegate"',
        ),
        (
            'name = "refund"',
            'name = "delegate"',
            '7: tools[0].name: "delegate" is built in; choose another name',
        ),
    ],
)
def test_what_is_wrong_is_named(
    found: Callable[[str, str], list[str]], old: str, new: str, expected: str
) -> None:
    assert any(each.startswith(f"plan.toml:{expected}") for each in found(old, new)), found(
        old, new
    )


def test_a_tool_of_the_backend_alone_is_used(found: Callable[[str, str], list[str]]) -> None:
    assert found("", "") == []


@pytest.mark.parametrize("held", ["", "two keys", "k\u00e9y"])
def test_a_file_of_a_key_holds_it_and_nothing_else(
    write: Write, findings: Findings, held: str
) -> None:
    write("tools.py", TOOLS)
    write("key.txt", held)
    (text,) = findings(PLAN + 'api_key_file = "key.txt"\n')
    assert text == (
        "plan.toml:12: backend.api_key_file: key.txt must hold the key, on one line,"
        " and nothing else"
    )


def test_a_backend_means_nothing_where_nobody_answers(findings: Findings) -> None:
    text = 'name = "p"\n[refuse]\n[backend]\ninstructions = "x"\n'
    assert findings(text) == ["plan.toml:3: backend: means nothing: the plan has [refuse]"]
