"""When a text is checked, and what a trip does to its response."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.realtime.guardrail_runs import (
    ON_DONE_ONLY,
    GuardrailRuns,
    Remedy,
    Tripwire,
    feedback_text,
)

from .answers import POLITICS, done, message, said, speaking, spoken, written

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "type", "output", "content", "text", "transcript"]), inner
        )
    ),
    max_leaves=12,
)


# When a text is checked.


def test_a_text_is_checked_each_time_it_grew_by_the_debounce() -> None:
    runs = speaking(10)
    checked = [
        runs.text_delta("r", "a", delta, "audio") for delta in ["123456789", "0", "12345678"]
    ]
    assert [check and check.text for check in checked] == [None, "1234567890", None]
    check = said(runs, "90")
    assert (check.text, check.source, check.is_final) == ("12345678901234567890", "audio", False)


def test_one_long_delta_is_one_run() -> None:
    runs = speaking(10)
    said(runs, "x" * 55)
    assert runs.text_delta("r", "a", "1234", "audio") is None
    assert runs.text_delta("r", "a", "5", "audio") is not None


def test_each_item_is_counted_for_itself() -> None:
    runs = speaking(10)
    assert runs.text_delta("r", "a", "123456", "audio") is None
    assert runs.text_delta("r", "b", "123456", "audio") is None
    assert said(runs, "7890", "b").text == "1234567890"


def test_a_short_answer_is_checked_when_it_is_done() -> None:
    runs = speaking(100)
    runs.text_delta("r", "a", "No.", "audio")
    check = runs.response_done(done(message("a", spoken("No."))))
    assert (check.response_id, check.item_id, check.text) == ("r", "a", "No.")
    assert check.is_final and check.source == "audio"


def test_a_debounce_of_minus_one_leaves_the_last_run() -> None:
    runs = speaking(ON_DONE_ONLY)
    assert runs.text_delta("r", "a", "x" * 1000, "audio") is None
    assert runs.response_done(done(message("a", spoken("x")))).text == "x"


@pytest.mark.parametrize("debounce", [0, -2])
def test_another_debounce_below_one_is_refused(debounce: int) -> None:
    with pytest.raises(ValueError, match="use -1"):
        GuardrailRuns(debounce)


def test_the_last_run_takes_the_last_part_of_the_last_message_with_text() -> None:
    output = [
        message("a", spoken("first")),
        message("b", spoken("second"), written("third")),
        message("c"),
        {"id": "f", "type": "function_call", "arguments": "{}"},
    ]
    check = speaking().response_done(done(*output))
    assert (check.item_id, check.text, check.source) == ("b", "third", "text")


def test_a_response_without_a_message_is_checked_as_an_empty_text() -> None:
    check = speaking().response_done(done({"id": "f", "type": "function_call"}))
    assert (check.item_id, check.text, check.is_final) == ("", "", True)


def test_an_endpoint_that_leaves_the_output_out_is_taken_by_its_deltas() -> None:
    runs = speaking(100)
    runs.text_delta("r", "a", "No.", "text")
    check = runs.response_done({"id": "r"})
    assert (check.item_id, check.text, check.source) == ("a", "No.", "text")


@given(st.dictionaries(st.sampled_from(["id", "output", "status"]), JSON))
def test_any_response_done_is_worth_one_last_run(response: dict[str, Any]) -> None:
    check = GuardrailRuns(10).response_done(response)
    assert check.is_final and isinstance(check.text, str)


def test_a_response_that_tripped_is_not_checked_any_more_while_it_grows() -> None:
    runs = speaking(10)
    assert runs.finished(said(runs, "1234567890"), POLITICS, now=1.0) is not None
    assert runs.text_delta("r", "a", "1234567890", "audio") is None
    assert runs.unchecked("r") == []


def _pieces(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(0, len(text), size))


@given(st.integers(1, 30), st.text(max_size=120), st.integers(1, 40))
def test_never_more_text_is_unread_than_the_debounce_while_it_is_made(
    debounce: int, text: str, size: int
) -> None:
    runs = speaking(debounce)
    read = told = 0
    for piece in _pieces(text, size):
        told += len(piece)
        if (check := runs.text_delta("r", "a", piece, "audio")) is not None:
            read = len(check.text)
        assert told - read < debounce


# What a trip does.


def test_speech_that_trips_is_interrupted_and_answered_for() -> None:
    runs = speaking(10)
    runs.text_delta("r", "b", "hm", "audio")
    trip = runs.finished(said(runs, "1234567890"), POLITICS, now=1.5)
    assert trip is not None
    assert (trip.response_id, trip.item_id, trip.at) == ("r", "a", 1.5)
    assert trip.remedy is Remedy.INTERRUPT
    assert trip.tripwire is POLITICS and trip.feedback == feedback_text(POLITICS)
    assert set(trip.item_ids) == {"a", "b"}


def test_speech_is_interrupted_though_it_is_made_since_it_may_not_be_heard_yet() -> None:
    runs = speaking()
    trip = runs.finished(runs.response_done(done(message("a", spoken("x")))), POLITICS, now=1.0)
    assert trip is not None and trip.remedy is Remedy.INTERRUPT
    assert trip.item_ids == ("a",)


def test_a_written_answer_that_trips_is_cancelled_while_it_is_made() -> None:
    runs = speaking(3)
    check = runs.text_delta("r", "a", "abc", "text")
    assert check is not None
    trip = runs.finished(check, POLITICS, now=1.0)
    assert trip is not None and trip.remedy is Remedy.CANCEL


def test_a_written_answer_that_is_done_is_only_answered_for() -> None:
    runs = speaking()
    trip = runs.finished(runs.response_done(done(message("a", written("x")))), POLITICS, now=1.0)
    assert trip is not None and trip.remedy is Remedy.REPLY and trip.feedback


def test_a_trip_after_a_newer_response_began_is_only_told() -> None:
    runs = speaking()
    check = runs.response_done(done(message("a", spoken("x"))))
    runs.response_started("s")
    trip = runs.finished(check, POLITICS, now=1.0)
    assert trip is not None
    assert trip.remedy is Remedy.NONE and trip.feedback == "" and trip.item_ids == ("a",)


def test_a_response_trips_once_and_the_first_result_wins() -> None:
    runs = speaking(10)
    first, second = said(runs, "1234567890"), said(runs, "1234567890")
    other = Tripwire("other", "other", None)
    trip = runs.finished(second, other, now=1.0)
    assert trip is not None and trip.tripwire is other
    assert runs.finished(first, POLITICS, now=1.1) is None
    last = runs.response_done(done(message("a", spoken("x"))))
    assert runs.finished(last, POLITICS, now=1.2) is None


def test_each_response_may_trip() -> None:
    runs = speaking(10)
    runs.finished(said(runs, "1234567890"), POLITICS, now=1.0)
    runs.response_started("s")
    trip = runs.finished(said(runs, "1234567890", response_id="s"), POLITICS, now=2.0)
    assert trip is not None and trip.remedy is Remedy.INTERRUPT


def test_a_result_counts_once() -> None:
    runs = speaking(10)
    check = said(runs, "1234567890")
    assert runs.finished(check, None, now=1.0) is None
    assert runs.finished(check, POLITICS, now=1.0) is None


def test_a_result_of_an_older_connection_is_dropped() -> None:
    runs = speaking(10)
    old = said(runs, "1234567890")
    runs.close(generation=2)
    runs.response_started("r")  # an endpoint may use an id again
    new = said(runs, "1234567890")
    assert (old.generation, new.generation) == (0, 2)
    assert runs.finished(old, POLITICS, now=1.0) is None
    assert runs.finished(new, POLITICS, now=1.0) is not None


def test_a_response_of_an_older_connection_is_not_in_the_way() -> None:
    runs = speaking(10)
    runs.close(generation=1)
    trip = runs.finished(said(runs, "1234567890", response_id="s"), POLITICS, now=1.0)
    assert trip is not None and trip.remedy is Remedy.INTERRUPT


def test_a_response_with_nothing_to_come_is_forgotten_and_one_with_a_run_out_is_not() -> None:
    runs = speaking(10)
    runs.finished(runs.response_done(done(message("a", spoken("x")))), None, now=1.0)
    runs.response_started("s")
    assert not runs.is_cleared("r")
    check = runs.response_done(done(message("b", spoken("x")), response_id="s"))
    runs.response_started("t")
    assert runs.finished(check, POLITICS, now=1.0) is not None


# What is told to the model.


def test_the_feedback_says_the_policy_and_what_was_found() -> None:
    text = feedback_text(POLITICS)
    assert "blocked" in text and "apologise" in text
    assert "Reason: we do not talk about politics." in text
    assert 'Details: {"word": "election"}\n' in text


def _endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize("info", [_endless(), {(1, 2): 3}, object(), {1, 2}, "\ud83d"])
def test_whatever_was_found_is_told_as_json(info: object) -> None:
    text = feedback_text(Tripwire("g", "hint", info))
    details = next(line for line in text.splitlines() if line.startswith("Details: "))
    json.loads(details.removeprefix("Details: "))
    text.encode()
