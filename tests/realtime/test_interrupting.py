"""Playbooks of barge-in: what is cancelled, truncated, and dropped."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from sipagent.audio.formats import AudioFormat
from sipagent.calls.leg_playback import LegPlayback
from sipagent.realtime import events
from sipagent.realtime.conversation_events import AudioInterrupted
from sipagent.realtime.core import SessionCore
from sipagent.realtime.options import SessionOptions

from .playbook import PCMU, Playbook, Wire, audio, created, done, heard

WHERE: Wire = {"item_id": "item_1", "output_index": 0, "content_index": 0}


def talking() -> Playbook:
    """Return a session that has received 100 ms of a response that is still being made."""
    book = Playbook()
    book.hears(created(), audio(100))
    return book


def truncated(item_id: str, audio_end_ms: int) -> Wire:
    return {
        "type": "conversation.item.truncate",
        "item_id": item_id,
        "content_index": 0,
        "audio_end_ms": audio_end_ms,
    }


def test_an_item_is_truncated_where_it_was_heard() -> None:
    book = talking()
    book.interrupts([heard(60, 100)], cancel=False)
    assert book.sent() == [truncated("item_1", 60)]


def test_the_response_is_cancelled_before_the_item_is_truncated() -> None:
    book = talking()
    book.interrupts([heard(60, 100)], cancel=True)
    assert book.sent() == [{"type": "response.cancel"}, truncated("item_1", 60)]


def test_a_response_is_cancelled_once() -> None:
    book = talking()
    book.interrupts([], cancel=True)
    book.interrupts([], cancel=True)
    assert book.sent_types() == ["response.cancel"]


def test_nothing_is_cancelled_when_nothing_is_being_made() -> None:
    book = talking()
    book.hears(done())
    book.interrupts([heard(60, 100)], cancel=True)
    assert book.sent() == [truncated("item_1", 60)]


def test_items_that_wait_are_truncated_to_nothing() -> None:
    book = talking()
    book.hears(audio(40, item_id="item_2"))
    book.interrupts([heard(60, 100), heard(0, 40, "item_2")], cancel=False)
    assert book.sent() == [truncated("item_1", 60), truncated("item_2", 0)]


def test_an_item_heard_to_its_end_keeps_its_transcript() -> None:
    book = talking()
    book.interrupts([heard(100, 100, finished=True)], cancel=False)
    assert book.sent() == []


def test_an_item_of_which_more_was_to_come_is_truncated_though_all_of_it_was_heard() -> None:
    book = talking()
    book.interrupts([heard(100, 100)], cancel=False)
    assert book.sent() == [truncated("item_1", 100)]


def test_an_item_of_a_connection_before_is_cut_off_and_not_truncated() -> None:
    book = Playbook()
    book.hears(created(), audio(5000))
    for _ in range(2):  # of the one before it, and of one before that
        options = SessionOptions(PCMU, PCMU)
        book.core = SessionCore(book.core.agent, options, LegPlayback(), before=book.core)
    book.hears(created("resp_2"), audio(100, response_id="resp_2", item_id="item_2"))
    book.interrupts([heard(60, 5000), heard(0, 100, "item_2")], cancel=False)
    (told,) = book.core.out.take_events()
    assert told == AudioInterrupted("item_1", 0, 60, book.now)
    assert book.sent() == [truncated("item_2", 0)]


def test_no_more_is_said_to_be_heard_than_was_received() -> None:
    book = talking()
    book.interrupts([heard(107, 107)], cancel=False)
    assert book.sent() == [truncated("item_1", 100)]


def test_milliseconds_of_wideband_are_counted_as_such() -> None:
    wideband = AudioFormat.PCM24.to_wire()
    book = Playbook(options=SessionOptions(PCMU, wideband))
    book.hears(created(), audio(480))  # as many bytes are 80 ms
    book.interrupts([heard(100, 100)], cancel=False)
    assert book.sent() == [truncated("item_1", 80)]


def test_what_comes_late_of_an_interrupted_response_is_dropped() -> None:
    book = talking()
    book.interrupts([], cancel=False)
    late = {"response_id": "resp_1", **WHERE}
    assert (
        book.hears(
            audio(20),
            {"type": "response.output_audio.done", **late},
            {"type": "response.output_audio_transcript.delta", **late, "delta": "Goo"},
            {"type": "response.output_audio_transcript.done", **late, "transcript": "Good."},
        )
        == []
    )


def test_the_end_of_an_interrupted_response_is_told() -> None:
    book = talking()
    book.interrupts([], cancel=False)
    details = {"type": "cancelled", "reason": "turn_detected"}
    (told,) = book.hears(done(status="cancelled", status_details=details))
    assert isinstance(told, events.ResponseDone)
    assert (told.status, told.reason) == ("cancelled", "turn_detected")


def test_the_response_after_an_interrupted_one_is_heard() -> None:
    book = talking()
    book.interrupts([], cancel=False)
    told = book.hears(
        done(status="cancelled"),
        created("resp_2"),
        audio(20, response_id="resp_2", item_id="item_2"),
    )
    assert isinstance(told[-1], events.AudioDelta)


def test_audio_that_was_dropped_was_received_all_the_same() -> None:
    book = talking()
    book.interrupts([], cancel=False)
    book.hears(audio(20))
    book.interrupts([heard(110, 120)], cancel=False)
    assert book.sent() == [truncated("item_1", 110)]


ITEMS = st.sampled_from(["item_1", "item_2", "item_3"])
HEARD = st.tuples(ITEMS, st.integers(-50, 700), st.integers(0, 700), st.booleans())


@given(st.lists(st.tuples(ITEMS, st.integers(0, 300)), max_size=6), st.lists(HEARD, max_size=4))
def test_a_truncation_never_goes_beyond_what_was_received(
    deltas: list[tuple[str, int]], played: list[tuple[str, int, int, bool]]
) -> None:
    book = Playbook()
    book.hears(created())
    received: dict[str, int] = defaultdict(int)
    for item_id, ms in deltas:
        book.hears(audio(ms, item_id=item_id))
        received[item_id] += ms
    told = [
        heard(heard_ms, received_ms, item_id, finished=finished)
        for item_id, heard_ms, received_ms, finished in played
    ]
    book.interrupts(told, cancel=False)
    sent = book.sent()
    partly = [item for item in told if not (item.finished and item.heard_ms >= item.received_ms)]
    assert [message["item_id"] for message in sent] == [item.item_id for item in partly]
    for message, item in zip(sent, partly, strict=True):
        audio_end_ms = message["audio_end_ms"]
        assert type(audio_end_ms) is int
        assert 0 <= audio_end_ms <= received[item.item_id]
        assert audio_end_ms <= max(0, item.heard_ms)
