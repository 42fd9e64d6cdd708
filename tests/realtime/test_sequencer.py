"""One ``response.create`` at a time."""

import pytest

from sipagent.realtime.sequencer import ACTIVE_RESPONSE, ResponseSequencer


def test_a_free_endpoint_is_asked_at_once() -> None:
    (event,) = ResponseSequencer().request({"instructions": "Greet."})
    assert event.response == {"instructions": "Greet."}
    assert event.event_id == "sipagent_response_create_1"


def test_nothing_is_asked_before_the_last_request_was_taken_up() -> None:
    sequencer = ResponseSequencer()
    sequencer.request()
    assert sequencer.request({"instructions": "Greet."}) == []


def test_nothing_is_asked_while_a_response_is_made() -> None:
    sequencer = ResponseSequencer()
    sequencer.response_created()
    assert sequencer.request() == []
    (event,) = sequencer.response_done()
    assert event.response == {}


def test_automatic_requests_that_wait_become_one() -> None:
    sequencer = ResponseSequencer()
    sequencer.response_created()
    for _ in range(3):
        assert sequencer.request() == []
    assert len(sequencer.response_done()) == 1
    sequencer.response_created()
    assert sequencer.response_done() == []


def test_requests_with_instructions_are_never_merged_not_even_equal_ones() -> None:
    sequencer = ResponseSequencer()
    sequencer.response_created()
    for _ in range(2):
        sequencer.request({"instructions": "Greet."})
    ids = []
    for _ in range(2):
        (event,) = sequencer.response_done()
        assert event.response == {"instructions": "Greet."}
        ids.append(event.event_id)
        sequencer.response_created()
    assert len(set(ids)) == 2
    assert sequencer.response_done() == []


def test_automatic_requests_do_not_merge_across_one_with_instructions() -> None:
    sequencer = ResponseSequencer()
    sequencer.response_created()
    sequencer.request()
    sequencer.request({"instructions": "Greet."})
    sequencer.request()
    asked = []
    for _ in range(3):
        asked += [event.response for event in sequencer.response_done()]
        sequencer.response_created()
    assert asked == [{}, {"instructions": "Greet."}, {}]


def test_a_request_that_met_the_endpoints_own_response_follows_it() -> None:
    sequencer = ResponseSequencer()
    (greeting,) = sequencer.request({"instructions": "Greet."})
    sequencer.request({"instructions": "Go on."})
    sequencer.response_created()  # the endpoint's own: its VAD heard the caller
    assert sequencer.refused(greeting.event_id, ACTIVE_RESPONSE) == (True, [])
    assert sequencer.response_done() == [greeting]


def test_a_response_in_the_way_counts_as_ongoing_though_it_was_not_announced() -> None:
    sequencer = ResponseSequencer()
    (greeting,) = sequencer.request({"instructions": "Greet."})
    sequencer.refused(greeting.event_id, ACTIVE_RESPONSE)
    assert sequencer.is_ongoing
    assert sequencer.request() == []


def test_an_endpoint_need_not_name_the_request_a_response_was_in_the_way_of() -> None:
    sequencer = ResponseSequencer()
    (greeting,) = sequencer.request({"instructions": "Greet."})
    assert sequencer.refused(None, ACTIVE_RESPONSE) == (True, [])
    assert sequencer.response_done() == [greeting]


def test_an_automatic_request_put_back_merges_with_one_that_waits() -> None:
    sequencer = ResponseSequencer()
    (first,) = sequencer.request()
    sequencer.request()
    sequencer.refused(first.event_id, ACTIVE_RESPONSE)
    assert len(sequencer.response_done()) == 1
    sequencer.response_created()
    assert sequencer.response_done() == []


def test_a_request_refused_for_what_it_says_is_given_up_and_the_next_is_sent() -> None:
    sequencer = ResponseSequencer()
    (bad,) = sequencer.request({"instructions": "Bad."})
    sequencer.request({"instructions": "Good."})
    is_ours, (good,) = sequencer.refused(bad.event_id, "invalid_value")
    assert is_ours
    assert good.response == {"instructions": "Good."}


def test_an_error_of_something_else_leaves_the_request_alone() -> None:
    sequencer = ResponseSequencer()
    sequencer.request()
    assert sequencer.refused("event_7", "invalid_value") == (False, [])
    assert sequencer.refused(None, "invalid_value") == (False, [])
    assert sequencer.request({"instructions": "Greet."}) == []


def test_an_error_with_nothing_asked_is_not_ours() -> None:
    assert ResponseSequencer().refused(None, ACTIVE_RESPONSE) == (False, [])


def test_a_cancel_is_worth_sending_once_per_response() -> None:
    sequencer = ResponseSequencer()
    assert not sequencer.cancel()
    sequencer.response_created()
    assert sequencer.cancel()
    assert not sequencer.cancel()
    sequencer.response_done()
    sequencer.response_created()
    assert sequencer.cancel()


def test_a_response_in_doubt_is_worth_one_cancel_and_keeps_no_request_waiting() -> None:
    sequencer = ResponseSequencer()
    sequencer.doubt()
    assert sequencer.may_be_ongoing
    assert sequencer.cancel()
    assert not sequencer.cancel()
    sequencer.doubt()
    assert len(sequencer.request()) == 1


def test_what_the_endpoint_says_ends_a_doubt() -> None:
    sequencer = ResponseSequencer()
    sequencer.doubt()
    sequencer.response_done()
    assert not sequencer.may_be_ongoing
    sequencer.doubt()
    sequencer.response_created()
    assert [sequencer.cancel(), sequencer.cancel()] == [True, False]


@pytest.mark.parametrize(
    ("code", "message"),
    [("bad_response_create", ""), (None, "response.create: max_output_tokens is too large")],
)
def test_a_refusal_that_names_no_event_is_known_by_what_it_says(
    code: str | None, message: str
) -> None:
    sequencer = ResponseSequencer()
    sequencer.request({"instructions": "one"})
    sequencer.request({"instructions": "two"})
    is_ours, (following,) = sequencer.refused(None, code, message)
    assert is_ours
    assert following.response == {"instructions": "two"}


def test_a_refusal_of_something_else_frees_nothing() -> None:
    sequencer = ResponseSequencer()
    sequencer.request({"instructions": "one"})
    assert sequencer.refused(None, "invalid_value", "session.voice") == (False, [])
