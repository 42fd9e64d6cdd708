"""``sipagent demo``: a call that the appliance answers by SIP itself."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from sipagent.calls.phone import Phone
from sipagent.engine.tts.speaker import Speaker
from sipagent.phone_command import phone_endpoint

from .caller import Caller, answers_tool, calls_tool, heard_cut, heard_whole, says, step_lines
from .programs import empty, program
from .timeline import Timeline

INTERRUPT_AFTER_S = 2.5
"""How long the agent may tell the company's history."""

SETTLED_S = 0.15
"""After this, what was on its way to the caller's ear when the agent was cut off has arrived."""

CONFIG = """# Written by `sipagent demo`.
[sip]
bind = "127.0.0.1"
port = 0
rtp_ports = [{first}, {last}]

[dialplans]
path = "dialplans"

[http]
port = 0

[cdr]
path = "calls.jsonl"
timeline_path = "timeline.jsonl"

[recordings]
path = "recordings"
"""


async def run_demo(folder: Path) -> int:
    """Run the demo, leave its results in ``folder``; return the exit status."""
    config = await asyncio.to_thread(_prepare, folder)
    timeline = Timeline(folder / "timeline.jsonl")
    sys.stdout.write("sipagent demo: starting the appliance on the embedded engine\n")
    async with program("serve", "-c", str(config), log=folder / "appliance.log") as announcement:
        sys.stdout.write("\n")
        phone = await _call(f"sip:front-desk@{sip_address(announcement)}", timeline, folder)
        await timeline.until(lambda: bool(timeline.all("CallEnded")), 10)
    steps = check_steps(timeline, phone)
    report = _report(timeline, steps)
    sys.stdout.write(report)
    text = f"{timeline.transcript()}{report}"
    await asyncio.to_thread((folder / "transcript.txt").write_text, text)
    sys.stdout.write(f"\nLeft in {folder}/: recording, heard.wav, transcript.txt, timeline.jsonl\n")
    return 0 if all(is_heard for _, is_heard in steps) else 1


def sip_address(announcement: str) -> str:
    """Return the address and port of SIP that an appliance says it has."""
    return announcement.partition(" (")[0].rpartition(" ")[2]


async def _call(uri: str, timeline: Timeline, folder: Path) -> Phone:
    speaker = Speaker()
    try:
        async with phone_endpoint() as endpoint, Phone(endpoint, uri, caller="demo") as phone:
            await phone.until_answered()
            try:
                await _converse(Caller(phone, speaker, timeline))
            except TimeoutError:
                sys.stdout.write("  [the caller waited in vain]\n")
            phone.write(folder / "heard.wav")
            return phone
    finally:
        await speaker.close()


async def _converse(caller: Caller) -> None:
    """Have the whole conversation."""
    await caller.listen(1)
    timeline = caller.timeline
    await caller.ask(
        "What are your opening hours on Saturday?", lambda: calls_tool("opening_hours", timeline)
    )
    spoken = len(timeline.all("AgentSoundStarted"))
    await caller.say("Tell me about your company.")
    await caller.until(lambda: len(timeline.all("AgentSoundStarted")) > spoken)
    await asyncio.sleep(INTERRUPT_AFTER_S)
    await caller.ask(
        "I have a question about my invoice.", lambda: bool(timeline.all("AgentChanged"))
    )
    await caller.ask(
        "It is about invoice number one two three.", lambda: calls_tool("invoice_status", timeline)
    )
    await caller.ask("Thank you, goodbye.", lambda: says("Goodbye", timeline))
    await caller.until(lambda: caller.phone.has_ended)


def check_steps(timeline: Timeline, phone: Phone) -> list[tuple[str, bool]]:
    """Return each step and whether it was told and heard."""
    said, whole = timeline.all("AgentSaid"), heard_whole(timeline, phone)
    cut = heard_cut(timeline, phone)
    changed = timeline.all("AgentChanged")
    ended = timeline.all("CallEnded")
    return [
        ("the greeting was heard", bool(said) and said[0] in whole),
        ("a spoken question was understood", calls_tool("opening_hours", timeline)),
        (
            "its answer came from a tool and was heard",
            answers_tool("opening_hours", timeline, whole),
        ),
        ("the agent was interrupted in mid-sentence", bool(cut) and _fell_silent(timeline, phone)),
        ("a second persona took over", bool(changed) and changed[0]["to_agent"] == "Billing"),
        ("the second persona was heard", any(entry["agent"] == "Billing" for entry in whole)),
        ("its tool's answer was heard", answers_tool("invoice_status", timeline, whole)),
        ("the agent hung up", phone.ended_by_peer and bool(ended) and _by_agent(ended[0])),
    ]


def _fell_silent(timeline: Timeline, phone: Phone) -> bool:
    """Tell whether the caller heard nothing more of an answer that was cut off."""
    barge_ins = timeline.all("BargedIn")
    if not barge_ins:
        return False
    silent_from = barge_ins[0]["at"] + SETTLED_S
    later = [each["at"] for each in timeline.all("AgentSoundStarted") if each["at"] > silent_from]
    silent_until = min(later, default=silent_from + 1)
    return phone.ear.voiced_between(silent_from, silent_until) == 0.0


def _by_agent(ended: dict[str, Any]) -> bool:
    return bool(ended["termination"]["reason"] == "agent_hung_up")


def _report(timeline: Timeline, steps: list[tuple[str, bool]]) -> str:
    lines = ["\nFigures of the call\n"]
    gaps = [entry["gap_ms"] for entry in timeline.all("AgentSoundStarted") if entry["gap_ms"]]
    figures: list[tuple[str, list[Any], str]] = [
        ("INVITE to 200", [each["answer_ms"] for each in timeline.all("CallAnswered")], "ms"),
        ("caller's last word to agent's first sound", gaps, "ms"),
        ("barge-in to silence", [each["stop_ms"] for each in timeline.all("BargedIn")], "ms"),
        (
            "truncation error",
            [each["error_ms"] for each in timeline.all("TruncateConfirmed")],
            "ms",
        ),
    ]
    for name, values, unit in figures:
        lines.append(f"  {name:<44} {', '.join(map(str, values)) or 'none'} {unit}\n")
    for line in timeline.all("LineMeasured"):
        text = f"{line['packets_in']} in, {line['packets_out']} out, {line['lost_in']} lost"
        lines.append(f"  {'RTP packets':<44} {text}\n")
    return "".join(lines) + "\nSteps\n" + step_lines(steps)


def _prepare(folder: Path) -> Path:
    """Empty ``folder`` of an earlier demo, write its configuration; return the file."""
    empty(
        folder,
        *("timeline.jsonl", "calls.jsonl", "heard.wav", "transcript.txt", "appliance.log"),
    )
    plan = folder / "dialplans" / "front-desk.toml"
    # Recording is switched on: the caller is a machine, and agrees.
    plan.write_text(plan.read_text().replace("enabled = false", "enabled = true"))
    config = folder / "sipagent.toml"
    first = 33_000 + os.getpid() % 400 * 4
    config.write_text(CONFIG.format(first=first, last=first + 31))
    return config
