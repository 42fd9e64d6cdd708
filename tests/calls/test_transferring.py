"""A call whose agent transfers the caller, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import DEFAULT_ERROR
from sipagent.calls import facts
from sipagent.calls.call import Call
from sipagent.calls.consult import Dial, no_line
from sipagent.calls.controller import CallPolicy
from sipagent.calls.delegation_approvals import Approver, Question, Verdict
from sipagent.calls.incoming_controller import IncomingController
from sipagent.calls.leg_answer import LegAnswer
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.calls.tools import builtin_tools
from sipagent.calls.transfer_setup import TransferSetup, TransferTarget
from sipagent.realtime.transport import Endpoint
from tests.fakes.scripted_endpoint import ScriptedEndpoint, scripted_endpoint
from tests.realtime.playbook import Wire, audio, created, done, function_call

from .leg import FarEnd, Told
from .talk import call_setup, transfer_to

TRANSFER = transfer_to(billing="tel:+4930", desk="sip:desk@example.com")
REFERRED = "REFER <tel:+4930>"
AUDIO_DONE = audio(0) | {"type": "response.output_audio.done"}


class Talking:
    """A call whose parties talk, its far end, its endpoint and what it told."""

    def __init__(
        self,
        endpoint: ScriptedEndpoint,
        folder: Path,
        *,
        dial: Dial = no_line,
        approver: Approver | None = None,
        **setup: Any,
    ) -> None:
        self.endpoint, self.far_end, self.told = endpoint, FarEnd(), Told()
        tools = builtin_tools(setup.get("transfer", TRANSFER))
        agent = RealtimeAgent("Ada", tools=[*tools.values()])
        defaults = {"agent": agent, "transfer": TRANSFER}
        loop = asyncio.get_running_loop()
        self.call = Call(
            "c1",
            self.far_end.leg,
            call_setup(**(defaults | setup)),
            IncomingController(setup.get("policy", CallPolicy())),
            Endpoint(endpoint.url, "gpt-realtime"),
            self.told,
            answer=LegAnswer(loop.time()),
            recordings_dir=folder,
            wall_clock=lambda: 0.0,
            approver=approver,
            dial=dial,
        )
        self.ended = loop.create_task(self.call.run(), name="call")

    async def calls(self, *calls: Wire, response_id: str = "resp_1") -> None:
        """Let the model call functions."""
        await self.endpoint.say(created(response_id), *calls, done(response_id))

    async def has_sent(self, what: str) -> None:
        """Wait until the far end got ``what``."""
        while what not in self.far_end.sent:
            await asyncio.sleep(0.005)

    async def outputs(self, count: int = 1) -> list[str]:
        """Wait until the model was told of ``count`` results; return them."""
        items = await self.endpoint.has_received("conversation.item.create", count)
        return [each["item"]["output"] for each in items]


@asynccontextmanager
async def talking(folder: Path, **setup: Any) -> AsyncIterator[Talking]:
    """Place a call and wait until it is answered; it ends with the caller if with nobody else."""
    async with scripted_endpoint() as endpoint:
        running = Talking(endpoint, folder, **setup)
        async with running.far_end.clock():
            await running.told.until(facts.CallAnswered)
            yield running
            running.far_end.hangs_up()
            await running.ended


def transfer_call(
    target: str, tool_call_id: str = "call_1", *, briefing: str | None = None, **more: str
) -> Wire:
    """Return a call of the tool."""
    told = {} if briefing is None else {"briefing": briefing}
    arguments = orjson.dumps({"target": target, **told}).decode()
    return function_call("transfer_call", tool_call_id, arguments=arguments, **more)


async def test_a_call_ends_when_the_caller_talks_to_somebody_else(tmp_path: Path) -> None:
    async with talking(tmp_path) as running:
        await running.calls(transfer_call("billing"))
        await running.has_sent(REFERRED)
        running.far_end.notifies(100)
        running.far_end.notifies(180)
        running.far_end.notifies(200)
        end = await running.ended
        assert end == Termination(Result.COMPLETED, Reason.TRANSFERRED, "to billing")
        assert running.far_end.sent[-2:] == [REFERRED, 'BYE Q.850;cause=16;text="transferred"']


async def test_a_call_goes_on_when_the_target_is_busy(tmp_path: Path) -> None:
    async with talking(tmp_path) as running:
        await running.calls(transfer_call("billing"))
        await running.has_sent(REFERRED)
        running.far_end.notifies(486)
        assert await running.outputs() == ["The transfer failed: busy."]
        await running.endpoint.has_received("response.create")  # the agent is to say so
        tool = await running.told.until(facts.ToolCalled)
        assert (tool.name, tool.output) == ("transfer_call", "The transfer failed: busy.")
        assert not running.ended.done()
        running.far_end.hangs_up()
        assert (await running.ended).reason is Reason.CALLER_HUNG_UP


async def test_a_telephone_that_cannot_be_transferred_may_be_asked_again(tmp_path: Path) -> None:
    async with talking(tmp_path) as running:
        await running.calls(transfer_call("billing"))
        await running.has_sent(REFERRED)
        running.far_end.notifies(405)
        assert len(await running.outputs()) == 1
        again = transfer_call("desk", "call_2", response_id="resp_2")
        await running.calls(again, response_id="resp_2")
        await running.has_sent("REFER <sip:desk@example.com>")


async def test_the_last_words_are_heard_before_the_transfer(tmp_path: Path) -> None:
    async with talking(tmp_path) as running:
        await running.endpoint.say(created(), audio(2_000), AUDIO_DONE)
        await running.endpoint.say(transfer_call("billing"), done())
        await running.told.until(facts.ToolStarted)
        assert "TransferStarted" not in running.told.names()
        await running.has_sent(REFERRED)
        assert running.far_end.media.heard("item_1") == 2_000
        await running.told.until(facts.TransferStarted)


async def test_a_hang_up_beside_a_transfer_does_not_spoil_it(tmp_path: Path) -> None:
    async with talking(tmp_path) as running:
        await running.calls(transfer_call("billing"), function_call("hangup", "call_2"))
        await running.has_sent(REFERRED)
        running.far_end.notifies(200)
        assert (await running.ended).reason is Reason.TRANSFERRED


async def test_a_caller_may_hang_up_while_being_transferred(tmp_path: Path) -> None:
    async with talking(tmp_path) as running:
        await running.calls(transfer_call("billing"))
        await running.has_sent(REFERRED)
        running.far_end.hangs_up()
        end = await running.ended
        assert end == Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)


async def test_a_call_that_ends_transfers_nobody(tmp_path: Path) -> None:
    async with talking(tmp_path) as running:
        await running.endpoint.say(created(), audio(100), function_call("hangup"))
        await running.told.until(facts.ToolCalled)
        await running.endpoint.say(transfer_call("billing", "call_2"), AUDIO_DONE, done())
        assert (await running.ended).reason is Reason.AGENT_HUNG_UP
        assert REFERRED not in running.far_end.sent
        outputs = [
            fact.output for _, fact in running.told.facts if isinstance(fact, facts.ToolCalled)
        ]
        assert outputs[-1] == "The transfer failed: the call is ending."


async def test_only_targets_of_the_plan_are_called(tmp_path: Path) -> None:
    async with talking(tmp_path) as running:
        await running.calls(transfer_call("sip:evil@example.com"))
        assert await running.outputs() == [DEFAULT_ERROR]
        assert [each for each in running.far_end.sent if "REFER" in str(each)] == []


class Person:
    """Says what they are told to say."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[Question] = asyncio.Queue()
        self.says: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()

    async def ask(self, question: Question) -> Verdict:
        self.asked.put_nowait(question)
        return await self.says


