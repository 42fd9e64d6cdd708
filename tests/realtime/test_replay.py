"""A conversation, retold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from sipagent.engine.items import checked_item
from sipagent.realtime.history_items import (
    AssistantMessage,
    FunctionCall,
    HistoryItem,
    InputAudio,
    InputImage,
    InputText,
    McpApprovalRequest,
    McpCall,
    OutputAudio,
    OutputText,
    SystemMessage,
    UserMessage,
)
from sipagent.realtime.replay import MOST_SUMMARY_CHARS, replay_items
from sipagent.wire.client import ConversationItemCreate


def retold(
    *items: HistoryItem,
    most_items: int = 50,
    most_chars: int = 5000,
    heard: Mapping[str, str] | None = None,
) -> list[tuple[str, str]]:
    """Return who says what."""
    told = replay_items(items, most_items=most_items, most_chars=most_chars, heard=heard)
    return lines(told)


def lines(told: Sequence[ConversationItemCreate]) -> list[tuple[str, str]]:
    return [(each.item["role"], each.item["content"][0]["text"]) for each in told]


def said(item_id: str, text: str) -> UserMessage:
    return UserMessage(item_id, (InputText(text),))


def test_everybody_is_retold_as_text_in_order() -> None:
    told = replay_items(
        [
            SystemMessage("s", (InputText("Be kind."),)),
            UserMessage("u", (InputAudio("AAAA", "Hello?"),)),
            AssistantMessage("a", (OutputAudio(None, "Good morning."),)),
        ],
        most_items=10,
        most_chars=100,
    )
    assert [each.item for each in told] == [
        {
            "type": "message",
            "role": "system",
            "content": [{"type": "input_text", "text": "Be kind."}],
        },
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "Hello?"}],
        },
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Good morning."}],
        },
    ]


def test_the_parts_of_a_message_become_one_text() -> None:
    parts = (InputText("Look: "), InputImage("data:"), InputAudio(None, " this"), InputAudio())
    assert retold(UserMessage("u", parts)) == [("user", "Look:\nthis")]


def test_what_says_nothing_is_left_out() -> None:
    items = (
        SystemMessage("s", ()),
        UserMessage("u", (InputAudio(None, " "), InputImage("data:"))),
        AssistantMessage("a", (OutputAudio(), OutputText(""))),
        McpApprovalRequest("r", "shop", "buy", "{}"),
    )
    assert retold(*items) == []


def test_of_an_interrupted_answer_what_was_heard_is_retold() -> None:
    answers = [
        AssistantMessage(each, (OutputAudio(None, "One two three."),), "incomplete")
        for each in ("a1", "a2", "a3")
    ]
    told = retold(*answers, heard={"a1": "One two", "a2": ""})
    assert told == [("assistant", "One two"), ("assistant", "One two three.")]


def test_only_the_agent_is_heard() -> None:
    assert retold(said("u", "Hello?"), heard={"u": "x"}) == [("user", "Hello?")]


def test_a_tool_is_retold_in_one_line_of_the_system() -> None:
    items = (
        FunctionCall("f", "call_1", "look_up", '{"order": 7}', "sent\non Monday"),
        McpCall("m", "weather", "{}"),
    )
    assert retold(*items) == [
        ("system", 'Tool look_up was called with {"order": 7} and answered: sent on Monday'),
        ("system", "Tool weather was called with {} and answered: nothing yet"),
    ]


def test_a_tool_that_says_much_is_cut_short() -> None:
    ((_, line),) = retold(FunctionCall("f", "call_1", "look_up", "{}", "x" * 201))
    assert line.endswith("answered: " + "x" * (MOST_SUMMARY_CHARS - 1) + "…")
    ((_, line),) = retold(FunctionCall("f", "call_1", "look_up", "{}", "x" * 200))
    assert line.endswith("answered: " + "x" * MOST_SUMMARY_CHARS)


def test_the_newest_items_are_kept() -> None:
    items = [said(each, each) for each in "abcd"]
    assert retold(*items, most_items=2) == [("user", "c"), ("user", "d")]
    assert retold(*items, most_items=0) == []


def test_the_newest_characters_are_kept_in_whole_items_and_without_a_gap() -> None:
    items = [said("a", "1"), said("b", "22"), said("c", "333"), said("d", "4")]
    assert retold(*items, most_chars=5) == [("user", "333"), ("user", "4")]
    assert retold(*items, most_chars=6) == retold(*items[1:], most_chars=6)


def test_an_item_that_could_never_fit_does_not_cost_the_others() -> None:
    items = [said("a", "1"), said("b", "4444"), said("c", "2")]
    assert retold(*items, most_chars=3) == [("user", "1"), ("user", "2")]


def test_what_says_nothing_takes_nobodys_place() -> None:
    assert retold(said("a", "1"), said("b", ""), most_items=1) == [("user", "1")]


WORDS = st.text(max_size=12)
ITEM: st.SearchStrategy[HistoryItem] = st.one_of(
    st.builds(said, st.just("u"), WORDS),
    st.builds(lambda text: AssistantMessage("a", (OutputAudio(None, text),)), WORDS),
    st.builds(lambda text: FunctionCall("f", "call_1", text, text, text), WORDS),
)


@given(st.lists(ITEM, max_size=8), st.integers(0, 9), st.integers(0, 120))
def test_what_is_retold_is_within_limits_in_order_and_can_be_created(
    items: list[HistoryItem], most_items: int, most_chars: int
) -> None:
    told = replay_items(items, most_items=most_items, most_chars=most_chars)
    assert len(told) <= most_items
    assert sum(len(text) for _, text in lines(told)) <= most_chars
    for each in told:
        checked_item(each.item, "item_1")
    assert all(text.strip() for _, text in lines(told))
    fitting = [each for each in retold(*items) if len(each[1]) <= most_chars]
    assert lines(told) == fitting[len(fitting) - len(told) :]
