"""Events of the session as facts of the call, where one follows from the other alone. Pure."""

from __future__ import annotations

from sipagent.realtime import events as session_events

from . import facts


def fact_of(event: session_events.SessionEvent) -> facts.Fact | None:
    """Return what is told of ``event``; None for what needs thought, or concerns nobody."""
    match event:
        case session_events.UserTranscript(item_id=item_id, text=text):
            return facts.CallerSaid(item_id, text)
        case session_events.HandedOff(from_agent=old, to_agent=new):
            return facts.AgentChanged(old, new)
        case session_events.ToolStarted(tool_call_id=tool_call_id, name=name):
            return facts.ToolStarted(tool_call_id, name)
        case session_events.ToolEnded():
            return facts.ToolCalled(
                event.tool_call_id,
                event.name,
                event.arguments,
                event.output,
                event.failed,
                round(event.duration_s * 1000),
            )
        case session_events.SessionErrorReported(code=code, message=message, fatal=fatal):
            return facts.ErrorReported(code, message, fatal)
        case _:
            return None


def failed_response(event: session_events.ResponseDone) -> facts.ErrorReported | None:
    """Return what is told of a response that the endpoint failed to make, None if it made it."""
    if event.status != "failed":
        return None
    code = event.error_code or "response_failed"
    return facts.ErrorReported(code, "the endpoint failed a response", fatal=True)
