"""The agent's last words reach the caller whole, however long their packets and deep their buffer.

BYE ends a telephone's jitter buffer with whatever is still in it, so it must come later than the
last word by more than such a buffer holds.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from pathlib import Path

import numpy as np
import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.audio.g711 import pcm_to_pcmu, pcmu_to_pcm
from sipagent.audio.tones import tone
from sipagent.calls.call import Call
from sipagent.calls.controller import CallPolicy
from sipagent.calls.incoming_controller import IncomingController
from sipagent.calls.leg_answer import LegAnswer
from sipagent.calls.termination import Reason
from sipagent.calls.tools import builtin_tools
from sipagent.calls.transfer_setup import TransferSetup
from sipagent.realtime.transport import Endpoint
from tests.calls.leg import Told
from tests.calls.talk import call_setup
from tests.fakes.scripted_endpoint import scripted_endpoint
from tests.realtime.playbook import audio, created, done, function_call

from .datagrams import SDP, SipSocket, tag_of
from .harness import switchboard
from .rtp import RtpPeer

WORDS_MS = 600
DEEPEST_BUFFER_S = 0.3
"""A fixed jitter buffer of telephones and gateways is 60 to 200 ms deep; some go on to 300."""


@pytest.mark.parametrize("ptime_ms", [20, 30])
async def test_the_last_words_are_whole_before_bye(tmp_path: Path, ptime_ms: int) -> None:
    loop = asyncio.get_running_loop()
    words = b64encode(pcm_to_pcmu(tone(425, WORDS_MS, 8_000))).decode()
    async with (
        scripted_endpoint() as endpoint,
        switchboard(codecs=["PCMU"]) as board,
        RtpPeer() as rtp,
        SipSocket(board.endpoint.port) as peer,
    ):
        offer = SDP.replace("10000", str(rtp.port)) + f"a=ptime:{ptime_ms}\r\n"
        peer.send(peer.request("INVITE", "c1", body=offer))
        call = Call(
            "c1",
            await board.incoming.get(),
            call_setup(
                agent=RealtimeAgent("Ada", tools=[*builtin_tools(TransferSetup()).values()])
            ),
            IncomingController(CallPolicy()),
            Endpoint(endpoint.url, "gpt-realtime"),
            Told(),
            answer=LegAnswer(loop.time()),
            recordings_dir=tmp_path,
            wall_clock=lambda: 0.0,
        )
        ended = loop.create_task(call.run(), name="call")
        peer.send(peer.request("ACK", "c1", tag=tag_of(await peer.response())))
        await rtp.until(5)
        spoken = audio(0) | {"delta": words}
        finished = audio(0) | {"type": "response.output_audio.done"}
        hangup = function_call("hangup")
        await endpoint.say(created(), spoken, finished, hangup, done())
        while not (bye := await peer.received.get()).startswith("BYE "):
            pass
        bye_at = loop.time()
        peer.reply(bye, "200 OK")
        assert (await ended).reason is Reason.AGENT_HUNG_UP
    loud = [each for each in rtp.packets if np.abs(pcmu_to_pcm(each.payload)).max() > 1_000]
    assert {len(each.payload) for each in loud} == {8 * ptime_ms}
    heard = np.concatenate([pcmu_to_pcm(each.payload) for each in loud])
    at = np.flatnonzero(np.abs(heard.astype(int)) > 1_000)
    assert (at[-1] - at[0]) / 8 == pytest.approx(WORDS_MS, abs=5)
    assert bye_at - loud[-1].at > DEEPEST_BUFFER_S
