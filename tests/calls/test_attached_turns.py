"""Said and heard, where the endpoint plays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.calls.attached_turns import MS_PER_CHAR, TRUNCATED_LIMIT_S, AttachedTurns, Told
from sipagent.calls.facts import AgentSaid, AgentSaidSoFar, AgentSoundStarted, BargedIn

SAID = "one two three four"
WHOLE_MS = len(SAID) * MS_PER_CHAR


def speaking(text: str = SAID, *, is_done: bool = True) -> AttachedTurns:
    """Return an answer that is heard since second 1."""
    turns = AttachedTurns()
    turns.response_started("r", "Ada")
    turns.add_delta("r", "a", text)
    turns.output_started("r", 1.0, None)
    if is_done:
        assert turns.finish_transcript("r", "a", text) == []
        assert turns.response_done("r", is_whole=True) == []
    return turns


def test_an_answer_played_to_its_end_was_heard_whole() -> None:
    turns = speaking()
    assert turns.output_stopped("r", 2.5) == [AgentSaid("a", "Ada", SAID, SAID, 1500, False)]
    assert turns.finish(9.0, is_cut=True) == []


def test_an_answer_that_stops_before_it_is_done_is_told_when_it_is() -> None:
    turns = speaking("one", is_done=False)
    assert turns.output_stopped("r", 2.0) == []
    turns.finish_transcript("r", "a", SAID)
    assert turns.response_done("r", is_whole=True) == [
        AgentSaid("a", "Ada", SAID, SAID, 1000, False)
    ]


def test_the_beginning_is_told_once_with_how_long_the_caller_waited() -> None:
    turns = AttachedTurns()
    turns.response_started("r", "Ada")
    assert turns.add_delta("r", "a", "one") == []
    assert turns.output_started("r", 1.0, 700) == [AgentSoundStarted("a", "Ada", 700)]
    assert turns.output_started("r", 1.1, 800) == []
    assert turns.add_delta("r", "a", " two") == []


def test_a_beginning_before_the_first_word_is_told_with_it() -> None:
    turns = AttachedTurns()
    turns.response_started("r", "Ada")
    assert turns.output_started("r", 1.0, 700) == []
    assert turns.add_delta("r", "a", "one") == [AgentSoundStarted("a", "Ada", 700)]


def test_an_answer_cut_off_by_the_caller_was_heard_as_far_as_the_endpoint_says() -> None:
    turns = speaking()
    assert turns.output_cleared("r", 1.9, by_caller=True) == []
    assert turns.truncated("a", WHOLE_MS // 2) == [
        AgentSaid("a", "Ada", SAID, "one two", WHOLE_MS // 2, True),
        BargedIn("a", WHOLE_MS // 2, None),
    ]


def test_the_endpoint_may_say_where_it_cut_before_it_says_that() -> None:
    turns = speaking()
    assert turns.truncated("a", 200) == []
    said, barged_in = turns.output_cleared("r", 1.9, by_caller=True)
    assert isinstance(said, AgentSaid) and (said.heard_ms, said.interrupted) == (200, True)
    assert barged_in == BargedIn("a", 200, None)


def test_an_answer_the_endpoint_does_not_say_where_it_cut_was_heard_for_as_long_as_it_was() -> None:
    turns = speaking()
    turns.output_cleared("r", 1.5, by_caller=True)
    deadline = turns.deadline()
    assert deadline == 1.5 + TRUNCATED_LIMIT_S
    assert turns.due(deadline - 0.01) == []
    assert turns.due(deadline) == [
        AgentSaid("a", "Ada", SAID, "one two", 500, True),
        BargedIn("a", 500, None),
    ]
    assert turns.deadline() is None


def test_an_answer_nobody_interrupted_is_no_barge_in() -> None:
    turns = speaking()
    turns.output_cleared("r", 1.9, by_caller=False)
    told = turns.truncated("a", 100)
    assert [type(each) for each in told] == [AgentSaid]


def test_what_comes_after_an_answer_was_told_is_not_told() -> None:
    turns = speaking()
    turns.output_cleared("r", 1.9, by_caller=True)
    turns.truncated("a", 100)
    assert turns.add_delta("r", "a", "more") == []
    assert turns.finish_transcript("r", "a", "more") == []
    assert turns.response_done("r", is_whole=False) == []
    assert turns.output_stopped("r", 3.0) == []
    assert turns.truncated("a", 200) == []


def test_an_answer_cancelled_before_it_was_heard_was_not() -> None:
    turns = AttachedTurns()
    turns.response_started("r", "Ada")
    turns.add_delta("r", "a", "one")
    assert turns.response_done("r", is_whole=False) == [AgentSaid("a", "Ada", "one", "", 0, True)]


def test_an_answer_that_is_only_a_tool_call_says_nothing() -> None:
    turns = AttachedTurns()
    turns.response_started("r", "Ada")
    assert not turns.is_silent
    assert turns.response_done("r", is_whole=True) == []
    assert turns.is_silent


def test_an_answer_of_two_items_is_told_in_their_order() -> None:
    turns = speaking("First.", is_done=False)
    turns.add_delta("r", "b", "Second.")
    turns.response_done("r", is_whole=True)
    first, second = turns.output_stopped("r", 3.0)
    assert isinstance(first, AgentSaid) and isinstance(second, AgentSaid)
    assert (first.item_id, first.heard, second.item_id, second.heard) == (
        "a",
        "First.",
        "b",
        "Second.",
    )
    assert first.heard_ms + second.heard_ms == 2000
    assert not (first.interrupted or second.interrupted)


@pytest.mark.parametrize(
    ("cut_item", "heard"),
    [("a", [("Fir", True), ("", True)]), ("b", [("First.", False), ("", True)])],
)
def test_of_two_items_the_one_that_was_cut_divides_what_was_heard(
    cut_item: str, heard: list[tuple[str, bool]]
) -> None:
    turns = speaking("First." if cut_item == "b" else "Fir st.", is_done=False)
    turns.add_delta("r", "b", "Second.")
    turns.output_cleared("r", 5.0, by_caller=False)
    told = turns.truncated(cut_item, 4 * MS_PER_CHAR)
    assert [(each.heard, each.interrupted) for each in told if isinstance(each, AgentSaid)] == heard


def test_silence_is_when_nothing_is_made_or_heard() -> None:
    turns = AttachedTurns()
    assert turns.is_silent
    turns.response_started("r", "Ada")
    assert not turns.is_silent
    turns.add_delta("r", "a", SAID)
    turns.response_done("r", is_whole=True)
    assert not turns.is_silent  # it is made, and will be heard
    turns.output_started("r", 1.0, None)
    assert not turns.is_silent
    turns.output_stopped("r", 2.0)
    assert turns.is_silent


def test_an_answer_whose_sound_stops_while_it_is_made_is_not_silence() -> None:
    turns = speaking(is_done=False)
    turns.output_stopped("r", 2.0)
    assert not turns.is_silent
    turns.response_done("r", is_whole=True)
    assert turns.is_silent


def test_an_answer_that_was_cut_off_is_silence() -> None:
    turns = speaking(is_done=False)
    turns.output_cleared("r", 2.0, by_caller=True)
    assert turns.is_silent


def test_what_is_being_said_when_the_call_ends_was_heard_in_part() -> None:
    assert speaking().finish(1.5, is_cut=True) == [
        AgentSaid("a", "Ada", SAID, "one two", 500, True)
    ]


def test_what_is_being_said_when_the_socket_is_lost_goes_on_without_us() -> None:
    assert speaking().finish(1.5, is_cut=False) == [AgentSaid("a", "Ada", SAID, SAID, 500, False)]


def test_how_long_an_answer_was_heard_is_known_at_any_time() -> None:
    turns = speaking()
    assert turns.heard_ms("r", 1.25) == 250
    assert turns.heard_ms("another", 1.25) == 0
    turns.output_cleared("r", 2.0, by_caller=False)
    assert turns.heard_ms("r", 9.0) == 1000


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["new", "delta", "text", "done", "cut", "start", "stop", "clear", "trunc"]),
        st.sampled_from(["r", "s"]),
        st.sampled_from(["a", "b"]),
    ),
    max_size=30,
)


@given(STEPS)
def test_whatever_the_endpoint_says_no_item_of_an_answer_is_told_twice(
    steps: list[tuple[str, str, str]],
) -> None:
    turns, told, now = AttachedTurns(), list[Told](), 0.0
    begun = set[str]()
    for step, response_id, item in steps:
        now += 0.1
        item_id = f"{response_id}-{item}"
        match step:
            case "new" if response_id not in begun:
                begun.add(response_id)
                turns.response_started(response_id, "Ada")
            case "delta":
                told += turns.add_delta(response_id, item_id, "word ")
            case "text":
                told += turns.finish_transcript(response_id, item_id, "words")
            case "done" | "cut":
                told += turns.response_done(response_id, is_whole=step == "done")
            case "start":
                told += turns.output_started(response_id, now, None)
            case "stop":
                told += turns.output_stopped(response_id, now)
            case "clear":
                told += turns.output_cleared(response_id, now, by_caller=True)
            case "trunc":
                told += turns.truncated(item_id, 100)
        told += turns.due(now)
    told += turns.finish(now + 1, is_cut=True)
    said = [each.item_id for each in told if isinstance(each, AgentSaid)]
    assert len(said) == len(set(said))
    assert all(each.heard_ms >= 0 for each in told if isinstance(each, AgentSaid))
    assert turns.is_silent and turns.deadline() is None


def test_an_answer_without_a_word_or_a_sound_is_not_told() -> None:
    turns = AttachedTurns()
    turns.response_started("r", "Ada")
    turns.finish_transcript("r", "a", "")
    turns.response_done("r", is_whole=False)
    assert turns.finish(2.0, is_cut=True) == []
    assert turns.is_silent


def test_an_empty_item_takes_no_word_from_those_beside_it() -> None:
    turns = speaking(is_done=False)
    turns.finish_transcript("r", "b", "")
    turns.output_cleared("r", 1.1, by_caller=False)
    (said,) = turns.finish(2.0, is_cut=True)
    assert isinstance(said, AgentSaid)
    assert said.item_id == "a"


def test_a_sound_without_words_is_told() -> None:
    turns = AttachedTurns()
    turns.response_started("r", "Ada")
    turns.finish_transcript("r", "a", "")
    turns.output_started("r", 1.0, None)
    turns.response_done("r", is_whole=True)
    assert turns.output_stopped("r", 2.0) == [AgentSaid("a", "Ada", "", "", 1000, False)]


def test_an_answer_that_is_being_heard_is_known_as_far_as_the_time_reaches() -> None:
    turns = speaking()
    turns.response_started("next", "Ada")
    turns.add_delta("next", "b", "Later.")
    now = 1.0 + (len("one two") + 1) * MS_PER_CHAR / 1000
    assert turns.so_far(now) == [AgentSaidSoFar("a", "Ada", SAID, "one two", 520)]
    assert turns.so_far(1.0) == []
    turns.output_cleared("r", now, by_caller=True)
    assert turns.so_far(now) == []
