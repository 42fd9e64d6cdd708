"""``sipagent demo``: a real call on the embedded engine, and what was really heard of it.

The appliance runs as ``sipagent serve``, a process of its own. The caller is the built-in test
phone in this one and hears nothing but what came back by RTP. Each step is checked twice: by what
the appliance told of it, and by the sound in the caller's ear at that time.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sipagent.calls.phone import Phone
from sipagent.calls.speech import caller_speech
from sipagent.engine.tts.speaker import Speaker
from sipagent.errors import SipAgentError
from sipagent.ops.transcript import transcript_line
from sipagent.phone_command import phone_endpoint

DIALPLANS = Path("dialplans")
START_LIMIT_S = 90.0
TURN_LIMIT_S = 20.0
PAUSE_S = 0.8
INTERRUPT_AFTER_S = 2.5
"""How long the agent may tell the company's history."""

SETTLED_S = 0.15
"""After this, what was on its way to the caller's ear when the agent was cut off has arrived."""

HEARD_SHARE = 0.5
"""Least share of what was told as played that must be voice in the caller's ear."""


@dataclass(slots=True)
class Timeline:
    """What the appliance tells, read as it is written."""

    path: Path
    entries: list[dict[str, Any]] = field(default_factory=list)
    _read: int = 0

    def refresh(self) -> None:
        """Read what is new, and print what people read."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                self.entries.append(json.loads(line))
                text = transcript_line(self.entries[-1], self.entries[0]["at"])
                if text is not None:
                    sys.stdout.write(f"  {text}\n")

    def all(self, fact: str) -> list[dict[str, Any]]:
        """Return the entries of one kind."""
        return [entry for entry in self.entries if entry["fact"] == fact]

    async def until(self, predicate: Callable[[], bool], limit_s: float) -> bool:
        """Read until ``predicate`` holds; return whether it did in time."""
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    self.refresh()
                    if predicate():
                        return True
                    await asyncio.sleep(0.05)
        except TimeoutError:
            return False


async def run_demo(folder: Path) -> int:
    """Run the demo, leave its results in ``folder``; return the exit status."""
    config = await asyncio.to_thread(_prepare, folder)
    timeline = Timeline(folder / "timeline.jsonl")
    sys.stdout.write("sipagent demo: starting the appliance on the embedded engine\n")
    log = await asyncio.to_thread((folder / "appliance.log").open, "wb")
    appliance = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sipagent", "serve", "-c", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=log,
    )
    try:
        announcement = await _announcement(appliance)
        if not announcement:
            raise SipAgentError(f"the appliance does not start; see {folder / 'appliance.log'}")
        sys.stdout.write(f"  {announcement}\n\n")
        phone = await _call(f"sip:front-desk@{sip_address(announcement)}", timeline, folder)
        await timeline.until(lambda: bool(timeline.all("CallEnded")), 10)
    finally:
        if appliance.returncode is None:
            appliance.send_signal(signal.SIGTERM)
        await appliance.wait()
        log.close()
    steps = check_steps(timeline, phone)
    report = _report(timeline, steps)
    sys.stdout.write(report)
    lines = [transcript_line(entry, timeline.entries[0]["at"]) for entry in timeline.entries]
    text = "\n".join(filter(None, lines)) + "\n" + report
    await asyncio.to_thread((folder / "transcript.txt").write_text, text)
    sys.stdout.write(f"\nLeft in {folder}/: recording, heard.wav, transcript.txt, timeline.jsonl\n")
    return 0 if all(is_heard for _, is_heard in steps) else 1


async def _announcement(appliance: asyncio.subprocess.Process) -> str:
    """Return what the appliance says when it is ready; empty if it does not get there."""
    assert appliance.stdout is not None
    try:
        async with asyncio.timeout(START_LIMIT_S):
            return (await appliance.stdout.readline()).decode().strip()
    except TimeoutError:
        return ""


def sip_address(announcement: str) -> str:
    """Return the address and port of SIP that an appliance says it has."""
    return announcement.partition(" (")[0].rpartition(" ")[2]


async def _call(uri: str, timeline: Timeline, folder: Path) -> Phone:
    speaker = Speaker()
    try:
        async with phone_endpoint() as endpoint, Phone(endpoint, uri, caller="demo") as phone:
            await phone.until_answered()
            caller = _Caller(phone, speaker, timeline)
            try:
                await caller.converse()
            except TimeoutError:
                sys.stdout.write("  [the caller waited in vain]\n")
            phone.write(folder / "heard.wav")
            return phone
    finally:
        await speaker.close()


@dataclass(slots=True)
class _Caller:
    """The scripted caller: listens, waits for the agent to finish, speaks."""

    phone: Phone
    speaker: Speaker
    timeline: Timeline

    async def converse(self) -> None:
        """Have the whole conversation."""
        await self._listen(1)
        await self._ask("What are your opening hours on Saturday?", 2)
        await self._say("Tell me about your company.")
        await self._until(lambda: len(self.timeline.all("AgentSoundStarted")) >= 3)
        await asyncio.sleep(INTERRUPT_AFTER_S)
        await self._ask("I have a question about my invoice.", 4)
        await self._ask("It is about invoice number one two three.", 5)
        await self._say("Thank you, goodbye.")
        await self._until(lambda: self.phone.has_ended)

    async def _ask(self, text: str, answers: int) -> None:
        await self._say(text)
        await self._listen(answers)

    async def _say(self, text: str) -> None:
        self.phone.say(await caller_speech(text, self.speaker), self.speaker.rate_hz)
        await self.phone.until_said()

    async def _listen(self, answers: int) -> None:
        """Wait until the agent's answer number ``answers`` was heard to its end."""
        await self._until(lambda: len(self.timeline.all("AgentSoundStarted")) >= answers)
        await self._until(lambda: len(self.timeline.all("AgentSaid")) >= answers)
        await self.phone.until_silent(PAUSE_S, TURN_LIMIT_S)

    async def _until(self, predicate: Callable[[], bool]) -> None:
        if not await self.timeline.until(lambda: predicate() or self.phone.has_ended, TURN_LIMIT_S):
            raise TimeoutError


