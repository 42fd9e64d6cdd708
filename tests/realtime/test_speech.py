"""Who plays the agent, and whether the agent was heard before."""

from __future__ import annotations

import pytest

from sipagent.realtime.attached_speech import AttachedSpeech
from sipagent.realtime.history import History
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.outbox import Outbox
from sipagent.realtime.playback import AttachedPlayback, ClockPlayback, Playback
from sipagent.realtime.speech import Speech, speech_of
from sipagent.realtime.streamed_speech import StreamedSpeech
from sipagent.wire.events import Json

ANSWER: Json = {"id": "item_1", "type": "message", "role": "assistant", "content": []}


def speech(playback: Playback, *items: Json, before: Speech | None = None) -> Speech:
    history = History()
    history.restore(items)
    return speech_of(Outbox(), SessionOptions(), playback, history, before)


def test_whoever_plays_decides_whose_matter_it_is() -> None:
    assert isinstance(speech(ClockPlayback()), StreamedSpeech)
    assert isinstance(speech(AttachedPlayback()), AttachedSpeech)


@pytest.mark.parametrize(("items", "has_spoken"), [((), False), ((ANSWER,), True)])
def test_an_attached_agent_has_spoken_if_the_conversation_has_an_answer(
    items: tuple[Json, ...], has_spoken: bool
) -> None:
    assert speech(AttachedPlayback(), *items).has_spoken is has_spoken


def test_an_attached_agent_who_spoke_over_the_connection_before_has_spoken() -> None:
    before = speech(AttachedPlayback(), ANSWER)
    assert speech(AttachedPlayback(), before=before).has_spoken


def test_a_session_of_ours_has_not_spoken_over_a_new_connection() -> None:
    before = speech(AttachedPlayback(), ANSWER)
    assert not speech(ClockPlayback(), before=before).has_spoken
