"""What happened on a call, as one stream of facts.

Metrics, call record, timeline and transcript are all made of this stream, so that they cannot
disagree. A call tells each fact once, to one ``Observer``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from sipagent.dialplan.call_keys import CallKeys

from .key_facts import DigitPressed as DigitPressed  # noqa: PLC0414 - one name for all facts
from .key_facts import DigitsAsked as DigitsAsked  # noqa: PLC0414 - one name for all facts
from .key_facts import DigitsCollected as DigitsCollected  # noqa: PLC0414 - one name for all facts
from .key_facts import DigitsSent as DigitsSent  # noqa: PLC0414 - one name for all facts
from .leg_facts import CalleeDetected as CalleeDetected  # noqa: PLC0414 - one name for all facts
from .leg_facts import CalleeRang as CalleeRang  # noqa: PLC0414 - one name for all facts
from .leg_facts import CallHeld as CallHeld  # noqa: PLC0414 - one name for all facts
from .leg_facts import CallRecorded as CallRecorded  # noqa: PLC0414 - one name for all facts
from .leg_facts import CallResumed as CallResumed  # noqa: PLC0414 - one name for all facts
from .leg_facts import InteropFound as InteropFound  # noqa: PLC0414 - one name for all facts
from .leg_facts import LineMeasured as LineMeasured  # noqa: PLC0414 - one name for all facts
from .leg_facts import PeerChanged as PeerChanged  # noqa: PLC0414 - one name for all facts
from .leg_facts import RecordingStarted as RecordingStarted  # noqa: PLC0414 - one name for all facts
from .leg_facts import SilenceNamed as SilenceNamed  # noqa: PLC0414 - one name for all facts
from .leg_facts import SilenceOver as SilenceOver  # noqa: PLC0414 - one name for all facts
from .leg_facts import TargetDialled as TargetDialled  # noqa: PLC0414 - one name for all facts
from .leg_facts import TransferEnded as TransferEnded  # noqa: PLC0414 - one name for all facts
from .leg_facts import TransferStarted as TransferStarted  # noqa: PLC0414 - one name for all facts
from .live_facts import AgentWorded as AgentWorded  # noqa: PLC0414 - one name for all facts
from .live_facts import LineSeen as LineSeen  # noqa: PLC0414 - one name for all facts
from .live_facts import OperatorActed as OperatorActed  # noqa: PLC0414 - one name for all facts
from .live_facts import RealtimeMessage as RealtimeMessage  # noqa: PLC0414 - one name for all facts
from .live_facts import SecondSeen as SecondSeen  # noqa: PLC0414 - one name for all facts
from .live_facts import ToolStarted as ToolStarted  # noqa: PLC0414 - one name for all facts
from .message_facts import MessageTaken as MessageTaken  # noqa: PLC0414 - one name for all facts
from .message_facts import NoteTaken as NoteTaken  # noqa: PLC0414 - one name for all facts
from .speech_facts import AgentSaid as AgentSaid  # noqa: PLC0414 - one name for all facts
from .speech_facts import AgentSaidSoFar as AgentSaidSoFar  # noqa: PLC0414 - one name for all facts
from .speech_facts import AgentSoundStarted as AgentSoundStarted  # noqa: PLC0414 - one name for all facts
from .speech_facts import AnswerBlocked as AnswerBlocked  # noqa: PLC0414 - one name for all facts
from .speech_facts import BargedIn as BargedIn  # noqa: PLC0414 - one name for all facts
from .speech_facts import CallerSaid as CallerSaid  # noqa: PLC0414 - one name for all facts
from .speech_facts import CallerSaidSoFar as CallerSaidSoFar  # noqa: PLC0414 - one name for all facts
from .speech_facts import CallerSpeechStarted as CallerSpeechStarted  # noqa: PLC0414 - one name for all facts
from .speech_facts import CallerSpeechStopped as CallerSpeechStopped  # noqa: PLC0414 - one name for all facts
from .speech_facts import TruncateConfirmed as TruncateConfirmed  # noqa: PLC0414 - one name for all facts
from .termination import Termination


@dataclass(frozen=True, slots=True)
class CallOffered:
    """An INVITE arrived (or was sent: ``direction`` is ``outgoing``)."""

    direction: str
    sip_call_id: str
    called: str
    caller: str
    source_address: str = ""
    realtime_call_id: str = ""
    """The provider's, of a call that its own connector answers."""
    asserted_caller: str = ""
    """Who the network says is calling (RFC 3325)."""
    diverted_from: str = ""
    """Whom the call was for before it was sent on (RFC 5806, RFC 7044)."""
    keys: CallKeys | None = None
    """What the dialplan is asked with; None: it is not."""