def check_steps(timeline: Timeline, phone: Phone) -> list[tuple[str, bool]]:
    """Return each step and whether it was told and heard."""
    said = timeline.all("AgentSaid")
    started = {entry["item_id"]: entry["at"] for entry in timeline.all("AgentSoundStarted")}

    def heard(entry: dict[str, Any]) -> bool:
        begin = started.get(entry["item_id"], entry["at"])
        voiced_s = phone.ear.voiced_between(begin, begin + entry["heard_ms"] / 1000 + 0.3)
        heard_s: float = entry["heard_ms"] / 1000
        return 0 < HEARD_SHARE * heard_s <= voiced_s

    whole = [entry for entry in said if not entry["interrupted"] and heard(entry)]
    cut = [entry for entry in said if entry["interrupted"] and heard(entry)]
    asked = " ".join(entry["text"] for entry in timeline.all("CallerSaid"))
    tools = [entry for entry in timeline.all("ToolCalled") if not entry["failed"]]
    changed = timeline.all("AgentChanged")
    ended = timeline.all("CallEnded")
    return [
        ("the greeting was heard", bool(said) and said[0] in whole),
        ("a spoken question was understood", "opening hours" in asked),
        ("its answer came from a tool and was heard", _answers_tool("opening_hours", tools, whole)),
        ("the agent was interrupted in mid-sentence", bool(cut) and _fell_silent(timeline, phone)),
        ("a second persona took over", bool(changed) and changed[0]["to_agent"] == "Billing"),
        ("the second persona was heard", any(entry["agent"] == "Billing" for entry in whole)),
        ("its tool's answer was heard", _answers_tool("invoice_status", tools, whole)),
        ("the agent hung up", phone.ended_by_peer and bool(ended) and _by_agent(ended[0])),
    ]


def _answers_tool(name: str, tools: list[dict[str, Any]], said: list[dict[str, Any]]) -> bool:
    outputs = [tool["output"] for tool in tools if tool["name"] == name]
    return any(output in entry["said"] for output in outputs for entry in said)


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
    lines.append("\nSteps\n")
    lines += [f"  {'heard ' if is_heard else 'MISSED'}  {name}\n" for name, is_heard in steps]
    return "".join(lines)


def _prepare(folder: Path) -> Path:
    """Empty ``folder`` of an earlier demo, write its configuration; return the file."""
    if not DIALPLANS.is_dir():
        raise SipAgentError(f"the demo needs the example plans: no folder {DIALPLANS}/ here")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("timeline.jsonl", "calls.jsonl", "heard.wav", "transcript.txt", "appliance.log"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "recordings", ignore_errors=True)
    _copy_dialplans(folder / "dialplans")
    config = folder / "sipagent.toml"
    first = 33_000 + os.getpid() % 400 * 4
    config.write_text(
        f"""# Written by `sipagent demo`.
[sip]
bind = "127.0.0.1"
port = 0
rtp_ports = [{first}, {first + 31}]

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
    )
    return config


def _copy_dialplans(folder: Path) -> None:
    """Copy the example plans, recording switched on: the caller is a machine, and agrees."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(DIALPLANS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    plan = folder / "front-desk.toml"
    plan.write_text(plan.read_text().replace("record = false", "record = true"))
