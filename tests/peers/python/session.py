"""A session of the official Agents SDK for Python, told on stdin what to do.

One JSON object a line: in ``{"do": ...}``, out ``{"told": ...}``, which is what the SDK tells its
user. It runs in an environment of its own, and imports nothing of sipagent.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

from agents import GuardrailFunctionOutput, OutputGuardrail, function_tool
from agents.realtime import (
    OpenAIRealtimeSIPModel,
    RealtimeAgent,
    RealtimeModelSendRawMessage,
    RealtimeRunner,
    RealtimeSession,
)


def tell(told: str, **fields: Any) -> None:
    print(json.dumps({"told": told, **fields}), flush=True)


class Told(logging.Handler):
    """Tell what the SDK logs, but that it does not trace: it must not, here."""

    def emit(self, record: logging.LogRecord) -> None:
        if "No active span" not in record.getMessage():
            tell("logged", text=record.getMessage())


@function_tool
def opening_hours(day: str) -> str:
    """Tell when we are open."""
    return f"ten to two on {day}"


@function_tool
async def clock() -> str:
    """Tell the time."""
    await asyncio.sleep(0.2)
    return "noon"


@function_tool(needs_approval=True)
def refund(euros: int) -> str:
    """Pay back."""
    return f"{euros} euros paid"


@function_tool
def broken() -> str:
    """Fail."""
    raise RuntimeError("a secret of the house")


@function_tool
def invoice() -> str:
    """Tell what is owed."""
    return "nothing is owed"


async def _forbid(_context: Any, _agent: Any, output: str) -> GuardrailFunctionOutput:
    return GuardrailFunctionOutput(output_info="blocked", tripwire_triggered="forbidden" in output)


def reception(script: str | None) -> RealtimeAgent:
    """Return the agent that begins; it may hand over to Billing."""

    def prompt(agent: str) -> Any:
        return {"id": script, "variables": {"agent": agent}} if script else None

    billing = RealtimeAgent(
        name="Billing", instructions="Bills.", prompt=prompt("Billing"), tools=[invoice]
    )
    return RealtimeAgent(
        name="Reception",
        instructions="Help.",
        prompt=prompt("Reception"),
        tools=[opening_hours, clock, refund, broken],
        handoffs=[billing],
        output_guardrails=[OutputGuardrail(_forbid, name="forbid")],
    )


def tell_event(event: Any) -> None:
    """Tell one event of the session."""
    match event.type:
        case "agent_start" | "agent_end":
            tell(event.type, agent=event.agent.name)
        case "audio":
            tell("audio", item_id=event.item_id, bytes=len(event.audio.data))
        case "audio_end" | "audio_interrupted":
            tell(event.type)
        case "handoff":
            tell("handoff", of=event.from_agent.name, to=event.to_agent.name)
        case "tool_start":
            tell("tool_start", tool=event.tool.name, arguments=json.loads(event.arguments))
        case "tool_end":
            tell("tool_end", tool=event.tool.name, output=event.output)
        case "tool_approval_required":
            tell("approval", tool=event.tool.name, call_id=event.call_id)
        case "guardrail_tripped":
            infos = [result.output.output_info for result in event.guardrail_results]
            tell("guardrail", info=infos)
        case "history_updated":
            tell("history", items=[item.model_dump(mode="json") for item in event.history])
        case "input_audio_timeout_triggered":
            tell("timeout")
        case "raw_model_event" if event.data.type == "raw_server_event":
            if event.data.data["type"] == "input_audio_buffer.dtmf_event_received":
                tell("digit", digit=event.data.data["event"])
        case "error":
            error = event.error
            tell("error", code=getattr(error, "code", None), message=str(error))


class Peer:
    """What one line asks for is done by the method of that name."""

    def __init__(self) -> None:
        self.session: RealtimeSession
        self.events: asyncio.Task[None]

    async def accepting(self, script: str | None = None) -> None:
        session = await OpenAIRealtimeSIPModel.build_initial_session_payload(reception(script))
        tell("accepting", session=session.model_dump(exclude_none=True))

    async def connect(
        self,
        url: str,
        script: str | None = None,
        audio_format: str | None = None,
        call_id: str | None = None,
        **settings: Any,
    ) -> None:
        if audio_format:
            settings["input_audio_format"] = settings["output_audio_format"] = audio_format
        config: Any = {
            "model_settings": settings,
            "guardrails_settings": {"debounce_text_length": 5},
        }
        model = OpenAIRealtimeSIPModel() if call_id else None
        runner = RealtimeRunner(reception(script), model=model, config=config)
        model_config: Any = {"api_key": "any", "url": url} | (
            {"call_id": call_id} if call_id else {}
        )
        self.session = await runner.run(model_config=model_config)
        await self.session.enter()
        self.events = asyncio.get_running_loop().create_task(self._tell_events())
        tell("connected")

    async def _tell_events(self) -> None:
        async for event in self.session:
            tell_event(event)
        tell("ended")

    async def send_message(self, text: str) -> None:
        await self.session.send_message(text)

    async def send_audio(self, path: str, chunk_bytes: int, commit: bool = False) -> None:
        audio = Path(path).read_bytes()
        for end in range(chunk_bytes, len(audio) + chunk_bytes, chunk_bytes):
            is_last = end >= len(audio)
            await self.session.send_audio(audio[end - chunk_bytes : end], commit=commit and is_last)

    async def interrupt(self) -> None:
        await self.session.interrupt()

    async def approve(self, call_id: str, always: bool) -> None:
        await self.session.approve_tool_call(call_id, always=always)

    async def reject(self, call_id: str, always: bool, message: str | None) -> None:
        await self.session.reject_tool_call(call_id, always=always, rejection_message=message)

    async def send_event(self, event: dict[str, Any]) -> None:
        name = event.pop("type")
        message = {"type": name, "other_data": event}
        await self.session.model.send_event(RealtimeModelSendRawMessage(message=message))

    async def close(self) -> None:
        await self.session.close()
        await self.events
        tell("closed")


async def main() -> None:
    logger = logging.getLogger("openai.agents")
    logger.addHandler(Told(logging.WARNING))
    logger.propagate = False
    peer, loop = Peer(), asyncio.get_running_loop()
    tell("ready")
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(line)
        await getattr(peer, asked.pop("do"))(**asked)


asyncio.run(main())
