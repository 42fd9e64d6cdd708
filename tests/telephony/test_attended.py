"""Attended transfers over real SIP: what caller and target, written by hand, make of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote

import orjson
import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.audio.tones import tone
from sipagent.calls import attended, facts, leg_transfer, transfer
from sipagent.calls.call import Call
from sipagent.calls.controller import CallPolicy
from sipagent.calls.incoming_controller import IncomingController
from sipagent.calls.leg_answer import LegAnswer
from sipagent.calls.setup import Prompt
from sipagent.calls.termination import Reason, Termination
from sipagent.calls.tools import builtin_tools
from sipagent.calls.transfer_setup import TransferSetup, TransferTarget
from sipagent.realtime.transport import Endpoint
from sipagent.sip.call import SipCall
from tests.calls.leg import Told
from tests.calls.talk import call_setup, no_agent_voice
from tests.fakes.scripted_endpoint import ScriptedEndpoint, scripted_endpoint
from tests.realtime.playbook import created, done, function_call

from .datagrams import SDP, SipSocket, tag_of
from .harness import switchboard, until

TRYING, OK = "SIP/2.0 100 Trying", "SIP/2.0 200 OK"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no briefing take long, and no wait."""

    async def spoken(text: str, voice: str) -> Prompt:
        return Prompt(tone(500, 60, 8_000), 8_000)

    monkeypatch.setattr(leg_transfer, "spoken_prompt", spoken)
    monkeypatch.setattr(leg_transfer, "agent_voice", no_agent_voice)
    for module in (attended, transfer):
        monkeypatch.setattr(module, "TAIL_S", 0.02)


class Scene:
    """A caller whose agent has a colleague asked; both telephones are written by hand."""

    def __init__(self, endpoint: ScriptedEndpoint, caller: SipSocket, colleague: SipSocket) -> None:
        self.endpoint, self.caller, self.colleague = endpoint, caller, colleague
        self.told, self.tag, self.invite = Told(), "", ""
        self.ended: asyncio.Task[Termination]

    async def outcome(self) -> tuple[str, int]:
        """Wait for what came of the transfer."""
        ended = await self.told.until(facts.TransferEnded)
        return ended.outcome, ended.status

    async def output(self) -> str:
        """Wait for what the agent is told."""
        (item, *_) = await self.endpoint.has_received("conversation.item.create")
        return str(item["item"]["output"])

    async def colleague_answers(self) -> None:
        self.colleague.reply(self.invite, "200 OK", body=SDP)
        await self.gets(self.colleague, "ACK")

    async def gets(self, who: SipSocket, start: str) -> str:
        """Wait for a message; every other request is answered."""
        while not (message := await who.received.get()).startswith(start):
            if not message.startswith(("SIP/2.0", "ACK")):
                who.reply(message, "200 OK")
        return message

    async def refer(self, status: str = "202 Accepted") -> str:
        """Wait for the REFER to the caller's telephone, and answer it."""
        refer = await self.gets(self.caller, "REFER")
        if status:
            self.caller.reply(refer, status)
        return refer

    def notify(self, sipfrag: str, state: str, cseq: int) -> None:
        """Tell how the transfer goes (RFC 3515 section 2.4.5)."""
        headers = (
            "Event: refer",
            f"Subscription-State: {state}",
            "Content-Type: message/sipfrag;version=2.0",
        )
        request = self.caller.request("NOTIFY", "c1", headers=headers, tag=self.tag, cseq=cseq)
        head = request.decode().replace("Content-Length: 0", f"Content-Length: {len(sipfrag)}")
        self.caller.send((head + sipfrag).encode())

    async def hears_nothing_more(self) -> None:
        """Let the colleague agree to what ends its call."""
        while True:
            message = await self.colleague.received.get()
            if message.startswith("CANCEL"):
                self.colleague.reply(message, "200 OK")
                self.colleague.reply(self.invite, "487 Request Terminated")
                return
            if message.startswith("BYE"):
                self.colleague.reply(message, "200 OK")
                return


