"""Facts of calls as the supervisor is told them."""

from __future__ import annotations

from sipagent.calls import facts
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.ops.call_stream import plain
from sipagent.ops.channel import FactsTold, FactTold

AT = 1_700_000_000.0

OFFERED = facts.CallOffered("incoming", "sip-1", "+4930", "+4989")
ENDED = facts.CallEnded(Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP, "", 200), 5_000)

HOSTILE = (
    "<script>alert(1)</script>\r\n\r\nevent: closed\ndata: {}\n\n\x1b[31m\u202e\u2028\x00'\"&"
    + "x" * 3_000
)


def told(*happened: facts.Fact, call_id: str = "c", at: float = AT) -> FactsTold:
    """Return facts as they come over the channel, a tenth of a second apart."""
    return FactsTold(
        tuple(
            FactTold(call_id, at + index / 10, type(fact).__name__, plain(fact))
            for index, fact in enumerate(happened)
        )
    )
