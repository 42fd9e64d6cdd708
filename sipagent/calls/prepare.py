"""From a dialplan to the setup of a call."""

from __future__ import annotations

from typing import Any

from sipagent.dialplan.agents import build_agents, script_prompt
from sipagent.dialplan.backend import read_key
from sipagent.dialplan.fallback import Fallback as FallbackTable
from sipagent.dialplan.findings import Finding
from sipagent.dialplan.limits import Limits
from sipagent.dialplan.line import Line
from sipagent.dialplan.models import Dialplan
from sipagent.dialplan.outgoing import Outgoing
from sipagent.dialplan.plans import Plan
from sipagent.dialplan.session import SessionSettings, TurnDetection
from sipagent.errors import DialplanError
from sipagent.realtime.rotation import RotationSettings
from sipagent.sip.line import LineWishes
from sipagent.sip.never_called import USUALLY, NeverCalled

from .agent_audio import HoldSettings
from .barge_in import BargeInSettings
from .controller import CallPolicy
from .early_controller import EarlyMedia
from .fallback import Fallback
from .keypad_prepare import digit_settings, guarded_plan, keypad_setup
from .life_settings import LifeSettings
from .mcp_setup import mcp_setup
from .message_setup import message_setup
from .setup import (
    NO_VERSION,
    BackendSetup,
    CallDecision,
    CallSetup,
    LineSetup,
    OutgoingSetup,
    PlansVersion,
    Prompts,
    RecordingSetup,
    ReferCall,
    RefuseCall,
    ScreeningSetup,
    VoicemailSetup,
)
from .tools import builtin_tools
from .transfer_setup import TransferSetup, transfer_setup

DEFAULT_SILENCE_MS = 500
"""What ends a turn when the plan does not say (Realtime: ``silence_duration_ms``)."""


def prepare_call(
    plan: Plan,
    prompts: Prompts,
    *,
    embedded: bool,
    never_called: NeverCalled = USUALLY,
    version: PlansVersion = NO_VERSION,
) -> CallDecision:
    """Boil ``plan`` down to what one call needs.

    Args:
        plan: Checked.
        prompts: Made beforehand.
        embedded: Whether the session goes to the embedded engine.
        never_called: Where no peer may send us.
        version: Of the plans.
    """
    plan = guarded_plan(plan)
    dialplan, session = plan.dialplan, plan.dialplan.session
    if dialplan.refuse is not None:
        return RefuseCall(plan.name, dialplan.refuse.status, version)
    if dialplan.refer is not None:
        return ReferCall(plan.name, dialplan.refer.target_uri, version)
    transfer = transfer_setup(dialplan.transfer, never_called)
    backend = _backend(plan, embedded=embedded, version=version.sha)
    keypad = keypad_setup(dialplan.keypad)
    builtins = builtin_tools(
        transfer, None if backend is None else backend.timeout_s, keypad.fields
    )
    agent, *others = build_agents(plan, builtins, embedded=embedded, version=version.sha)
    return CallSetup(
        plan=plan.name,
        agent=agent,
        others=tuple(others),
        greeting=session.greeting,
        session=_session_options(session),
        policy=CallPolicy(
            ready_within_s=session.ready_within_s,
            fallback=_fallback(dialplan.fallback, transfer),
            announces=prompts.announcement is not None,
        ),
        barge_in=BargeInSettings(session.barge_in, session.barge_in_confirm_ms),
        prompts=prompts,
        rotation=RotationSettings(
            rotate_margin_s=session.rotate_margin_s,
            attempts=session.reconnect,
            give_up_after_s=session.reconnect_within_s,
        ),
        hold=HoldSettings(session.hold_ms, session.hold_until_checked),
        life=_life(dialplan.limits),
        recording=_recording(plan, prompts),
        silence_duration_ms=_silence_ms(session.turn_detection),
        transfer=transfer,
        digits=digit_settings(dialplan.keypad),
        keypad=keypad,
        line=_line(dialplan.line, prompts),
        script=(session.script or "") if embedded else "",
        on_approval=session.on_approval,
        mcp=mcp_setup(plan),
        message=message_setup(plan),
        backend=backend,
        outgoing=_outgoing(dialplan.outgoing),
        version=version,
        zone=_zone(dialplan),
    )


