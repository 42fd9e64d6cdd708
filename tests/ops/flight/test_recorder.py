"""What is kept of calls, and which are saved."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from sipagent.calls import facts
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.dialplan.weights import draw
from sipagent.ops.flight import recorder
from sipagent.ops.flight.record import flight_path, read_flight
from sipagent.ops.flight.recorder import FIRST_FACTS, LAST_FACTS, FlightRecorder
from sipagent.ops.flight.settings import FlightSettings
from sipagent.sip.messages import SipMessages
from tests.ops.script import tell_all

OFFERED = facts.CallOffered("incoming", "sip-1", "100", "200")
GOOD = facts.CallEnded(Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP), 1_000)
BAD = facts.CallEnded(Termination(Result.FAILED, Reason.SESSION_LOST), 1_000)
INVITE = "INVITE sip:a@b SIP/2.0\r\nCall-ID: sip-1\r\n\r\n"


class Recording:
    """A recorder, and what it saved."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder, self.sip = folder, SipMessages()
        self._loop = asyncio.get_running_loop()
        self.recorder = FlightRecorder(
            FlightSettings(path=folder, **settings),
            lambda: 1_700_000_000.0,
            self._loop.time,
            self.sip,
            lambda: "127.0.0.1:5060",
        )

    def tell(self, call_id: str, *told: facts.Fact) -> None:
        tell_all(self.recorder, call_id, list(told), at=self._loop.time())

    def saved(self, call_ids: Iterable[str]) -> list[str]:
        """Return which of the calls are saved, once nothing goes on."""
        self.recorder.close()
        return [each for each in call_ids if flight_path(self.folder, each).exists()]


async def test_calls_that_failed_were_flagged_or_silent_are_saved_and_others_not(
    tmp_path: Path,
) -> None:
    made = Recording(tmp_path)
    made.tell("c1", OFFERED, GOOD)
    made.tell("c2", OFFERED, BAD)
    made.tell("c3", OFFERED, facts.OperatorActed("flag", "ada", {}), GOOD)
    made.tell("c4", OFFERED, facts.SilenceNamed("no_rtp", "no RTP"), GOOD)
    made.tell("c5", OFFERED, facts.OperatorActed("mute", "ada", {}), GOOD)
    assert made.saved(["c1", "c2", "c3", "c4", "c5"]) == ["c2", "c3", "c4"]
    assert read_flight(flight_path(tmp_path, "c3")).why == "flagged"


async def test_a_share_of_the_others_is_saved_the_same_whoever_asks(tmp_path: Path) -> None:
    made = Recording(tmp_path, save=[], sample_ratio=0.5)
    calls = [f"c{number}" for number in range(40)]
    for call_id in calls:
        made.tell(call_id, OFFERED, BAD)
    assert made.saved(calls) == [each for each in calls if draw(each, "flight") < 0.5]
    assert 8 < len(made.saved(calls)) < 32


async def test_sip_until_after_the_end_is_part_of_it(tmp_path: Path) -> None:
    made = Recording(tmp_path, save=["all"])
    now = asyncio.get_running_loop().time()
    made.sip.add("in", "192.0.2.1:5060", INVITE, at=now)
    made.tell("c1", OFFERED, GOOD)
    made.sip.add("out", "192.0.2.1:5060", "SIP/2.0 200 OK\r\nCall-ID: sip-1\r\n\r\n", at=now + 1)
    assert made.saved(["c1"]) == ["c1"]
    saved = read_flight(flight_path(tmp_path, "c1"))
    assert [each.direction for each in saved.sip] == ["in", "out"]
    assert [each.name for each in saved.facts] == ["CallOffered", "CallEnded"]
    assert made.sip.of(["sip-1"]) == []


async def test_a_call_that_goes_on_or_has_just_ended_may_be_asked_for(tmp_path: Path) -> None:
    made = Recording(tmp_path, save=[], kept_calls=1)
    made.tell("c1", OFFERED)
    assert made.recorder.asked("unknown") is None
    for _ in range(2):
        saving = made.recorder.asked("c1")
        assert saving is not None and await asyncio.wrap_future(saving)
        assert read_flight(flight_path(tmp_path, "c1")).why == "asked"
        made.tell("c1", GOOD)
    made.tell("c2", OFFERED, GOOD)
    made.recorder.close()
    assert made.recorder.asked("c1") is None
    assert made.recorder.asked("c2") is not None
    made.recorder.close()


async def test_an_endless_call_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    made = Recording(tmp_path, save=["all"])
    seen = facts.CallerSpeechStarted("i")
    made.tell("c1", OFFERED, *[seen] * (FIRST_FACTS + LAST_FACTS), GOOD)
    assert made.saved(["c1"])
    saved = read_flight(flight_path(tmp_path, "c1")).facts
    assert len(saved) == FIRST_FACTS + LAST_FACTS
    assert (saved[0].name, saved[-1].name) == ("CallOffered", "CallEnded")


async def test_a_disk_that_takes_nothing_costs_the_record_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    made = Recording(tmp_path / "file")
    made.tell("c1", OFFERED, BAD)
    made.recorder.close()
    assert "call=c1 ! its flight record is lost: Not a directory" in caplog.text


async def test_a_record_that_cannot_be_written_is_counted_and_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise TypeError("of whatever kind")

    monkeypatch.setattr(recorder, "write_flight", fails)
    made = Recording(tmp_path)
    made.tell("c1", OFFERED)
    saving = made.recorder.asked("c1")
    assert saving is not None and not await asyncio.wrap_future(saving)
    assert "call=c1 ! its flight record is lost: TypeError" in caplog.text
    made.recorder.close()
