"""One call as facts: everything that can be told of a call, once."""

from __future__ import annotations

from sipagent.calls import facts
from sipagent.calls.facts import Fact, Observer
from sipagent.calls.termination import Reason, Result, Termination

CALLER = "+4930123456"
CALLED = "+49301110"

CALL: list[Fact] = [
    facts.CallOffered(
        *("incoming", "sip-1", CALLED, CALLER, "192.0.2.1:5060"),
        asserted_caller="+493099",
        diverted_from="+4930555",
    ),
    facts.InteropFound(("no_rport",)),
    facts.CallRouted("desk", "Reception", 7, "9c1061595d2e"),
    facts.SessionOpened(120),
    facts.CallAnswered(400, "PCMU", "tls", "SDES"),
    facts.CalleeRang(180),
    facts.CalleeDetected("machine", 2_800, 5_000),
    facts.AgentSoundStarted("a", "Reception", None),
    facts.AgentWorded("a", "Reception", "Good morning."),
    facts.AgentSaid("a", "Reception", "Good morning.", "Good morning.", 900, False),
    facts.CallerSpeechStarted("c"),
    facts.CallerSpeechStopped("c"),
    facts.CallerSaid("c", f"My number is {CALLER}."),
    facts.ToolStarted("t1", "lookup"),
    facts.ToolCalled("t1", "lookup", f'{{"number":"{CALLER}"}}', "found", False, 250),
    facts.AnswerBlocked("a2", "prices", 800, 60),
    facts.AgentChanged("Reception", "Billing"),
    facts.AgentSoundStarted("b", "Billing", 700),
    facts.AgentSaid("b", "Billing", "one two three", "one", 300, True),
    facts.BargedIn("b", 300, 20),
    facts.TruncateConfirmed("b", -10),
    facts.SessionLost("gone (close code 1006)"),
    facts.SessionReplaced("lost", 420),
    facts.CallHeld(),
    facts.CallResumed(4_000),
    facts.PeerChanged("sip-2", CALLER),
    facts.TransferStarted("desk", "attended"),
    facts.TargetDialled("sip-3"),
    facts.TransferEnded("desk", "attended", "busy", 486, 9_000),
    facts.OperatorActed("say", "duty", {"text": "One moment."}),
    facts.DigitPressed("4"),
    facts.DigitPressed("2"),
    facts.DigitsSent("1#"),
    facts.MessageTaken("Billing", "Ada", "", "Call back."),
    facts.NoteTaken("Billing", "In a hurry."),
    facts.DigitsAsked("card", True),
    facts.DigitsCollected("card", "collected", 16, "1111"),
    facts.ErrorReported("server_error", "try again"),
    facts.UsageReported(70, 110),
    facts.UsageReported(7, 11),
    facts.SecondSeen(40, 50, 1, -26.0, -30.5, 400),
    facts.RealtimeMessage("out", "response.create", ""),
    facts.LineSeen(40, 50, 1, 2, 4.0, 20.0, 4.3, 4.1),
    facts.LineMeasured(
        packets_in=50,
        packets_out=60,
        lost_in=1,
        lost_out=2,
        jitter_ms=4.0,
        rtt_ms=20.0,
        mos_in=4.3,
        mos_out=4.1,
        frames_starved=3,
        frames_dropped=5,
    ),
    facts.SilenceNamed("no_rtp", "no RTP arrives"),
    facts.SilenceOver("no_rtp", 3_400),
    facts.SilenceNamed("agent_silent", "it says nothing"),
    facts.CallRecorded("x.wav", "announced", 29_000, "ab12", ((100, 200),)),
    facts.CallEnded(Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP, "bye"), 30_000),
]


def tell_all(observer: Observer, call_id: str, told: list[Fact], *, at: float = 100.0) -> None:
    """Tell an observer the facts of a call, a tenth of a second apart."""
    for index, fact in enumerate(told):
        observer.tell(call_id, fact, at=at + index / 10)