APPROVED = TransferSetup({"billing": TransferTarget("tel:+4930", needs_approval=True)})


async def test_a_transfer_waits_for_a_persons_word(tmp_path: Path) -> None:
    person, started = Person(), facts.TransferStarted("billing", "blind")
    async with talking(tmp_path, transfer=APPROVED, approver=person) as running:
        await running.calls(transfer_call("billing"))
        question = await person.asked.get()
        assert (question.tool, question.agent) == ("transfer_call", "Ada")
        assert orjson.loads(question.arguments)["target"] == "billing"
        assert REFERRED not in running.far_end.sent
        assert "TransferStarted" not in running.told.names()
        await running.endpoint.say(created("resp_2"), audio(40), AUDIO_DONE, done("resp_2"))
        while running.far_end.media.heard("item_1") < 40:  # the two go on talking
            await asyncio.sleep(0.005)
        person.says.set_result(Verdict(True))
        await running.has_sent(REFERRED)
        assert await running.told.until(facts.TransferStarted) == started
        running.far_end.notifies(200)
        assert (await running.ended).reason is Reason.TRANSFERRED


async def test_a_transfer_that_is_not_approved_is_told_to_the_agent(tmp_path: Path) -> None:
    person = Person()
    person.says.set_result(Verdict(False, "Billing is closed."))
    async with talking(tmp_path, transfer=APPROVED, approver=person) as running:
        await running.calls(transfer_call("billing"))
        assert await running.outputs() == ["The transfer was not made: Billing is closed."]
        ended = await running.told.until(facts.TransferEnded)
        assert (ended.target, ended.outcome, ended.ms) == ("billing", "not_approved", 0)
        assert "TransferStarted" not in running.told.names()
        assert REFERRED not in running.far_end.sent


async def test_nobody_waits_for_a_word_for_ever(tmp_path: Path) -> None:
    transfer = TransferSetup(APPROVED.targets, approval_s=0.05)
    async with talking(tmp_path, transfer=transfer, approver=Person()) as running:
        await running.calls(transfer_call("billing"))
        (told,) = await running.outputs()
        assert told == "The transfer was not made: nobody approved it in time."