@asynccontextmanager
async def scene(
    folder: Path, *, is_bridged: bool = False, ring_s: float = 20.0, tag: str = "2"
) -> AsyncIterator[Scene]:
    """Go on once the colleague's telephone has the INVITE; it gives the dialog ``tag``."""
    loop = asyncio.get_running_loop()
    async with (
        scripted_endpoint() as endpoint,
        switchboard(codecs=["PCMU"]) as board,
        SipSocket(board.endpoint.port) as caller,
        SipSocket(board.endpoint.port) as colleague,
    ):
        uri = f"sip:desk@127.0.0.1:{colleague.port}"
        target = TransferTarget(uri, is_attended=True, is_bridged=is_bridged, ring_s=ring_s)
        setup = TransferSetup({"desk": target})
        running = Scene(endpoint, caller, colleague)

        async def dial(uri: str, trunk: str, from_user: str) -> SipCall:
            return await board.endpoint.dial(uri, from_user=from_user)

        caller.send(caller.request("INVITE", "c1", body=SDP))
        call = Call(
            "c1",
            await board.incoming.get(),
            call_setup(
                agent=RealtimeAgent("Ada", tools=[*builtin_tools(setup).values()]),
                greeting="Greet.",
                transfer=setup,
            ),
            IncomingController(CallPolicy()),
            Endpoint(endpoint.url, "gpt-realtime"),
            running.told,
            answer=LegAnswer(loop.time()),
            recordings_dir=folder,
            wall_clock=lambda: 0.0,
            dial=dial,
        )
        running.ended = loop.create_task(call.run(), name="call")
        running.tag = tag_of(await caller.response())
        caller.send(caller.request("ACK", "c1", tag=running.tag))
        await endpoint.has_received("response.create")  # the two talk
        arguments = orjson.dumps({"target": "desk", "briefing": "Ada."}).decode()
        wish = function_call("transfer_call", arguments=arguments)
        await endpoint.say(created(), wish, done())
        invite = await running.gets(colleague, "INVITE")
        running.invite = re.sub(r"(?m)^To: [^\r]*", lambda to: f"{to[0]};tag={tag}", invite)
        colleague.reply(running.invite, "180 Ringing")
        yield running
        if not running.ended.done():
            caller.send(caller.request("BYE", "c1", tag=running.tag, cseq=90))
        await running.ended
        await until(lambda: board.endpoint.calls_in_use == 0)


async def test_the_caller_is_sent_to_take_our_call_over(tmp_path: Path) -> None:
    async with scene(tmp_path) as running:
        await running.colleague_answers()
        refer = await running.refer()
        call_id = next(line for line in running.invite.split("\r\n") if line.startswith("Call-ID:"))
        refer_to = next(line for line in refer.split("\r\n") if line.startswith("Refer-To:"))
        assert f"sip:desk@127.0.0.1:{running.colleague.port}?" in refer_to
        assert f"Replaces={call_id.partition(': ')[2]}%3B" in refer_to
        running.notify(TRYING, "active;expires=60", 2)
        running.notify(OK, "terminated;reason=noresource", 3)
        await running.hears_nothing_more()
        bye = await running.gets(running.caller, "BYE")
        running.caller.reply(bye, "200 OK")
        assert await running.outcome() == ("completed", 200)
        assert (await running.ended).reason is Reason.TRANSFERRED


ODD_TAG = "a.!*_+'~-1"
"""Of what a tag may have (RFC 3261 section 25.1), but for two that PJSIP gets wrong:
it does not escape a grave accent, and takes ``%`` for an escape wherever it is.
"""


async def test_what_the_caller_takes_over_is_the_dialog_as_the_colleague_knows_it(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path, tag=ODD_TAG) as running:
        await running.colleague_answers()
        refer = await running.refer()
        (refer_to,) = re.findall(r"(?m)^Refer-To: <sip:[^?>]+\?([^>]*)>\r$", refer)
        headers = dict(each.split("=", 1) for each in refer_to.split("&"))
        assert re.fullmatch(r"(?:[\w\[\]/?:+$.!~*'()-]|%[0-9A-Fa-f]{2})+", headers["Replaces"])
        (call_id,) = re.findall(r"(?m)^Call-ID: (\S+)", running.invite)
        (our_tag,) = re.findall(r"(?m)^From: .*;tag=(\S+)", running.invite)
        named, *tags = unquote(headers["Replaces"]).split(";")
        assert named == call_id
        assert sorted(tags) == sorted((f"to-tag={ODD_TAG}", f"from-tag={our_tag}"))
        running.notify(OK, "terminated;reason=noresource", 2)
        await running.hears_nothing_more()
        assert await running.outcome() == ("completed", 200)


