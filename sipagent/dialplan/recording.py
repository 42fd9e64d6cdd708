"""``[recording]`` of a dialplan: whether a call is recorded, who is told or asked, and the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator

from .documents import Document
from .findings import Finding, Severity
from .keypad import Key
from .model import FileBeside, Model, Text

if TYPE_CHECKING:
    from .models import Dialplan

START_TOOL, PAUSE_TOOL, RESUME_TOOL = "start_recording", "pause_recording", "resume_recording"
RECORDING_TOOLS = (START_TOOL, PAUSE_TOOL, RESUME_TOOL)

FILE_FIELDS = ("date", "time", "call_id", "plan", "called", "caller")
"""What a file's name may hold, in braces."""

_SEGMENT = re.compile(r"(\w|\{[a-z_]+\})([\w.+-]|\{[a-z_]+\})*")
"""Of a path: never ``..``, never hidden, never absolute."""


def _file_name(text: str) -> str:
    folders = text.split("/")
    if not text.endswith(".wav") or not all(_SEGMENT.fullmatch(each) for each in folders):
        raise ValueError('must name a .wav file below the folder, such as "{date}/{call_id}.wav"')
    fields = re.findall(r"\{([a-z_]+)\}", text)
    for field in fields:
        if field not in FILE_FIELDS:
            raise ValueError(f"has no field {{{field}}}; known: {', '.join(FILE_FIELDS)}")
    if "call_id" not in fields:
        raise ValueError("must contain {call_id}, or one call would overwrite another's recording")
    return text


class RecordingSettings(Model):
    """Whether a call is recorded, and how that is agreed on."""

    enabled: bool = False
    """Write a stereo WAV: the caller left, the agent right."""
    consent: Literal["none", "announce", "ask"] = "none"
    """``announce``: the caller is told first; ``ask``: nothing is kept until they agreed."""
    announcement: Text = "This call is recorded."
    """``announce``: heard before the agent's first word, and part of the recording."""
    announcement_wav: FileBeside | None = None
    """``announce``: a WAV file beside the plan, played instead."""
    consent_key: Key = ""
    """``ask``: the key by which a caller agrees; ``""``: none, only the agent's tool starts it."""
    file_name: Annotated[str, AfterValidator(_file_name)] = "{date}/{call_id}.wav"
    """Below the folder of recordings, with fields in braces."""


_OF_CONSENT = {
    "announcement": "announce",
    "announcement_wav": "announce",
    "consent_key": "ask",
}


def check_recording(plan: Dialplan, document: Document) -> Iterator[Finding]:
    """Return what is wrong with ``[recording]``, or with a plan that needs it."""
    recording = plan.recording
    users = [
        (index, position, tool)
        for index, agent in enumerate(plan.agents)
        for position, tool in enumerate(agent.tools)
        if tool in RECORDING_TOOLS
    ]
    for index, position, tool in users:
        path = ("agents", index, "tools", position)
        if not recording.enabled:
            text = f'"{tool}" needs [recording] enabled = true'
            yield document.finding(path, text)
        elif tool == START_TOOL and recording.consent != "ask":
            text = f'"{tool}" means nothing: the recording begins by itself unless consent is "ask"'
            yield document.finding(path, text, Severity.WARNING)
    given = recording.model_fields_set
    if not recording.enabled:
        for key in sorted(given - {"enabled"}):
            text = "means nothing while enabled is false"
            yield document.finding(("recording", key), text, Severity.WARNING)
        return
    for key, consent in _OF_CONSENT.items():
        if key in given and recording.consent != consent:
            text = f'means nothing unless consent is "{consent}"'
            yield document.finding(("recording", key), text, Severity.WARNING)
    asks = recording.consent == "ask"
    if asks and not recording.consent_key and START_TOOL not in {tool for _, _, tool in users}:
        text = f'is "ask", and nobody can: no agent has "{START_TOOL}", and there is no consent_key'
        yield document.finding(("recording", "consent"), text)
