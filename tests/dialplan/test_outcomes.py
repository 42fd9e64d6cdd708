"""What becomes of a plan's calls: agents answer, or they are refused, or sent elsewhere."""

from collections.abc import Callable

import pytest

from sipagent.dialplan.models import Refer, Refuse
from sipagent.dialplan.plans import PlanSet

Findings = Callable[[str], list[str]]
Write = Callable[[str, str], object]
Read = Callable[[], tuple[PlanSet, list[str]]]

HEAD = 'name = "p"\n'
AGENT = '[[agents]]\nname = "A"\ninstructions = "x"\n'
REFER = '[refer]\ntarget_uri = "sip:desk@example.com"\n'
NO_TARGET = ': must be where to call, such as "sip:desk@example.com" or "tel:+49301234"'


def test_a_plan_refuses_its_calls_with_603_or_as_it_says(write: Write, read: Read) -> None:
    write("a.toml", 'name = "a"\n[match]\ncalled = "1"\n[refuse]\n')
    write("b.toml", 'name = "b"\n[match]\ncalled = "2"\n[refuse]\nstatus = 404\n')
    plans, found = read()
    assert found == []
    assert [plan.dialplan.refuse for plan in plans.plans] == [
        Refuse(status=603),
        Refuse(status=404),
    ]


def test_a_plan_sends_its_calls_elsewhere(write: Write, read: Read) -> None:
    write("plan.toml", HEAD + REFER)
    plans, found = read()
    assert found == []
    assert plans.plans[0].dialplan.refer == Refer(target_uri="sip:desk@example.com")


def test_a_plan_must_say_something(findings: Findings) -> None:
    text = "is missing; a plan that answers no calls has [refuse] or [refer] instead"
    assert findings(HEAD) == [f"plan.toml: agents: {text}"]
    assert findings(f"{HEAD}x = 1\n")[0] == f"plan.toml: agents: {text}"


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        (f"{AGENT}[refuse]\n", "plan.toml:5: refuse: and agents"),
        (f"{REFER}{AGENT}", "plan.toml:2: refer: and agents"),
        (f"[refuse]\n{REFER}", "plan.toml:3: refer: and refuse"),
    ],
)
def test_a_plan_says_one_thing(findings: Findings, tables: str, expected: str) -> None:
    text = f"{expected} exclude each other: what is to become of a call?"
    assert findings(HEAD + tables) == [text]


@pytest.mark.parametrize(
    "table",
    [
        '[session]\nvoice = "marin"\n',
        '[[tools]]\nname = "t"\npython = "t.py:f"\n',
        '[[guardrails]]\nname = "g"\nphrases = ["x"]\n',
        '[transfer]\ntargets = { a = "tel:1" }\n',
    ],
)
@pytest.mark.parametrize("outcome", ["refuse", "refer"])
def test_what_concerns_agents_means_nothing_without_any(
    findings: Findings, write: Write, outcome: str, table: str
) -> None:
    write("t.py", 'def f() -> str:\n    "f"\n    return ""\n')
    key = table.partition("]")[0].strip("[")
    taken = "[refuse]\n" if outcome == "refuse" else REFER
    line = 2 + taken.count("\n")
    text = f"means nothing: the plan has [{outcome}]"
    assert findings(HEAD + taken + table) == [f"plan.toml:{line}: {key}: {text}"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("[refuse]\nstatus = 302", "3: refuse.status: must be greater than or equal to 400"),
        ("[refuse]\nstatus = 700", "3: refuse.status: must be less than or equal to 699"),
        ("[refuse]\nstatus = '603'", "3: refuse.status: must be a whole number"),
        ("[refuse]\nstate = 603", '3: refuse.state: unknown key (did you mean "status"?)'),
        ("[refer]", "2: refer.target_uri: is missing"),
        ("[refer]\ntarget_uri = 'desk'", f"3: refer.target_uri{NO_TARGET}"),
    ],
)
def test_a_bad_key_is_named(findings: Findings, lines: str, expected: str) -> None:
    (finding,) = findings(f"{HEAD}{lines}\n")
    assert finding.startswith(f"plan.toml:{expected}")