@pytest.mark.parametrize(
    ("status", "outcome"), [("486 Busy Here", "busy"), ("603 Decline", "declined")]
)
async def test_a_colleague_who_refuses_is_told_to_the_agent(
    tmp_path: Path, status: str, outcome: str
) -> None:
    async with scene(tmp_path) as running:
        running.colleague.reply(running.invite, status)
        assert await running.outcome() == (outcome, int(status[:3]))
        assert outcome.removesuffix("d") in await running.output()


async def test_a_colleague_who_does_not_answer_is_not_rung_for_ever(tmp_path: Path) -> None:
    async with scene(tmp_path, ring_s=0.3) as running:
        await running.hears_nothing_more()
        assert await running.outcome() == ("no_answer", 408)


@pytest.mark.parametrize("is_answered", [False, True])
async def test_a_caller_who_hangs_up_frees_the_colleague(tmp_path: Path, is_answered: bool) -> None:
    async with scene(tmp_path) as running:
        if is_answered:
            await running.colleague_answers()
        running.caller.send(running.caller.request("BYE", "c1", tag=running.tag, cseq=2))
        await running.hears_nothing_more()
        assert await running.outcome() == ("abandoned", 0)


@pytest.mark.parametrize("status", ["405 Method Not Allowed", "501 Not Implemented", "603 Decline"])
async def test_a_telephone_that_refuses_the_refer_keeps_its_call(
    tmp_path: Path, status: str
) -> None:
    async with scene(tmp_path) as running:
        await running.colleague_answers()
        await running.refer(status)
        await running.hears_nothing_more()
        assert (await running.outcome())[1] == int(status[:3])
        assert "You are talking to the caller again." in await running.output()


async def test_or_talks_to_the_colleague_through_us(tmp_path: Path) -> None:
    async with scene(tmp_path, is_bridged=True) as running:
        await running.colleague_answers()
        await running.refer("501 Not Implemented")
        assert await running.outcome() == ("bridged", 200)
        running.caller.send(running.caller.request("BYE", "c1", tag=running.tag, cseq=5))
        await running.hears_nothing_more()


async def test_a_telephone_that_tells_nothing_after_202_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attended, "LIMIT_S", 0.6)
    async with scene(tmp_path) as running:
        await running.colleague_answers()
        await running.refer()
        await running.hears_nothing_more()
        assert await running.outcome() == ("no_answer", 408)


async def test_a_telephone_that_stops_telling_has_not_transferred(tmp_path: Path) -> None:
    async with scene(tmp_path) as running:
        await running.colleague_answers()
        await running.refer()
        running.notify(TRYING, "terminated;reason=timeout", 2)
        await running.hears_nothing_more()
        assert (await running.outcome())[0] == "failed"
        assert "did not tell how it went" in await running.output()


async def test_a_telephone_may_tell_before_it_answers(tmp_path: Path) -> None:
    async with scene(tmp_path) as running:
        await running.colleague_answers()
        refer = await running.refer("")
        running.notify(TRYING, "active;expires=60", 2)
        running.caller.reply(refer, "202 Accepted")
        running.notify(OK, "terminated;reason=noresource", 3)
        await running.hears_nothing_more()
        assert await running.outcome() == ("completed", 200)


async def test_the_colleagues_bye_may_overtake_the_outcome(tmp_path: Path) -> None:
    async with scene(tmp_path) as running:
        await running.colleague_answers()
        await running.refer()
        head = running.invite.split("\r\n")
        ours = {each.partition(":")[0]: each for each in head if ":" in each}
        bye = running.colleague.request("BYE", "x", cseq=1).decode().split("\r\n")
        swapped = [
            ours["To"].replace("To:", "From:") + ";tag=2"
            if each.startswith("From:")
            else f"To:{ours['From'].partition(':')[2]}"
            if each.startswith("To:")
            else ours["Call-ID"]
            if each.startswith("Call-ID:")
            else each
            for each in bye
        ]
        running.colleague.send("\r\n".join(swapped).encode())
        await running.gets(running.colleague, "SIP/2.0 200")
        running.notify(OK, "terminated;reason=noresource", 2)
        assert await running.outcome() == ("completed", 200)
