"""Built-in tools: what an agent may do with the recording of its call."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sipagent.agents.tools import FunctionTool, ToolContext, function_tool

from .recording import Recording

NOT_RECORDED = "This call is not recorded."


def _recording(context: ToolContext) -> Recording | None:
    recording: Recording | None = context.context.recording
    return recording


async def start_recording(context: ToolContext) -> str:
    """Record the phone call from now on. Only once the caller has said that they agree."""
    recording = _recording(context)
    return NOT_RECORDED if recording is None else recording.start()


async def pause_recording(context: ToolContext) -> str:
    """Keep what is said from now on out of the recording, such as the number of a card."""
    recording = _recording(context)
    return NOT_RECORDED if recording is None else recording.pause()


async def resume_recording(context: ToolContext) -> str:
    """Go on recording after a pause."""
    recording = _recording(context)
    return NOT_RECORDED if recording is None else recording.resume()


@cache
def recording_tools() -> Mapping[str, FunctionTool]:
    """Return the tools, by name."""
    made = map(function_tool, (start_recording, pause_recording, resume_recording))
    return {tool.name: tool for tool in made}
