"""Playbooks of a session: what it sends first, what it tells, how it takes errors."""

import pytest

from sipagent.realtime import events
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.sequencer import ACTIVE_RESPONSE
from sipagent.realtime.usage import Usage

from .playbook import MS, PCMU, Playbook, Wire, audio, created, done, error

WHERE: Wire = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 0}


def test_the_configuration_is_sent_before_everything_else() -> None:
    book = Playbook(options=SessionOptions(PCMU, PCMU, model="gpt-realtime"))
    (update,) = book.opening
    assert update["type"] == "session.update"
    assert update["session"]["type"] == "realtime"
    assert update["session"]["model"] == "gpt-realtime"
    assert update["session"]["instructions"] == "Receive."
    assert update["session"]["audio"]["output"] == {"format": PCMU, "voice": "marin"}


def test_a_session_is_configured_once_the_endpoint_says_so() -> None:
    book = Playbook()
    book.hears({"type": "session.created", "session": {}})
    assert not book.core.is_configured
    told = book.hears({"type": "session.updated", "session": {}})
    assert told == [events.SessionConfigured(2.0)]
    assert book.core.is_configured


def test_text_is_an_item_of_the_user_and_a_request() -> None:
    book = Playbook()
    book.writes("Hello?")
    item, create = book.sent()
    assert item["item"] == {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "Hello?"}],
    }
    assert (create["type"], create["response"]) == ("response.create", {})


def test_a_greeting_is_a_request_with_instructions() -> None:
    book = Playbook()
    book.wants_response("Greet.")
    (create,) = book.sent()
    assert create["response"] == {"instructions": "Greet."}


def test_a_request_waits_for_the_response_that_is_being_made() -> None:
    book = Playbook()
    book.hears(created())
    book.wants_response("Greet.")
    assert book.sent() == []
    book.hears(done())
    assert book.sent_types() == ["response.create"]


def test_a_response_of_the_endpoints_own_in_the_way_is_silent_and_waited_for() -> None:
    book = Playbook()
    book.wants_response("Greet.")
    (create,) = book.sent()
    assert book.hears(error(ACTIVE_RESPONSE, event_id=create["event_id"])) == []
    assert book.sent() == []
    book.hears(done("resp_vad"))
    assert book.sent() == [create]


def test_audio_is_told_as_it_came() -> None:
    told = Playbook().hears(created(), audio(2))
    assert told == [
        events.ResponseStarted("resp_1", 1.0),
        events.AudioDelta("resp_1", "item_1", 0, MS * 2, 2.0),
    ]


def test_a_delta_that_is_not_base64_is_dropped() -> None:
    book = Playbook()
    assert book.hears({**audio(1), "delta": "AA==!"}, {**audio(1), "delta": "é"}) == []
    assert len(book.hears(audio(1))) == 1


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            {"type": "response.output_audio.done", **WHERE},
            events.AudioDone("resp_1", "item_1", 0, 1.0),
        ),
        (
            {"type": "response.output_audio_transcript.delta", **WHERE, "delta": "Goo"},
            events.AgentTranscriptDelta("resp_1", "item_1", "Goo", 1.0),
        ),
        (
            {"type": "response.output_audio_transcript.done", **WHERE, "transcript": "Good."},
            events.AgentTranscript("resp_1", "item_1", "Good.", 1.0),
        ),
        (
            {"type": "input_audio_buffer.speech_started", "item_id": "u", "audio_start_ms": 40},
            events.SpeechStarted("u", 40, 1.0),
        ),
        (
            {"type": "input_audio_buffer.speech_stopped", "item_id": "u", "audio_end_ms": 900},
            events.SpeechStopped("u", 900, 1.0),
        ),
        (
            {
                "type": "conversation.item.input_audio_transcription.completed",
                "item_id": "u",
                "content_index": 0,
                "transcript": " Hello?\n",
                "usage": {},
            },
            events.UserTranscript("u", "Hello?", 1.0),
        ),
        (
            {
                "type": "conversation.item.truncated",
                "item_id": "item_1",
                "content_index": 0,
                "audio_end_ms": 60,
            },
            events.ItemTruncated("item_1", 60, 1.0),
        ),
    ],
)
def test_what_the_endpoint_says_is_told(message: Wire, told: events.SessionEvent) -> None:
    assert Playbook().hears(message) == [told]


def test_a_response_ends_with_its_reason_and_its_tokens() -> None:
    details = {"type": "failed", "reason": "r", "error": {"code": "rate_limit_exceeded"}}
    usage = {"input_tokens": 7, "output_tokens": 9, "total_tokens": 16}
    told = Playbook().hears(done(status="failed", status_details=details, usage=usage))
    tokens = Usage(1, 7, 9)
    expected = events.ResponseDone("resp_1", "failed", "r", "rate_limit_exceeded", tokens, 1.0)
    assert told == [expected]


@pytest.mark.parametrize(
    "code", [ACTIVE_RESPONSE, "response_cancel_not_active", "input_audio_buffer_commit_empty"]
)
def test_races_every_client_has_are_not_told(code: str) -> None:
    assert Playbook().hears(error(code)) == []


@pytest.mark.parametrize(
    "code", ["session_expired", "invalid_api_key", "model_not_found", "insufficient_quota"]
)
def test_an_error_that_ends_the_session_is_told_as_fatal(code: str) -> None:
    told = Playbook().hears(error(code, message="It is over."))
    assert told == [events.SessionErrorReported(code, "It is over.", "", True, 1.0)]


def test_other_errors_are_told_with_the_field_they_are_about() -> None:
    message = error("invalid_value")
    message["error"]["param"] = "session.audio.output.speed"
    (told,) = Playbook().hears(message)
    expected = ("invalid_value", "No.", "session.audio.output.speed", False, 1.0)
    assert told == events.SessionErrorReported(*expected)


def test_an_error_without_a_code_is_told_by_its_type() -> None:
    (told,) = Playbook().hears(error(None))
    assert isinstance(told, events.SessionErrorReported)
    assert told.code == "invalid_request_error"


def test_a_refused_request_makes_room_for_the_next() -> None:
    book = Playbook()
    book.wants_response("Bad.")
    book.wants_response("Good.")
    (bad,) = book.sent()
    (told,) = book.hears(error("invalid_value", event_id=bad["event_id"]))
    assert isinstance(told, events.SessionErrorReported)
    (good,) = book.sent()
    assert good["response"] == {"instructions": "Good."}


def test_what_nobody_acts_on_is_not_told() -> None:
    book = Playbook()
    assert book.hears({"type": "rate_limits.updated", "rate_limits": []}) == []
    assert book.hears({"type": "response.dance", "steps": 3}) == []
    assert book.sent() == []
