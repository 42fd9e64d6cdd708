"""Messages to who controls a call."""

from __future__ import annotations

import json

from sipagent.engine.audience import MOST_UNREAD, Audience, Member
from sipagent.wire.server import InputAudioBufferCleared, InputAudioBufferDtmfEventReceived


async def test_every_member_has_the_same_messages_and_then_the_end() -> None:
    audience, members = Audience(), [Member(lambda: None) for _ in range(2)]
    await audience.send(InputAudioBufferCleared())
    for member in members:
        audience.join(member)
    await audience.send(InputAudioBufferCleared())
    audience.end()
    one, two = [[await member.next(), await member.next()] for member in members]
    assert one == two
    assert one[0] is not None and json.loads(one[0])["event_id"].startswith("event_")
    assert one[1] is None


async def test_who_has_left_is_told_nothing_more() -> None:
    audience, member = Audience(), Member(lambda: None)
    audience.join(member)
    audience.leave(member)
    await audience.send(InputAudioBufferCleared())
    member.end()
    assert await member.next() is None


async def test_a_pressed_key_has_no_event_id() -> None:
    audience, member = Audience(), Member(lambda: None)
    audience.join(member)
    await audience.send(InputAudioBufferDtmfEventReceived(event="1", received_at=7))
    message = await member.next()
    assert message is not None and "event_id" not in json.loads(message)


async def test_who_is_hopelessly_behind_is_dropped_once_it_is() -> None:
    dropped: list[bool] = []
    member = Member(lambda: dropped.append(True))
    for _ in range(MOST_UNREAD):
        await member.send("x")
    assert not dropped
    await member.send("x")
    assert dropped