@dataclass(frozen=True, slots=True)
class CallRouted:
    """The dialplan chose."""

    plan: str
    agent: str
    plan_version: int = 0
    """Of all plans together; the call keeps it. 0: nobody counts."""
    plan_sha: str = ""
    """Of their content, shortened."""


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """The realtime session accepted our configuration."""

    connect_ms: int
    model: str = ""
    """That the plan wants; ``""``: that of the configuration."""


@dataclass(frozen=True, slots=True)
class SessionLost:
    """The endpoint's socket is gone; another session is being opened."""

    detail: str


@dataclass(frozen=True, slots=True)
class SessionReplaced:
    """Another session took over, and was told the conversation so far."""

    reason: Literal["lost", "expiry"]
    """``lost``, or ``expiry``: before the endpoint would have ended it."""
    outage_ms: int
    """How long there was none."""


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """200 was sent, by us or by the provider's connector."""

    answer_ms: int
    """From INVITE to 200; of an attached call from its webhook to the accept that was answered."""
    codec: str = ""
    """Empty where the audio does not pass through us."""
    transport: str = ""
    """Of the signalling: ``udp``, ``tcp`` or ``tls``."""
    srtp: str = ""
    """``SDES`` or ``DTLS``: how the keys of encrypted audio were agreed on; empty: plain."""


@dataclass(frozen=True, slots=True)
class AgentChanged:
    """A handoff."""

    from_agent: str
    to_agent: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """A tool ran."""

    tool_call_id: str
    name: str
    arguments: str
    output: str
    failed: bool
    duration_ms: int


@dataclass(frozen=True, slots=True)
class ErrorReported:
    """Something went wrong and the call went on, or not."""

    code: str
    message: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class UsageReported:
    """Tokens of one response; by kind, what is cached is not among what is not."""

    input_tokens: int
    output_tokens: int
    text_tokens_in: int = 0
    audio_tokens_in: int = 0
    cached_text_tokens_in: int = 0
    cached_audio_tokens_in: int = 0
    text_tokens_out: int = 0
    audio_tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class CallEnded:
    """Always the last fact of a call."""

    termination: Termination
    duration_ms: int
    """From 200 to the end; 0 when it was never answered."""
    extra: dict[str, str] = field(default_factory=dict)
    """Named extras for the record."""


Fact: TypeAlias = (
    CallOffered
    | InteropFound
    | CallRouted
    | SessionOpened
    | SessionLost
    | SessionReplaced
    | CallAnswered
    | CalleeRang
    | CalleeDetected
    | CallerSpeechStarted
    | CallerSpeechStopped
    | CallerSaid
    | CallerSaidSoFar
    | AgentSoundStarted
    | AgentWorded
    | AgentSaid
    | AgentSaidSoFar
    | BargedIn
    | TruncateConfirmed
    | AnswerBlocked
    | AgentChanged
    | ToolStarted
    | ToolCalled
    | MessageTaken
    | NoteTaken
    | CallHeld
    | CallResumed
    | PeerChanged
    | TransferStarted
    | TargetDialled
    | TransferEnded
    | OperatorActed
    | DigitPressed
    | DigitsSent
    | DigitsAsked
    | DigitsCollected
    | ErrorReported
    | UsageReported
    | LineSeen
    | SecondSeen
    | RealtimeMessage
    | LineMeasured
    | SilenceNamed
    | SilenceOver
    | RecordingStarted
    | CallRecorded
    | CallEnded
)


class Observer(Protocol):
    """Who is told: metrics, record, timeline, the supervisor."""

    def tell(self, call_id: str, fact: Fact, *, at: float) -> None:
        """Take note of ``fact``; must not block and must not raise. ``at`` is monotonic seconds."""
