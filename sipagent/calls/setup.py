"""Everything one call needs to know before it starts: the plan, boiled down.

A call keeps its setup from INVITE to BYE, whatever happens to the files in the meantime.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import FunctionTool
from sipagent.audio.formats import AudioFormat
from sipagent.audio.frames import Pcm
from sipagent.audio.resample import resample
from sipagent.dialplan.variables import filled
from sipagent.realtime.rotation import RotationSettings
from sipagent.sip.line import NO_WISHES, LineWishes, preferred

from .agent_audio import HoldSettings
from .barge_in import BargeInSettings
from .call_words import own_words
from .controller import CallPolicy
from .digits import DigitSettings
from .early_controller import EarlyMedia
from .keypad_setup import KeypadSetup
from .life_settings import LifeSettings
from .mcp_setup import McpSetup
from .message_setup import MessageSetup
from .transfer_setup import TransferSetup


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the caller hears of us when no agent speaks."""

    pcm: Pcm
    rate_hz: int

    def at_rate(self, rate_hz: int) -> Pcm:
        """Return the audio at a leg's sampling rate."""
        return resample(self.pcm, self.rate_hz, rate_hz)


@dataclass(frozen=True, slots=True)
class Prompts:
    """The prompts of a plan."""

    apology: Prompt
    """When the endpoint fails, before BYE."""
    filler: Prompt | None = None
    """While another session is opened, again and again; None: nothing."""
    delegation: Prompt | None = None
    """While the backend agent works, again and again; None: nothing."""
    announcement: Prompt | None = None
    """Before the agent's first word; None: nothing is announced."""
    early: Prompt | None = None
    """Before the call is answered; None: nothing of ours."""
    music: Prompt | None = None
    """While the target of a transfer is asked, again and again; None: nothing."""


@dataclass(frozen=True, slots=True)
class PlansVersion:
    """Which version of the plans a call has; it keeps it."""

    number: int = 0
    """0: nobody counts."""
    sha: str = ""


NO_VERSION = PlansVersion()


@dataclass(frozen=True, slots=True)
class BackendSetup:
    """Who works in writing for the agents of a plan, and how the caller waits."""

    name: str
    instructions: str
    model: str
    tools: tuple[FunctionTool, ...] = ()
    """Some of which need approval."""
    prompt: Mapping[str, Any] | None = None
    """Of the embedded engine: the plan's script."""
    url: str = ""
    """Base of its API; ``""``: where the speech model is."""
    transport: Literal["http", "websocket", "chat"] = "http"
    api_key: str = field(default="", repr=False)
    """``""``: that of the speech model, if it is at the same host."""
    timeout_s: float = 60.0
    is_interruptible: bool = True
    """Whether it ends when the caller says something."""
    filler: str = ""
    """Words for a call whose audio is not ours; ``""``: none."""
    filler_every_s: float = 8.0


@dataclass(frozen=True, slots=True)
class RecordingSetup:
    """How a call is recorded."""

    consent: Literal["none", "announce", "ask"] = "none"
    consent_key: str = ""
    """By which a caller agrees who is asked; ``""``: none."""
    file_name: str = "{call_id}.wav"
    """Template, see ``recording_name``."""


@dataclass(frozen=True, slots=True)
class LineSetup:
    """How the plan wants its calls' signalling and media."""

    on_resume: str = ""
    """Instructions of the response when a caller is back from hold; ``""``: none."""
    wishes: LineWishes = NO_WISHES
    """Codecs and packets."""
    early: EarlyMedia | None = None
    """What is heard before the answer; None: ringing."""


@dataclass(frozen=True, slots=True)
class VoicemailSetup:
    """What is done when a machine answers."""

    action: Literal["hang_up", "leave_message", "ignore"] = "ignore"
    message: str = ""
    """Instructions of what is said after the beep."""
    limit_s: float = 40.0
    """How long the agent waits for the beep."""
    greeting_ms: int = 2_800
    """Whoever speaks for longer without a pause is a machine."""


@dataclass(frozen=True, slots=True)
class ScreeningSetup:
    """What is done when a machine asks who calls, and why."""

    say: str = ""
    """Instructions of what it is told; ``""``: it is a machine like any other."""
    phrases: tuple[str, ...] = ()
    """By which it is known."""


@dataclass(frozen=True, slots=True)
class OutgoingSetup:
    """How a plan's agents place calls."""

    caller_id: str = ""
    """User part of From; ``""``: the trunk's."""
    ring_s: float = 30.0
    agent_speaks_first: bool = True
    voicemail: VoicemailSetup = field(default_factory=VoicemailSetup)
    screening: ScreeningSetup = field(default_factory=ScreeningSetup)
    hears_early: bool = False
    """Whether the agent hears what comes before the answer."""

    def about(self, words: Mapping[str, str]) -> OutgoingSetup:
        """Return the setup with the words of one call in its texts."""
        return replace(
            self,
            voicemail=replace(self.voicemail, message=filled(self.voicemail.message, words)),
            screening=replace(self.screening, say=filled(self.screening.say, words)),
        )


