"""What clients are told of the playing of responses."""

from __future__ import annotations

from sipagent.engine.output_buffer import OutputBuffer
from sipagent.wire.events import Event
from sipagent.wire.server import (
    OutputAudioBufferCleared,
    OutputAudioBufferStarted,
    OutputAudioBufferStopped,
)

STARTED = OutputAudioBufferStarted(response_id="r")
STOPPED = OutputAudioBufferStopped(response_id="r")
CLEARED = OutputAudioBufferCleared(response_id="r")


def buffer(*item_ids: str) -> OutputBuffer:
    """Return a buffer with items of the response ``r``."""
    playing = OutputBuffer()
    for item_id in item_ids:
        playing.queue("r", item_id)
    return playing


def test_a_response_starts_with_its_first_item_and_only_then() -> None:
    playing = buffer("a", "b")
    assert playing.item_began("a") == [STARTED]
    assert playing.item_began("a") == []
    assert playing.item_began("b") == []


def test_a_response_that_was_done_stops_with_its_last_item() -> None:
    playing = buffer("a", "b")
    assert playing.response_done("r") == []
    assert playing.item_played("a") == []
    assert playing.is_playing
    assert playing.item_played("b") == [STOPPED]
    assert not playing.is_playing


def test_a_response_that_was_heard_stops_when_it_is_done() -> None:
    playing = buffer("a")
    assert playing.item_played("a") == []
    assert not playing.is_playing
    assert playing.response_done("r") == [STOPPED]
    assert playing.response_done("r") == []


def test_a_response_without_audio_is_not_told_of() -> None:
    assert buffer().response_done("r") == []


def test_a_response_that_is_dropped_is_cleared_and_does_not_stop() -> None:
    playing = buffer("a", "b")
    playing.item_began("a")
    assert playing.clear({"a": 100, "b": 0}) == [CLEARED]
    assert not playing.is_playing
    assert playing.response_done("r") == playing.item_played("a") == playing.item_began("b") == []


def test_a_response_that_began_unnoticed_is_started_before_it_is_cleared() -> None:
    assert buffer("a").clear({"a": 20}) == [STARTED, CLEARED]


def test_a_response_that_never_began_is_only_cleared() -> None:
    assert buffer("a").clear({"a": 0}) == [CLEARED]


def test_a_response_that_was_played_already_is_not_cleared() -> None:
    playing = buffer("a")
    playing.response_done("r")
    assert playing.clear({}) == []
    assert playing.item_played("a") == [STOPPED]


def test_responses_are_told_apart() -> None:
    playing = buffer("a")
    playing.queue("s", "b")
    playing.response_done("r")
    playing.response_done("s")
    assert playing.clear({"b": 0, "nobody's": 5}) == [OutputAudioBufferCleared(response_id="s")]
    told: list[Event] = [*playing.item_began("a"), *playing.item_played("a")]
    assert told == [STARTED, STOPPED]
