"""``sipagent demo --attached``: calls that a connector answers, and the appliance attaches to.

Three programs: the engine as the provider's SIP connector, the appliance, and in this process the
caller. The first call ends with a transfer, to a line that the appliance answers itself; the second
with the agent hanging up.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from sipagent.calls.phone import Phone
from sipagent.engine.tts.speaker import Speaker
from sipagent.phone_command import phone_endpoint
from sipagent.sip.endpoint import SipEndpoint

from .caller import Caller, answers_tool, calls_tool, heard_whole, says, step_lines
from .programs import empty, program
from .timeline import Timeline

SECRET = "whsec_c2lwYWdlbnQgZGVtbyBzZWNyZXQgMDEyMzQ1Njc4OQ=="
"""Signs webhooks between two processes of this demo."""

CONFIG = """# Written by `sipagent demo --attached`.
[sip]
bind = "127.0.0.1"
port = {sip_port}
rtp_ports = [{rtp}, {rtp_last}]

[realtime]
url = "{url}"
scripts = true

[dialplans]
path = "dialplans"

[http]
port = {http_port}

[webhooks]
secrets = ["{secret}"]

[store]
url = "sqlite:///calls.db"

[cdr]
path = "calls.jsonl"
timeline_path = "timeline.jsonl"
"""

OPERATOR_PLAN = """name = "operator"

[match]
called = "operator"
priority = 10

[session]
greeting = "Greet the caller as the operator."
script = "operator"

