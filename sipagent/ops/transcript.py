"""A call as lines people read, made of its timeline. Pure."""

from __future__ import annotations

from typing import Any


def transcript_line(entry: dict[str, Any], started_at: float) -> str | None:
    """Return one timeline entry as a line, None when there is nothing to read in it.

    Args:
        entry: As ``TimelineWriter`` writes it.
        started_at: Monotonic seconds of the first entry.
    """
    text = _text(entry)
    if text is None:
        return None
    tenths = round((entry["at"] - started_at) * 10)
    return f"{tenths // 600:02d}:{tenths % 600 / 10:04.1f}  {text}"


def _text(entry: dict[str, Any]) -> str | None:
    match entry["fact"]:
        case "CallerSaid":
            return f"{'caller':>12}: {entry['text'] or '(not understood)'}"
        case "AgentSaid" if entry["interrupted"]:
            return f"{entry['agent']:>12}: {entry['heard']} -- (interrupted)"
        case "AgentSaid":
            return f"{entry['agent']:>12}: {entry['said']}"
        case "BargedIn":
            silent = "" if entry["stop_ms"] is None else f", silent {entry['stop_ms']} ms later"
            return f"[interrupted: {entry['heard_ms']} ms heard{silent}]"
        case "CallAnswered":
            codec = f", {entry['codec']}" if entry["codec"] else ""
            srtp = f", encrypted ({entry['srtp']})" if entry["srtp"] else ""
            return f"[answered after {entry['answer_ms']} ms{codec}{srtp}]"
        case "SessionLost":
            return f"[session lost: {entry['detail']}]"
        case "SessionReplaced" if entry["reason"] == "lost":
            return f"[another session after {entry['outage_ms']} ms]"
        case "SessionReplaced":
            return "[another session, before this one expired]"
        case _:
            return _noted(entry)


def _noted(entry: dict[str, Any]) -> str | None:
    match entry["fact"]:
        case "AnswerBlocked":
            heard_ms, held_ms = entry["heard_ms"], entry["held_ms"]
            return f"[blocked by {entry['guardrail']}: {heard_ms} ms heard, {held_ms} ms not]"
        case "AgentChanged":
            return f"[handoff: {entry['from_agent']} -> {entry['to_agent']}]"
        case "ToolCalled":
            return f"[tool: {entry['name']} {entry['arguments']} -> {entry['output']}]"
        case "OperatorActed":
            acted = [entry["act"], *(str(value) for value in entry["what"].values())]
            return f"[operator {entry['by']}: {' '.join(acted)}]"
        case "DigitsSent":
            return f"[pressed by the agent: {entry['digits']}]"
        case "DigitsAsked":
            shielded = ", shielded" if entry["is_shielded"] else ""
            return f"[to be keyed in: {entry['name']}{shielded}]"
        case "DigitsCollected":
            ending = f", {entry['shown']}" if entry["shown"] else ""
            return (
                f"[keyed in: {entry['name']}: {entry['outcome']}, {entry['digits']} digits{ending}]"
            )
        case "MessageTaken":
            return f"[message taken: {entry['name']} {entry['number']}: {entry['text']}]"
        case "NoteTaken":
            return f"[note: {entry['text']}]"
        case "ErrorReported":
            return f"[error: {entry['code']}: {entry['message']}]"
        case "CallEnded":
            end = entry["termination"]
            return f"[ended: {end['result']}, {end['reason']}]"
        case _:
            return _line_text(entry)


def _line_text(entry: dict[str, Any]) -> str | None:
    match entry["fact"]:
        case "CallHeld":
            return "[the caller put us on hold]"
        case "CallResumed":
            return f"[the caller was away for {entry['held_ms']} ms]"
        case "PeerChanged":
            return "[the call was transferred to somebody else]"
        case "TransferStarted":
            return f"[{entry['mode']} transfer to {entry['target']}]"
        case "TransferEnded":
            return f"[transfer to {entry['target']}: {entry['outcome']}]"
        case _:
            return None
