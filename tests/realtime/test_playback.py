"""How much was heard, and what a session whose client plays makes of it when the caller speaks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sipagent.audio.formats import AudioFormat
from sipagent.realtime.conversation_events import AudioInterrupted
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.playback import ClockPlayback, HeardItem, Playback, PlaybackTracker

from .playbook import PCMU, Playbook, Wire, audio, created, done

SPEECH: Wire = {
    "type": "input_audio_buffer.speech_started",
    "item_id": "item_u",
    "audio_start_ms": 0,
}
AUDIO_DONE: Wire = {
    "type": "response.output_audio.done",
    "response_id": "resp_1",
    "item_id": "item_1",
    "output_index": 0,
    "content_index": 0,
}
CANCEL: Wire = {"type": "response.cancel"}


def updated(*, interrupt_response: bool) -> Wire:
    """The endpoint says whether its VAD cancels by itself."""
    detection = {"type": "server_vad", "interrupt_response": interrupt_response}
    audio_input = {"turn_detection": detection}
    return {"type": "session.updated", "session": {"audio": {"input": audio_input}}}


def truncate(audio_end_ms: int, item_id: str = "item_1") -> Wire:
    return {
        "type": "conversation.item.truncate",
        "item_id": item_id,
        "content_index": 0,
        "audio_end_ms": audio_end_ms,
    }


def playing(playback: Playback | None = None, *, barge_in: bool = True) -> Playbook:
    """Return a session of a client that plays; its clock goes on a second per message."""
    options = SessionOptions(PCMU, PCMU, transcription=None, barge_in=barge_in)
    return Playbook(options=options, playback=playback or ClockPlayback())


def interruptions(told: Sequence[object]) -> list[AudioInterrupted]:
    return [event for event in told if isinstance(event, AudioInterrupted)]


def test_a_caller_who_speaks_cuts_the_answer_where_the_clock_says() -> None:
    book = playing()
    book.hears(created(), audio(5000))
    told = book.hears_all(SPEECH)
    assert book.sent() == [CANCEL, truncate(1000)]
    assert interruptions(told) == [AudioInterrupted("item_1", 0, 1000, 3.0)]


def test_an_endpoint_that_cancels_by_itself_is_not_told_to() -> None:
    book = playing()
    book.hears(updated(interrupt_response=True), created(), audio(5000), SPEECH)
    assert book.sent() == [truncate(1000)]


def test_an_endpoint_that_does_not_cancel_is_told_to() -> None:
    book = playing()
    book.hears(updated(interrupt_response=True), updated(interrupt_response=False))
    book.hears(created(), audio(5000), SPEECH)
    assert book.sent() == [CANCEL, truncate(1000)]


@pytest.mark.parametrize("interrupt_response", [True, False])
def test_the_caller_speaking_again_changes_nothing(interrupt_response: bool) -> None:
    book = playing()
    book.hears(updated(interrupt_response=interrupt_response), created(), audio(5000), SPEECH)
    book.sent()
    assert interruptions(book.hears_all(SPEECH)) == []
    assert book.sent() == []


def test_nothing_is_cut_where_nobody_may_interrupt() -> None:
    book = playing(barge_in=False)
    told = book.hears_all(created(), audio(5000), SPEECH)
    assert book.sent() == []
    assert interruptions(told) == []


def test_an_answer_heard_to_its_end_is_not_cut() -> None:
    book = playing()
    book.hears(created(), audio(2000), AUDIO_DONE, done(), SPEECH)
    assert book.sent() == []


def test_an_answer_that_is_made_but_not_heard_is_cut() -> None:
    book = playing()
    book.hears(created(), audio(5000), AUDIO_DONE, done(), SPEECH)
    assert book.sent() == [truncate(3000)]


def test_no_more_was_heard_than_came_of_an_answer_that_goes_on() -> None:
    book = playing()
    book.hears(created(), audio(300), SPEECH)
    assert book.sent() == [CANCEL, truncate(300)]


def test_an_item_is_heard_after_what_is_left_of_the_one_before() -> None:
    clock = ClockPlayback()
    clock.received("a", 0, 500.0, 10.0)
    clock.received("b", 0, 500.0, 10.1)
    assert clock.is_playing(10.9)
    assert not clock.is_playing(11.0)
    (item,) = clock.interrupt("r", 10.75)
    assert (item.item_id, item.heard_ms, item.received_ms) == ("b", 250, 500)
    assert clock.interrupt("r", 10.8) == []


def test_an_item_whose_turn_has_not_come_was_not_heard() -> None:
    clock = ClockPlayback()
    clock.received("a", 0, 500.0, 10.0)
    clock.received("b", 0, 500.0, 10.1)
    (item,) = clock.interrupt("r", 10.2)
    assert (item.item_id, item.heard_ms) == ("b", 0)


def test_what_was_reported_as_played_is_where_the_answer_is_cut() -> None:
    tracker = PlaybackTracker(AudioFormat.PCMU)
    book = playing(tracker)
    book.hears(created(), audio(5000))
    for _ in range(3):
        tracker.on_play_ms("item_1", 0, 80)
    book.hears(SPEECH)
    assert book.sent() == [CANCEL, truncate(240)]


def test_bytes_that_were_played_count_in_the_trackers_format() -> None:
    tracker = PlaybackTracker()
    tracker.received("a", 0, 500.0, 0.0)
    tracker.on_play_bytes("a", 0, bytes(4800))
    tracker.set_audio_format(AudioFormat.PCMU)
    tracker.on_play_bytes("a", 0, bytes(80))
    (item,) = tracker.interrupt("r", 0.0)
    assert item.heard_ms == 110


def test_what_waits_behind_the_item_being_played_was_not_heard() -> None:
    tracker = PlaybackTracker()
    for item_id in ("past", "now", "next"):
        tracker.received(item_id, 0, 100.0, 0.0)
    tracker.on_play_ms("past", 0, 100)
    tracker.on_play_ms("now", 0, 30)
    heard = tracker.interrupt("r", 0.0)
    assert [(item.item_id, item.heard_ms) for item in heard] == [("now", 30), ("next", 0)]


def test_a_tracker_plays_until_all_that_came_was_played() -> None:
    tracker = PlaybackTracker()
    assert not tracker.is_playing(0.0)
    tracker.received("a", 0, 100.0, 0.0)
    assert tracker.is_playing(0.0)
    tracker.on_play_ms("a", 0, 100)
    assert not tracker.is_playing(0.0)
    tracker.received("b", 0, 100.0, 0.0)
    assert tracker.is_playing(0.0)


@example([256] * 6)  # six times 42.67 ms, as a browser plays: in floats less than 256 ms
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=50))
def test_whatever_the_chunks_an_answer_played_to_its_end_keeps_its_transcript(
    chunks: list[int],
) -> None:
    tracker = PlaybackTracker(AudioFormat.PCM24)
    book = Playbook(options=SessionOptions(PCMU, AudioFormat.PCM24.to_wire()), playback=tracker)
    delta = audio(sum(chunks))  # eight bytes each
    book.hears(created(), delta, AUDIO_DONE)
    for chunk in chunks:
        tracker.on_play_bytes("item_1", 0, bytes(chunk * 8))
    book.hears(SPEECH)
    assert book.sent_types() == ["response.cancel"]


ITEMS = st.sampled_from(["item_1", "item_2"])
DELTAS = st.tuples(st.just("delta"), ITEMS, st.integers(0, 2500))
PLAYS = st.tuples(st.just("play"), ITEMS, st.floats(0, 2000))
CUTS = st.tuples(st.sampled_from(["speech", "cut", "done", "audio done"]), ITEMS, st.just(0))


def cut_by_playback(book: Playbook, playback: Playback) -> Sequence[HeardItem]:
    """Interrupt as an owner does who knows nothing better."""
    heard = playback.interrupt(book.core.speech.response_id, book.now)
    book.interrupts(heard, cancel=True)
    return heard


@pytest.mark.parametrize("kind", [ClockPlayback, PlaybackTracker])
@given(story=st.lists(st.one_of(DELTAS, PLAYS, CUTS), max_size=20))
def test_a_cut_is_whole_milliseconds_and_never_beyond_what_came_or_was_heard(
    kind: type[ClockPlayback] | type[PlaybackTracker],
    story: list[tuple[str, str, float]],
) -> None:
    playback = kind()
    book = playing(playback)
    received_ms = {"item_1": 0, "item_2": 0}
    heard_ms = {"item_1": 0.0, "item_2": 0.0}
    book.hears(created())
    for action, item_id, amount in story:
        match action:
            case "delta":
                book.hears(audio(int(amount), item_id=item_id))
                received_ms[item_id] += int(amount)
            case "play":
                if isinstance(playback, PlaybackTracker):
                    playback.on_play_ms(item_id, 0, amount)
                heard_ms[item_id] += amount
            case "speech":
                book.hears(SPEECH)
            case "cut":
                cut_by_playback(book, playback)
            case "done":
                book.hears(done(), created())
            case _:
                book.hears({**AUDIO_DONE, "item_id": item_id})
        cuts = [each for each in book.sent() if each["type"] == "conversation.item.truncate"]
        for message in cuts:
            end_ms, of = message["audio_end_ms"], message["item_id"]
            assert type(end_ms) is int
            assert 0 <= end_ms <= received_ms[of]
            if isinstance(playback, PlaybackTracker):
                assert end_ms <= heard_ms[of] + 1e-6
            else:
                assert end_ms <= book.now * 1000