@dataclass(frozen=True, slots=True)
class CallSetup:
    """One call's share of a dialplan."""

    plan: str
    agent: RealtimeAgent
    greeting: str
    """Instructions of the first response; ``""`` lets the caller speak first."""
    session: dict[str, Any]
    """Fields of ``realtime.options.SessionOptions`` that the plan sets, audio formats excepted."""
    policy: CallPolicy
    barge_in: BargeInSettings
    prompts: Prompts
    rotation: RotationSettings = field(default_factory=RotationSettings)
    hold: HoldSettings = field(default_factory=HoldSettings)
    life: LifeSettings = field(default_factory=LifeSettings)
    recording: RecordingSetup | None = None
    """How the call is recorded; None: it is not."""
    silence_duration_ms: int | None = None
    """How much silence ends a turn (server VAD); dates the caller's last word. None: unknown."""
    transfer: TransferSetup = field(default_factory=TransferSetup)
    """Where callers may be transferred."""
    digits: DigitSettings | None = None
    """When the agent is told of keys pressed; None: never."""
    keypad: KeypadSetup = field(default_factory=KeypadSetup)
    line: LineSetup = field(default_factory=LineSetup)
    script: str = ""
    """Of the embedded engine; ``""``: the endpoint is another."""
    on_approval: str = ""
    """Instructions of what is said while a person is asked to allow a tool; ``""``: nothing."""
    message: MessageSetup | None = None
    """Where messages go that agents take; None: on record alone."""
    mcp: McpSetup = field(default_factory=McpSetup)
    """Servers that the call connects to."""
    backend: BackendSetup | None = None
    """Whom agents may delegate to; None: nobody."""
    outgoing: OutgoingSetup = field(default_factory=OutgoingSetup)
    variables: Mapping[str, str] = field(default_factory=dict)
    """What whoever had the call placed says of it."""
    zone: str = ""
    """Of the date and time that texts name; ``""``: that of this machine."""
    words: Mapping[str, str] = field(default_factory=dict)
    """The same and what the call says of itself, where texts of the plan name it."""
    others: tuple[RealtimeAgent, ...] = ()
    """Agents of the plan that do not answer, whether or not a handoff leads to them."""
    version: PlansVersion = NO_VERSION

    @property
    def personas(self) -> dict[str, RealtimeAgent]:
        """Return all agents of the plan by name."""
        return {agent.name: agent for agent in (self.agent, *self.others)}

    def about(
        self, words: Mapping[str, str], variables: Mapping[str, str], at_s: float
    ) -> CallSetup:
        """Return the setup of one call.

        Args:
            words: What it says of itself, see ``call_words``.
            variables: What whoever had it placed says of it.
            at_s: When it came, in Unix seconds.
        """
        own = own_words(self.plan, self.agent.name, self.zone, at_s)
        all_words = {**own, **words, **variables}
        return replace(
            self,
            greeting=filled(self.greeting, all_words),
            outgoing=self.outgoing.about(all_words),
            variables=variables,
            words=all_words,
        )


@dataclass(frozen=True, slots=True)
class RefuseCall:
    """What a plan makes of its calls that wants none of them."""

    plan: str
    status: int
    """Of the response (RFC 3261 section 21), 400 to 699."""
    version: PlansVersion = NO_VERSION


@dataclass(frozen=True, slots=True)
class ReferCall:
    """What a plan makes of its calls that somebody else is to answer."""

    plan: str
    target_uri: str
    """``sip:``, ``sips:`` or ``tel:``."""
    version: PlansVersion = NO_VERSION


@dataclass(frozen=True, slots=True)
class RefuseEmergency:
    """What becomes of a call to an emergency number that no plan may take."""


CallDecision: TypeAlias = CallSetup | RefuseCall | ReferCall | RefuseEmergency
"""What a plan makes of a call."""


def leg_format(offered_codecs: Sequence[str], wishes: LineWishes = NO_WISHES) -> AudioFormat:
    """Return the session format that needs the least conversion for a leg.

    PJSIP answers with the first codec of the offer that it has, unless the plan wants another; a
    delayed offer starts with the plan's, or PCMU.
    """
    for codec in preferred(offered_codecs, wishes.codecs) or wishes.codecs:
        match codec.upper().split("/")[0]:
            case "PCMU":
                return AudioFormat.PCMU
            case "PCMA":
                return AudioFormat.PCMA
            case "G722":
                return AudioFormat.PCM24
    return AudioFormat.PCMU