@pytest.mark.parametrize(
    "uri",
    [
        "sip:desk@example.com",
        "SIPS:+49-30.1@pbx.example.com:5061;transport=tcp",
        "sip:192.0.2.1",
        "sip:a@[2001:db8::1]:5070",
        "sip:desk@example.com?Replaces=abc%3Bto-tag%3D1",
        "tel:+49-30-1234",
        "tel:110;phone-context=+49",
    ],
)
def test_whom_to_call_is_a_sip_uri_or_a_number(findings: Findings, uri: str) -> None:
    assert findings(f'{HEAD}[refer]\ntarget_uri = "{uri}"\n') == []


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "sip:",
        "sip:a b@example.com",
        "sip:a@",
        "tel:",
        "tel:front desk",
        "https://example.com",
        "<sip:a@example.com>",
        "sip:a@example.com>,<sip:b@example.com",
        "sip:a@example.com\\r\\nX-Evil: 1",
        "sip:ä@example.com",
        f"sip:{'a' * 300}@example.com",
    ],
)
def test_what_could_not_stand_in_a_header_is_nobody_to_call(findings: Findings, uri: str) -> None:
    found = findings(f'{HEAD}[refer]\ntarget_uri = "{uri}"\n')
    assert found == [f"plan.toml:3: refer.target_uri{NO_TARGET}"]


TRANSFER = '[transfer]\ntargets = { billing = "tel:+4930123", operator = "sip:a@example.com" }\n'


def test_an_agent_may_transfer_callers_where_the_plan_says(findings: Findings) -> None:
    assert findings(f'{HEAD}{AGENT}tools = ["transfer_call"]\n{TRANSFER}') == []


def test_a_transfer_needs_somewhere_to_go(findings: Findings) -> None:
    assert findings(f'{HEAD}{AGENT}tools = ["hangup", "transfer_call"]\n') == [
        'plan.toml:5: agents[0].tools[1]: "transfer_call" needs [transfer], which says where'
        " callers may go"
    ]


def test_targets_nobody_transfers_to_are_pointed_out(findings: Findings) -> None:
    assert findings(HEAD + AGENT + TRANSFER) == [
        'plan.toml:5: transfer: warning: no agent has "transfer_call"'
    ]


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ("{}", "6: transfer.targets: must not be empty"),
        ('{ a = "nobody" }', f"6: transfer.targets.a.uri{NO_TARGET}"),
        ('{ "front desk" = "tel:1" }', "6: transfer.targets: 'front desk' must be letters"),
    ],
)
def test_a_bad_target_is_named(findings: Findings, targets: str, expected: str) -> None:
    (finding,) = findings(f"{HEAD}{AGENT}[transfer]\ntargets = {targets}\n")
    assert finding.startswith(f"plan.toml:{expected}"), finding


ATTENDED = '[transfer.targets.a]\nuri = "sip:a@x"\nmode = "attended"\n'
TRANSFERS = f'{HEAD}{AGENT}tools = ["transfer_call"]\n'


def test_a_target_may_be_asked_first(findings: Findings) -> None:
    table = f'{ATTENDED}announce = "A call."\nconfirm_key = "1"\nconfirm_s = 5.0\n'
    assert findings(f"{TRANSFERS}{table}") == []


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            '[transfer.targets.a]\nuri = "tel:1"\nring_s = 5.0\n',
            '8: transfer.targets.a.ring_s: warning: means nothing while mode is "blind"',
        ),
        (
            '[transfer.targets.a]\nuri = "tel:1"\nmode = "attended"\n',
            "7: transfer.targets.a.uri: must be a SIP URI, or needs a trunk: it is called before"
            " the caller goes there",
        ),
        (
            f"{ATTENDED}confirm_s = 5.0\n",
            '9: transfer.targets.a.confirm_s: warning: means nothing while confirm_key is ""',
        ),
        (
            '[transfer]\naccept_refer = "follow"\ntargets = { a = "tel:1" }\n',
            "6: transfer.refer_targets: must name where we may be sent: whoever calls could have"
            " us call anybody",
        ),
        (
            '[transfer]\nrefer_targets = ["*"]\ntargets = { a = "tel:1" }\n',
            '7: transfer.refer_targets: warning: means nothing while accept_refer is "refuse"',
        ),
        (
            "[transfer]\naccept_replaces = true\n",
            '5: agents[0].tools[0]: "transfer_call" needs transfer.targets, which says where'
            " callers may go",
        ),
        (
            f'[transfer]\nmusic = "no.wav"\n{ATTENDED}',
            "7: transfer.music: no.wav cannot be used: No such file or directory",
        ),
    ],
)
def test_what_a_target_cannot_be_is_named(findings: Findings, table: str, expected: str) -> None:
    assert findings(f"{TRANSFERS}{table}") == [f"plan.toml:{expected}"]


def test_a_plan_may_let_itself_be_transferred_and_nobody_else(findings: Findings) -> None:
    table = '[transfer]\naccept_refer = "follow"\nrefer_targets = ["sip:*@pbx"]\n'
    assert findings(f"{HEAD}{AGENT}{table}") == []
    assert findings(f"{HEAD}{AGENT}[transfer]\nneeds_approval = true\n") == [
        "plan.toml:5: transfer: warning: means nothing: it has no targets"
    ]
