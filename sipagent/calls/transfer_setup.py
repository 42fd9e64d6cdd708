"""Where the agents of one call may transfer its caller, and how; the plan, boiled down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sipagent.dialplan.transfer import Transfer
from sipagent.sip.never_called import USUALLY, NeverCalled


@dataclass(frozen=True, slots=True)
class TransferTarget:
    """Somebody a caller may be transferred to."""

    uri: str
    is_attended: bool = False
    """Whether the target is called and told what it is about before the caller goes there."""
    briefing: str = ""
    """Tells the agent what the target is to be told."""
    announce: str = ""
    """Spoken to the target before that."""
    trunk: str = ""
    """Through which it is called; ``""``: directly."""
    ring_s: float = 25.0
    confirm_key: str = ""
    """The key with which the target takes the call; ``""``: whoever stays on the line takes it."""
    confirm_s: float = 10.0
    is_bridged: bool = False
    """Whether the two are joined here if the caller's telephone cannot be transferred."""
    needs_approval: bool = False


@dataclass(frozen=True, slots=True)
class TransferSetup:
    """One call's share of ``[transfer]``."""

    targets: Mapping[str, TransferTarget] = field(default_factory=dict)
    """By the name that agents know."""
    approval_s: float = 60.0
    """How long a person has to allow a transfer."""
    refer_targets: tuple[str, ...] = ()
    """Globs on SIP URIs where a peer may send us; none: nowhere."""
    never_called: NeverCalled = USUALLY
    """Where no peer may send us, whatever the globs say."""
    accepts_replaces: bool = False
    """Whether another call may take ours over."""


def transfer_setup(transfer: Transfer | None, never_called: NeverCalled = USUALLY) -> TransferSetup:
    """Return what a plan's table comes down to; without one, nobody is transferred."""
    if transfer is None:
        return TransferSetup()
    targets = {
        name: TransferTarget(
            uri=target.uri,
            is_attended=target.mode == "attended",
            briefing=target.briefing,
            announce=target.announce,
            trunk=target.trunk or "",
            ring_s=target.ring_s,
            confirm_key=target.confirm_key,
            confirm_s=target.confirm_s,
            is_bridged=target.fallback == "bridge",
            needs_approval=(
                transfer.needs_approval if target.needs_approval is None else target.needs_approval
            ),
        )
        for name, target in transfer.targets.items()
    }
    follows = transfer.accept_refer == "follow"
    return TransferSetup(
        targets,
        transfer.approval_s,
        refer_targets=transfer.refer_targets if follows else (),
        never_called=never_called,
        accepts_replaces=transfer.accept_replaces,
    )
