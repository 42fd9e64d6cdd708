"""Which part of an answer was read by a guardrail, and may be heard."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sipagent.realtime.guardrail_runs import Check, Coverage

from .answers import POLITICS, done, message, said, speaking, spoken, written


def test_a_text_is_covered_as_far_as_runs_passed() -> None:
    runs = speaking(10)
    first, second = said(runs, "1234567890"), said(runs, "1234567890")
    runs.text_delta("r", "a", "12345", "audio")
    assert runs.coverage("r", "a") == Coverage(0, 25)
    runs.finished(second, None, now=1.0)
    assert runs.coverage("r", "a") == Coverage(20, 25)
    runs.finished(first, None, now=1.1)
    assert runs.coverage("r", "a") == Coverage(20, 25)


def test_a_last_text_that_differs_covers_what_both_begin_with() -> None:
    runs = speaking(100)
    runs.text_delta("r", "a", "one two three", "audio")
    runs.finished(runs.response_done(done(message("a", spoken("one too")))), None, now=1.0)
    assert runs.coverage("r", "a") == Coverage(5, 13)


def test_a_trip_covers_nothing() -> None:
    runs = speaking(10)
    runs.finished(said(runs, "1234567890"), POLITICS, now=1.0)
    assert runs.coverage("r", "a") == Coverage(0, 10)
    assert runs.coverage("r", "?") == runs.coverage("?", "a") == Coverage(0, 0)


def test_texts_the_last_run_leaves_out_can_be_checked_besides() -> None:
    runs = speaking(10)
    said(runs, "1234567890")
    runs.text_delta("r", "a", "tail", "audio")
    runs.text_delta("r", "b", "last", "text")
    runs.response_done(done(message("a", spoken("?")), message("b", written("last"))))
    (check,) = runs.unchecked("r")
    assert (check.item_id, check.text, check.is_final) == ("a", "1234567890tail", True)
    assert runs.unchecked("r") == []


def test_a_response_is_cleared_when_it_is_done_and_all_runs_passed() -> None:
    runs = speaking(10)
    early = said(runs, "1234567890")
    assert not runs.is_cleared("r")
    last = runs.response_done(done(message("a", spoken("1234567890"))))
    runs.finished(last, None, now=1.0)
    assert not runs.is_cleared("r")
    runs.finished(early, None, now=1.1)
    assert runs.is_cleared("r")


def test_a_response_that_is_still_made_is_not_cleared() -> None:
    runs = speaking(10)
    runs.finished(said(runs, "1234567890"), None, now=1.0)
    assert not runs.is_cleared("r")


def test_a_response_that_tripped_is_never_cleared() -> None:
    runs = speaking(10)
    runs.finished(said(runs, "1234567890"), POLITICS, now=1.0)
    runs.finished(runs.response_done(done()), None, now=1.1)
    assert not runs.is_cleared("r")


def _deltas() -> st.SearchStrategy[list[tuple[str, str]]]:
    return st.lists(st.tuples(st.sampled_from("ab"), st.text("xy ", max_size=12)), max_size=20)


@given(st.integers(1, 15), _deltas(), st.randoms(use_true_random=False))
def test_no_text_is_cleared_unread(
    debounce: int, deltas: list[tuple[str, str]], random: Any
) -> None:
    """Whatever the order of results, what is covered is a prefix that some passed run contains."""
    runs = speaking(debounce)
    told: dict[str, str] = {}
    checks: list[Check] = []
    for item_id, delta in deltas:
        told[item_id] = told.get(item_id, "") + delta
        check = runs.text_delta("r", item_id, delta, "audio")
        checks += [check] if check is not None else []
    checks.append(runs.response_done(done(message("b", spoken(told.get("b", ""))))))
    checks += runs.unchecked("r")
    random.shuffle(checks)
    passed: list[Check] = []
    for check in checks:
        assert not runs.is_cleared("r")
        assert runs.finished(check, None, now=1.0) is None
        passed.append(check)
        for item_id, text in told.items():
            covered = text[: runs.coverage("r", item_id).passed_chars]
            assert covered == "" or any(
                each.item_id == item_id and each.text.startswith(covered) for each in passed
            )
    assert runs.is_cleared("r")
    for item_id, text in told.items():
        assert runs.coverage("r", item_id) == Coverage(len(text), len(text))
