"""Where wishes go before there is a connection, and after the last."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.errors import ConfigError, SessionLost
from sipagent.realtime.connections import Connections
from sipagent.realtime.core import SessionCore
from sipagent.realtime.endpoint import Endpoint
from sipagent.realtime.events import SessionEvent
from sipagent.realtime.history_items import AssistantMessage
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.playback import AttachedPlayback, ClockPlayback
from sipagent.realtime.rotation import RotationSettings
from tests.fakes.scripted_endpoint import scripted_endpoint

from .playbook import PCMU, reception

ANSWER = {"item_id": "item_1", "type": "message", "role": "assistant", "content": []}


def connections(*history: dict[str, Any], told: list[SessionEvent] | None = None) -> Connections:
    return Connections(
        SessionOptions(PCMU, PCMU),
        None,
        ClockPlayback(),
        history=history,
        tell=(told if told is not None else []).append,
        on_message=None,
    )


def never(core: SessionCore, now: float) -> None:
    raise AssertionError


async def test_nobody_takes_a_wish_before_there_is_a_connection() -> None:
    with pytest.raises(SessionLost):
        await connections().do(never)
    with pytest.raises(SessionLost):
        await connections().send("{}")


async def test_what_a_call_has_said_is_known_before_it_is_attached_to() -> None:
    assert connections(ANSWER).history == [AssistantMessage("item_1", ())]


@pytest.mark.parametrize("of_a_call", ["history", "is_accepted"])
async def test_what_is_said_of_a_call_needs_one(of_a_call: str) -> None:
    lines = connections(*([ANSWER] if of_a_call == "history" else []))
    endpoint = Endpoint("ws://127.0.0.1:1", "m")
    with pytest.raises(ConfigError, match=of_a_call):
        await lines.connect(reception(), endpoint, is_accepted=of_a_call == "is_accepted")
    assert lines.in_use is None


async def test_nothing_is_used_before_it_is_handed_over_and_nobody_hears_of_its_end() -> None:
    told: list[SessionEvent] = []
    lines = connections(told=told)
    async with scripted_endpoint() as far_end:
        await lines.connect(reception(), Endpoint(far_end.url, "m"), is_accepted=False)
        used, heard = lines.in_use, len(told)
        other = await lines.open(reception())
        assert lines.in_use is used is not other
        await other.close()
        assert len(told) == heard
        await lines.close()
    with pytest.raises(SessionLost):
        await lines.do(never)


async def test_a_session_of_ours_is_played_by_its_owner_whatever_was_before() -> None:
    lines = connections()
    lines.outlive(RotationSettings(), None)
    assert not isinstance(lines.playback, AttachedPlayback)
    assert not lines.is_attached
    await lines.close()
