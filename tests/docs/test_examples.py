"""Every example of the documentation runs, and does what the page says it does."""

from __future__ import annotations

import re
from pathlib import Path

from .examples import EXAMPLES, output_of, question

TEXT_AGENTS = {path.stem for path in EXAMPLES.glob("backend_*.py")}
"""Of another page."""


def test_an_answer_is_printed_and_its_sound_kept(engine: str, tmp_path: Path) -> None:
    answer, figures = output_of("quick_start", tmp_path, engine)
    assert answer == "agent: Good morning."
    counted = re.fullmatch(r"(\d+) ms of sound, (\d+) tokens", figures)
    assert counted is not None, figures
    assert int(counted[1]) == (tmp_path / "answer.pcm").stat().st_size // 48 > 500
    assert int(counted[2]) > 0


def test_tools_run_time_out_fail_and_keep_quiet(engine: str, tmp_path: Path) -> None:
    printed = output_of("tools", tmp_path, engine)
    assert printed[:6] == [
        "opening_hours: The shop is open nine to five on Saturday",
        "agent: The shop is open nine to five on Saturday",
        "stock_level: Tool 'stock_level' timed out after 0.2 seconds.",
        "agent: Tool 'stock_level' timed out after 0.2 seconds.",
        "order_status: There is no order of that number.",
        "agent: There is no order of that number.",
    ]
    assert sorted(printed[6:8]) == [
        "opening_hours: The shop is open nine to five on today",
        'order_status: {"number": "7", "status": "shipped"}',
    ]
    both = printed[8]
    assert "open nine to five on today" in both
    assert "shipped" in both
    assert printed[9:] == ["note: noted: call back", "agent: Anything else?"]


def test_calls_are_approved_once_for_good_and_rejected(engine: str, tmp_path: Path) -> None:
    assert output_of("approvals", tmp_path, engine) == [
        "agent: 5 euros of order A1 are on their way",
        "agent: That is too much to give back.",
        'approved: {"order": "A3", "euros": 50}',
        "agent: 50 euros of order A3 are on their way",
        "agent: 60 euros of order A4 are on their way",
    ]


def test_a_tools_guardrails_keep_things_out_and_in(engine: str, tmp_path: Path) -> None:
    assert output_of("tool_guardrails", tmp_path, engine) == [
        "agent: Ask for the name, letters only.",
        "agent: That is confidential.",
    ]


def test_an_answer_that_must_not_be_given_is_cut_off(engine: str, tmp_path: Path) -> None:
    tripped, cut_off, *answer = output_of("guardrails", tmp_path, engine)
    assert tripped == "tripped: prices, {'seen': 'a price'}"
    assert cut_off == "cut off"
    assert answer[0].startswith("agent: ")
    assert "Reason: no prices by phone." in answer


def test_the_model_and_the_program_hand_over(engine: str, tmp_path: Path) -> None:
    printed = output_of("handoffs", tmp_path, engine)
    assert printed[:2] == ["complaint about noise", "Desk -> Complaints"]
    assert '{"assistant":"Complaints"}' in printed[2]
    assert printed[3:] == ["now: Billing"]


def test_the_history_is_shown_and_changed(engine: str, tmp_path: Path) -> None:
    assert output_of("history", tmp_path, engine) == [
        "user: say:My secret is seven.",
        "assistant: My secret is seven.",
        "SystemMessage",
        "user: say:My secret is seven.",
    ]


def test_listeners_hear_what_they_listen_to(engine: str, tmp_path: Path) -> None:
    assert sorted(output_of("listeners", tmp_path, engine)) == [
        "agent: Hello.",
        "as it came: True",
        "item: AssistantMessage",
        "item: UserMessage",
        "response: completed",
        "tokens counted: True",
    ]


def test_what_was_not_heard_is_cut_to_the_millisecond(engine: str, tmp_path: Path) -> None:
    printed = output_of("interrupting", tmp_path, engine)
    assert printed[0] == "heard 120 ms"
    assert printed[-1] == "the endpoint cut it at 120 ms"
    assert printed[1:-1] in ([], ["response: cancelled"])


def test_an_agent_speaks_first(engine: str, tmp_path: Path) -> None:
    assert output_of("greeting", tmp_path, engine) == ["agent: Welcome to the shop."]


def test_a_caller_pushes_to_talk(engine: str, tmp_path: Path) -> None:
    said = question(tmp_path, "what are your opening hours on saturday")
    assert sorted(output_of("push_to_talk", tmp_path, engine, said)) == [
        "agent: We are open from nine to five.",
        "caller: what are your opening hours on saturday",
    ]


def test_a_turn_is_looked_at_and_then_answered(engine: str, tmp_path: Path) -> None:
    said = question(tmp_path, "what are your opening hours on saturday")
    assert output_of("moderate_first", tmp_path, engine, said) == [
        "caller: what are your opening hours on saturday",
        "agent: We are open from nine to five.",
    ]


def test_a_turn_is_looked_at_and_taken_out(engine: str, tmp_path: Path) -> None:
    said = question(tmp_path, "tell me a joke")
    assert output_of("moderate_first", tmp_path, engine, said) == [
        "caller: tell me a joke",
        "agent: Let us talk about something else.",
    ]


def test_a_classification_leaves_nothing_in_the_conversation(engine: str, tmp_path: Path) -> None:
    printed = output_of("classify", tmp_path, engine)
    assert sorted(printed[:2]) == ["agent: I will look that up for you.", "topic: complaint"]
    assert printed[2:] == ["items: 2"]


def test_the_endpoint_calls_an_mcp_servers_tool(
    engine: str, mcp_server: str, tmp_path: Path
) -> None:
    tools, approved, output, answer = output_of("hosted_mcp", tmp_path, engine, MCP_URL=mcp_server)
    assert tools == "tools: ['find_book', 'lend']"
    assert approved == "approved: find_book"
    assert output == "output: Emma is on shelf 7"
    assert "Emma is on shelf 7" in answer


def test_a_conversation_outlives_its_connection(short_lived_engine: str, tmp_path: Path) -> None:
    assert output_of("reconnecting", tmp_path, short_lived_engine) == [
        "agent: Your number is twelve.",
        "lost: 1001",
        "retold: UserMessage AssistantMessage",
    ]


def test_every_example_is_run_here() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    names = sorted({path.stem for path in EXAMPLES.glob("*.py")} - TEXT_AGENTS)
    assert len(names) == 15
    assert [name for name in names if f'output_of("{name}"' not in here] == []
