"""An answer that was blocked: stopped as its kind asks, and followed by another."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from sipagent.audio.formats import AudioFormat
from sipagent.realtime.blocking import block
from sipagent.realtime.guardrail_runs import Remedy, Trip, Tripwire
from sipagent.realtime.outbox import Outbox
from sipagent.realtime.playback import ClockPlayback
from sipagent.realtime.streamed_speech import StreamedSpeech


def stopped(remedy: Remedy, *, instead: str = "", is_ongoing: bool = True) -> Sequence[str]:
    """Return the types of what is sent, and what is asked for once nothing goes on any more."""
    out = Outbox()
    speech = StreamedSpeech(out, ClockPlayback(), AudioFormat.PCMU, barge_in=True)
    if is_ongoing:
        out.sequencer.response_created()
        speech.response_created("resp_1")
    tripwire = Tripwire("polite", "Be polite", None, instead)
    block(Trip("resp_1", "item_1", tripwire, remedy, "No.", (), 1.0), out, speech, now=1.0)
    if is_ongoing:
        out.send(*out.sequencer.response_done())
    sent = [json.loads(message) for message in out.take_messages()]
    return [str(each.get("response", {}).get("instructions", each["type"])) for each in sent]


@pytest.mark.parametrize(
    ("remedy", "first"),
    [
        (Remedy.REPLY, []),
        (Remedy.CANCEL, ["response.cancel"]),
        (Remedy.INTERRUPT, ["response.cancel"]),
    ],
)
def test_it_is_stopped_and_the_model_told_why(remedy: Remedy, first: list[str]) -> None:
    feedback = ["conversation.item.create", "response.create"]
    assert stopped(remedy) == [*first, *feedback]
    assert stopped(remedy, is_ongoing=False) == feedback


def test_a_guardrail_may_say_what_is_said_instead() -> None:
    assert stopped(Remedy.CANCEL, instead="Say sorry.") == ["response.cancel", "Say sorry."]


def test_once_another_answer_began_it_is_left_alone() -> None:
    assert stopped(Remedy.NONE, instead="Say sorry.") == []
