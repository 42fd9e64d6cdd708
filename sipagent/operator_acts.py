"""What a person on duty may have done on a call that lasts, and what becomes of it.

Known to the supervisor, which is asked, and to the processes with calls, which do it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""

    at_once: bool = True
    """False: once the agent's last words are heard."""


@dataclass(frozen=True, slots=True)
class TransferTo:
    """Transfer the caller."""

    target: str
    """A name of the plan's; of somebody else their URI."""
    uri: str = ""
    """Of somebody whom the plan does not know; always blind."""
    briefing: str = ""
    """What a target that is asked first is told."""


@dataclass(frozen=True, slots=True)
class Say:
    """Have the caller hear exactly this."""

    text: str


@dataclass(frozen=True, slots=True)
class Whisper:
    """Let the agent know something that the caller does not hear."""

    text: str


@dataclass(frozen=True, slots=True)
class Mute:
    """Let one not hear the other, or hear them again."""

    direction: Literal["inbound", "outbound"]
    """``inbound``: the agent does not hear the caller; ``outbound``: the other way round."""
    is_muted: bool


@dataclass(frozen=True, slots=True)
class HandOver:
    """Let another persona of the plan go on."""

    agent: str


@dataclass(frozen=True, slots=True)
class Flag:
    """Mark the call for whoever looks at it later; its flight record is saved."""


OperatorAct: TypeAlias = HangUp | TransferTo | Say | Whisper | Mute | HandOver | Flag


@dataclass(frozen=True, slots=True)
class ActAnswer:
    """What becomes of it."""

    status: int
    """Of HTTP: 202, it is being done; 404, there is no such thing; 409, it cannot be done now."""
    text: str = ""
    """Why not."""


DONE = ActAnswer(202)


def act_name(act: OperatorAct) -> str:
    """Return what an act is called in records and logs."""
    match act:
        case HangUp():
            return "hang_up"
        case TransferTo():
            return "transfer"
        case Say():
            return "say"
        case Whisper():
            return "whisper"
        case Mute(is_muted=is_muted):
            return "mute" if is_muted else "unmute"
        case HandOver():
            return "hand_over"
        case Flag():
            return "flag"


def act_fields(act: OperatorAct) -> dict[str, Any]:
    """Return what was wanted, without what was left open."""
    fields = {key: value for key, value in asdict(act).items() if value != ""}
    fields.pop("is_muted", None)
    return fields