def _zone(dialplan: Dialplan) -> str:
    hours = dialplan.match.hours
    return dialplan.session.zone or (hours.zone if hours is not None else "")


def _outgoing(table: Outgoing) -> OutgoingSetup:
    return OutgoingSetup(
        caller_id=table.caller_id or "",
        ring_s=table.ring_s,
        agent_speaks_first=table.speaks_first == "agent",
        voicemail=VoicemailSetup(**table.voicemail.model_dump()),
        screening=ScreeningSetup(**table.screening.model_dump()),
        hears_early=table.early_media == "listen",
    )


def _backend(plan: Plan, *, embedded: bool, version: str) -> BackendSetup | None:
    backend, script = plan.dialplan.backend, plan.dialplan.session.script
    if backend is None:
        return None
    prompt: dict[str, Any] | None = None
    if embedded and backend.url is None and script is not None:
        prompt = script_prompt(script, backend.name, version)
    return BackendSetup(
        name=backend.name,
        instructions=backend.instructions,
        model=backend.model,
        tools=tuple(plan.tools[name] for name in backend.tools),
        prompt=prompt,
        url=backend.url or "",
        transport=backend.transport,
        api_key=_key(plan, backend.api_key_file),
        timeout_s=backend.timeout_s,
        filler="" if backend.filler_tone else backend.filler,
        is_interruptible=backend.on_interruption == "cancel",
        filler_every_s=backend.filler_every_s,
    )


def _fallback(table: FallbackTable, transfer: TransferSetup) -> Fallback:
    name = table.target or ""
    uri = transfer.targets[name].uri if name else ""
    return Fallback(table.not_ready, table.lost, table.error, table.status, name, uri)


def _life(limits: Limits) -> LifeSettings:
    return LifeSettings(**limits.model_dump())


def _recording(plan: Plan, prompts: Prompts) -> RecordingSetup | None:
    recording = plan.dialplan.recording
    is_silent = recording.consent == "announce" and prompts.announcement is None
    if not recording.enabled or is_silent:
        return None
    return RecordingSetup(recording.consent, recording.consent_key, recording.file_name)


def _line(line: Line, prompts: Prompts) -> LineSetup:
    early: EarlyMedia | None = None
    if line.early_media == "greeting":
        early = EarlyMedia("greeting", line.answer_after_s)
    elif prompts.early is not None:
        early = EarlyMedia("file", line.answer_after_s)
    wishes = LineWishes(line.codecs, line.ptime_ms)
    return LineSetup(on_resume=line.on_resume, wishes=wishes, early=early)


def _key(plan: Plan, file: str | None) -> str:
    """Return the key that the plan's file holds.

    Raises:
        DialplanError: If it holds none any more: it did when the plan was checked.
    """
    if file is None:
        return ""
    key = read_key(plan.file, file)
    if isinstance(key, Finding):
        raise DialplanError(f"{file} {key.text}", where=f"{plan.file}: backend.api_key_file")
    return key


def _session_options(session: SessionSettings) -> dict[str, Any]:
    transcription: dict[str, Any] | None = None
    if session.transcription.model != "none":
        transcription = session.transcription.model_dump(exclude_none=True)
    noise = session.noise_reduction
    return {
        "voice": session.voice,
        "speed": session.speed,
        "max_output_tokens": session.max_output_tokens,
        "model": session.model or "",
        "transcription": transcription,
        "noise_reduction": None if noise == "none" else {"type": noise},
        "turn_detection": _turn_detection(session),
        "debounce_text_length": session.guardrail_every_chars,
    }


def _turn_detection(session: SessionSettings) -> dict[str, Any] | None:
    """Return what is sent: a phone's VAD is the server's unless the plan wants another."""
    wanted = session.turn_detection or TurnDetection()
    if wanted.type == "none":
        return None
    detection = wanted.model_dump(exclude_none=True)
    # With a delay before an interruption counts, it is we who cancel; without any, nobody does.
    detection["interrupt_response"] = session.barge_in and session.barge_in_confirm_ms == 0
    detection["create_response"] = True
    return detection


def _silence_ms(detection: TurnDetection | None) -> int | None:
    if detection is None:
        return DEFAULT_SILENCE_MS
    if detection.type != "server_vad":
        return None
    wanted_ms = detection.silence_duration_ms
    return DEFAULT_SILENCE_MS if wanted_ms is None else wanted_ms