[[agents]]
name = "Operator"
instructions = "You are the operator. Be brief."
"""

OPERATOR_SCRIPT = """[[agents]]
name = "Operator"
greeting = "This is the operator. I have been told all about your call."
otherwise = ["One moment, please."]
"""

LEFT = (
    *("timeline.jsonl", "calls.jsonl", "calls.db", "calls.db-wal", "calls.db-shm"),
    *("heard.wav", "transcript.txt", "appliance.log", "connector.log"),
)


@dataclass(frozen=True, slots=True)
class _Ports:
    sip: int
    http: int
    rtp: int


async def run_attached_demo(folder: Path) -> int:
    """Run the demo, leave its results in ``folder``; return the exit status."""
    ports = _Ports(_free_port(), _free_port(), 33_000 + os.getpid() % 400 * 8)
    await asyncio.to_thread(_prepare, folder, ports)
    timeline = Timeline(folder / "timeline.jsonl")
    sys.stdout.write("sipagent demo: starting a connector, and the appliance behind it\n")
    async with AsyncExitStack() as running:
        connector = await running.enter_async_context(
            program(
                *("engine", "--port", "0", "--scripts", str(folder / "dialplans")),
                *("--sip", "0", "--sip-bind", "127.0.0.1"),
                *("--rtp-ports", f"{ports.rtp + 4}-{ports.rtp + 39}"),
                *("--webhook-url", f"http://127.0.0.1:{ports.http}/webhooks/openai"),
                log=folder / "connector.log",
                environment=os.environ | {"OPENAI_WEBHOOK_SECRET": SECRET},
            )
        )
        config = await asyncio.to_thread(_configure, folder, ports, connector)
        await running.enter_async_context(
            program("serve", "-c", str(config), log=folder / "appliance.log")
        )
        endpoint = await running.enter_async_context(phone_endpoint(follows_refer=True))
        speaker = Speaker()
        running.push_async_callback(speaker.close)
        steps = await _calls(endpoint, speaker, timeline, _sip_of(connector), folder)
    report = f"\nSteps\n{step_lines(steps)}"
    sys.stdout.write(report)
    text = f"{timeline.transcript()}{report}"
    await asyncio.to_thread((folder / "transcript.txt").write_text, text)
    sys.stdout.write(f"\nLeft in {folder}/: heard.wav, transcript.txt, timeline.jsonl\n")
    return 0 if all(is_heard for _, is_heard in steps) else 1


async def _calls(
    endpoint: SipEndpoint, speaker: Speaker, timeline: Timeline, connector: str, folder: Path
) -> list[tuple[str, bool]]:
    uri = f"sip:front-desk@{connector}"
    async with Phone(endpoint, uri, caller="demo") as phone:
        await phone.until_answered()
        try:
            await _first_call(Caller(phone, speaker, timeline))
        except TimeoutError:
            sys.stdout.write("  [the caller waited in vain]\n")
        await phone.hang_up()
        phone.write(folder / "heard.wav")
        await timeline.until(lambda: len(timeline.all("CallEnded")) >= 2, 10)
        steps = _first_steps(timeline, phone)
    timeline.entries.clear()
    sys.stdout.write("\n")
    async with Phone(endpoint, uri, caller="demo") as phone:
        await phone.until_answered()
        try:
            await _second_call(Caller(phone, speaker, timeline))
        except TimeoutError:
            sys.stdout.write("  [the caller waited in vain]\n")
        await timeline.until(lambda: bool(timeline.all("CallEnded")), 10)
        return steps + _second_steps(timeline, phone)


async def _first_call(caller: Caller) -> None:
    phone, timeline = caller.phone, caller.timeline
    await caller.listen(1)
    await caller.ask(
        "What are your opening hours on Saturday?", lambda: calls_tool("opening_hours", timeline)
    )
    await caller.ask(
        "I have a question about my invoice.", lambda: bool(timeline.all("AgentChanged"))
    )
    answers = len(timeline.all("AgentSoundStarted"))
    await phone.press("123#")
    await caller.listen(answers + 1)
    await caller.ask("Put me through to the operator.", lambda: says("put you through", timeline))
    await caller.until(lambda: bool(phone.transferred_to))
    await caller.until(
        lambda: any(entry["agent"] == "Operator" for entry in timeline.all("AgentSaid"))
    )


async def _second_call(caller: Caller) -> None:
    await caller.listen(1)
    await caller.ask("Thank you, goodbye.", lambda: says("Goodbye", caller.timeline))
    await caller.until(lambda: caller.phone.has_ended)


def _first_steps(timeline: Timeline, phone: Phone) -> list[tuple[str, bool]]:
    said, whole = timeline.all("AgentSaid"), heard_whole(timeline, phone)
    offered = timeline.all("CallOffered")
    changed = timeline.all("AgentChanged")
    return [
        ("the box attached to a call that it did not answer", _is_attached(offered)),
        ("the greeting was heard", bool(said) and said[0] in whole),
        ("a spoken question was understood", calls_tool("opening_hours", timeline)),
        (
            "its answer came from a tool and was heard",
            answers_tool("opening_hours", timeline, whole),
        ),
        ("a second persona took over", bool(changed) and changed[0]["to_agent"] == "Billing"),
        ("the second persona was heard", any(entry["agent"] == "Billing" for entry in whole)),
        (
            "keys reached it, and its tool's answer was heard",
            answers_tool("invoice_status", timeline, whole),
        ),
        ("the caller was transferred", bool(phone.transferred_to)),
        ("and heard who answered there", any(entry["agent"] == "Operator" for entry in whole)),
    ]


def _second_steps(timeline: Timeline, phone: Phone) -> list[tuple[str, bool]]:
    ended = timeline.all("CallEnded")
    reasons = [entry["termination"]["reason"] for entry in ended]
    is_agent = phone.ended_by_peer and reasons == ["agent_hung_up"]
    goodbye = any("Goodbye" in entry["said"] for entry in heard_whole(timeline, phone))
    return [
        ("in another call, goodbye was heard", goodbye),
        ("and the agent hung up", is_agent),
    ]


def _is_attached(offered: list[dict[str, object]]) -> bool:
    return bool(offered) and bool(offered[0]["realtime_call_id"])


def _sip_of(connector: str) -> str:
    """Return the address and port of SIP that a connector says it has."""
    return connector.partition("SIP on ")[2].partition(",")[0].split()[0]


def _url_of(connector: str) -> str:
    """Return the URL of sessions that a connector says it has."""
    return connector.partition("engine: ")[2].split()[0].rstrip(";,")


def _prepare(folder: Path, ports: _Ports) -> None:
    """Empty ``folder`` of an earlier demo, and write its plans."""
    empty(folder, *LEFT)
    plans = folder / "dialplans"
    (plans / "operator.toml").write_text(OPERATOR_PLAN)
    (plans / "operator.script.toml").write_text(OPERATOR_SCRIPT)
    front_desk = plans / "front-desk.toml"
    text = front_desk.read_text()
    front_desk.write_text(_with_operator(text, f"sip:operator@127.0.0.1:{ports.sip}"))


def _with_operator(plan: str, target_uri: str) -> str:
    """Return the plan with this operator in its transfer targets."""
    lines = [
        f'operator = "{target_uri}"' if line.startswith("operator = ") else line
        for line in plan.splitlines()
    ]
    return "\n".join(lines) + "\n"


def _configure(folder: Path, ports: _Ports, connector: str) -> Path:
    config = folder / "sipagent.toml"
    config.write_text(
        CONFIG.format(
            sip_port=ports.sip,
            rtp=ports.rtp + 40,
            rtp_last=ports.rtp + 71,
            url=_url_of(connector),
            http_port=ports.http,
            secret=SECRET,
        )
    )
    return config


def _free_port() -> int:
    """Return a port for both UDP and TCP, from below those that systems give away themselves.

    Two programs must know each other's before either has started.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        ):
            try:
                udp.bind(("127.0.0.1", port))
                tcp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
