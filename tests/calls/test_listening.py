"""People who listen in: what they hear, what they do not, and when it ends."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from sipagent.audio.tones import tone
from sipagent.calls import facts
from sipagent.calls.events import ListenWished
from sipagent.calls.listening import MOST_LISTENERS, PIECE_S, Listening
from sipagent.calls.part import CallHands
from sipagent.operator_acts import DONE, ActAnswer
from sipagent.sip.media_port import MediaPort


class Ear:
    """Somebody who listens."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.is_gone = self.is_ended = False

    def hear(self, pcm: bytes) -> None:
        """Keep it."""
        self.pieces.append(pcm)

    def end(self) -> None:
        """Note that it is over."""
        self.is_ended = True

    @property
    def both(self) -> NDArray[np.int16]:
        """What was heard, shape ``(samples, 2)``."""
        return np.frombuffer(b"".join(self.pieces), "<i2").reshape(-1, 2)


class Line:
    """A call whose test is both clocks."""

    def __init__(self, rate_hz: int = 8_000) -> None:
        self.media: MediaPort | None = MediaPort(
            rate_hz, asyncio.get_running_loop(), lambda _: None
        )
        self.now, self.is_talking = 0.0, True
        self.told: list[facts.Fact] = []
        self.part = Listening()
        self.part.join(
            CallHands(
                "c1",
                cast(Any, None),
                cast(Any, self),
                cast(Any, None),
                tell=self.told.append,
                post=lambda _: None,
                run=lambda work, name: None,
                now=lambda: self.now,
                is_talking=lambda: self.is_talking,
                dismiss=lambda: None,
            )
        )

    def asks(self, ear: Ear) -> ActAnswer:
        """Ask to listen; return the answer."""
        answer: asyncio.Future[ActAnswer] = asyncio.get_running_loop().create_future()
        self.part.handle(ListenWished("duty", ear, answer))
        return answer.result()

    def talk(self, caller: int, agent: int, frames: int = 5) -> None:
        """Let both sides sound for some frames, and the time of them pass."""
        assert self.media is not None
        samples = self.media.rate_hz // 50
        for _ in range(frames):
            self.media.give_inbound(np.full(samples, caller, np.int16))
            self.media.push("a", np.full(samples, agent, np.int16))
            self.media.take_outbound()
        self.now += PIECE_S
        self.part.handle_timer(self.now)


async def test_a_listener_hears_caller_left_and_agent_right_ten_times_a_second() -> None:
    line, ear = Line(), Ear()
    line.talk(1, 7)
    assert line.part.deadline() is None  # nobody listens
    assert line.asks(ear) == DONE
    line.talk(2, 8)
    line.talk(3, 9)
    assert [len(piece) for piece in ear.pieces] == [3_200, 3_200]
    assert ear.both[::800].tolist() == [[2, 8], [3, 9]]
    assert line.told == [facts.OperatorActed("listen", "duty", {})]


async def test_a_wideband_call_is_heard_at_8_khz() -> None:
    line, ear = Line(16_000), Ear()
    assert line.asks(ear) == DONE
    assert line.media is not None
    sound = tone(1_000, 1_000, 16_000)
    for start in range(0, len(sound), 320):
        line.media.give_inbound(sound[start : start + 320])
        line.media.take_outbound()
    line.now += PIECE_S
    line.part.handle_timer(line.now)
    heard = ear.both[1_000:5_000, 0]
    assert int(np.argmax(np.abs(np.fft.rfft(heard)))) == 500  # 1 kHz in half a second
    assert not ear.both[:, 1].any()


async def test_the_shield_silences_the_caller_and_not_the_agent() -> None:
    line, ear = Line(), Ear()
    assert line.asks(ear) == DONE
    assert line.media is not None
    line.media.give_inbound(np.full(160, 5, np.int16))
    line.media.take_outbound()
    line.part.mute(caller=True)  # what came before it is heard
    line.talk(2, 8)
    line.part.mute(caller=False)
    line.talk(3, 9)
    frames = ear.both[::160].tolist()
    assert frames == [[5, 0], *[[0, 8]] * 5, *[[3, 9]] * 5]


async def test_a_shield_that_is_up_already_holds_for_who_comes_later() -> None:
    line, ear = Line(), Ear()
    line.part.mute(caller=True)
    assert line.asks(ear) == DONE
    line.talk(2, 8)
    assert ear.both[0].tolist() == [0, 8]


async def test_nothing_is_copied_once_the_last_listener_left() -> None:
    line, ears = Line(), [Ear(), Ear()]
    assert [line.asks(ear) for ear in ears] == [DONE, DONE]
    ears[0].is_gone = True
    line.talk(2, 8)
    assert (len(ears[0].pieces), len(ears[1].pieces)) == (0, 1)
    ears[1].is_gone = True
    line.talk(2, 8)
    assert line.part.deadline() is None
    assert line.media is not None and not line.media._taps
    assert line.asks(ears[0]) == DONE  # and again


async def test_the_end_of_the_call_ends_it_for_all() -> None:
    line, ear = Line(), Ear()
    assert line.asks(ear) == DONE
    await line.part.close()
    assert ear.is_ended
    assert line.part.deadline() is None


@pytest.mark.parametrize("has_media", [True, False])
async def test_a_call_that_does_not_talk_is_not_listened_to(has_media: bool) -> None:
    line = Line()
    line.is_talking = not has_media
    line.media = line.media if has_media else None
    assert line.asks(Ear()).status == 409
    assert line.told == []


async def test_one_call_has_only_so_many_listeners() -> None:
    line, ears = Line(), [Ear() for _ in range(MOST_LISTENERS)]
    assert all(line.asks(ear) == DONE for ear in ears)
    assert line.asks(Ear()).status == 409
    ears[0].is_gone = True
    assert line.asks(Ear()) == DONE
