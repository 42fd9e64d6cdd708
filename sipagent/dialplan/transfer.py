"""``[transfer]`` of a dialplan: where agents may transfer callers, and how.

What each key alone must be is in the models; what the plan around them must be is in
:func:`check_transfer`, which looks at no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from .documents import Document
from .findings import Finding, Severity
from .model import FileBeside, Glob, Model, TargetUri, Text

if TYPE_CHECKING:
    from .models import Dialplan

TRANSFER_TOOL = "transfer_call"

ATTENDED_KEYS = frozenset(
    {"briefing", "announce", "trunk", "ring_s", "confirm_key", "confirm_s", "fallback"}
)
"""Which keys of :class:`TransferTarget` mean something only when the colleague is asked first."""


def _key(text: str) -> str:
    if not re.fullmatch(r"[0-9*#]?", text):
        raise ValueError('must be one key of a telephone, such as "1", or empty')
    return text


class TransferTarget(Model):
    """One of ``[transfer.targets]``; a URI alone is a blind transfer there."""

    uri: TargetUri
    """Whom to call."""
    mode: Literal["blind", "attended"] = "blind"
    """``attended``: the target is called and told what it is about before the caller goes there."""
    briefing: str = ""
    """Tells the agent what the target is to be told."""
    announce: str = ""
    """Spoken to the target before what the agent wants it to know."""
    trunk: Text | None = None
    """Through which of ``[[sip.trunks]]`` it is called; None: directly."""
    ring_s: Annotated[float, Field(ge=1, le=120)] = 25.0
    """How long its telephone may ring."""
    confirm_key: Annotated[str, AfterValidator(_key)] = ""
    """The key with which the target takes the call; ``""``: whoever stays on the line takes it."""
    confirm_s: Annotated[float, Field(ge=1, le=60)] = 10.0
    """How long the target has for that, once all was said."""
    fallback: Literal["return", "bridge"] = "return"
    """What becomes of the caller if their telephone cannot be transferred: back to the agent, or
    joined with the target here."""
    needs_approval: bool | None = None
    """Whether a person must allow it; None: as ``[transfer]`` says."""


def _table(value: Any) -> Any:
    return {"uri": value} if isinstance(value, str) else value


Target = Annotated[
    TransferTarget, BeforeValidator(_table, json_schema_input_type=str | TransferTarget)
]


class Transfer(Model):
    """``[transfer]``: where agents may transfer callers, and where a peer may transfer us."""

    targets: Annotated[dict[str, Target], Field(min_length=1)] = Field(default_factory=dict)
    """URI, or a table, by the name that agents know."""
    needs_approval: bool = False
    """Whether a person must allow each transfer."""
    approval_s: Annotated[float, Field(ge=1, le=240)] = 60.0
    """How long that person has."""
    music: FileBeside | None = None
    """A WAV file beside the plan, heard by the caller while a target is asked; None: a tone."""

    accept_refer: Literal["refuse", "follow"] = "refuse"
    """What becomes of a peer's REFER (RFC 3515): 603, or we call its target."""
    refer_targets: tuple[Glob, ...] = ()
    """``follow``: only to SIP URIs that one of these globs matches, without their parameters."""
    accept_replaces: bool = False
    """Whether an INVITE with Replaces (RFC 3891) may take the call over."""

    @field_validator("targets")
    @classmethod
    def _has_names(cls, targets: dict[str, TransferTarget]) -> dict[str, TransferTarget]:
        for name in targets:
            if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
                raise ValueError(
                    f"{name[:60]!r} must be letters, digits, hyphens and underscores, at most 64"
                )
        return targets


def check_transfer(plan: Dialplan, document: Document) -> Iterator[Finding]:
    """Return what is wrong with ``[transfer]``, or with a plan that needs one."""
    users = [index for index, agent in enumerate(plan.agents) if TRANSFER_TOOL in agent.tools]
    transfer = plan.transfer
    if transfer is None:
        for index in users:
            path = ("agents", index, "tools", plan.agents[index].tools.index(TRANSFER_TOOL))
            text = f'"{TRANSFER_TOOL}" needs [transfer], which says where callers may go'
            yield document.finding(path, text)
        return
    for index in users if not transfer.targets else ():
        path = ("agents", index, "tools", plan.agents[index].tools.index(TRANSFER_TOOL))
        text = f'"{TRANSFER_TOOL}" needs transfer.targets, which says where callers may go'
        yield document.finding(path, text)
    yield from _accepted(transfer, document)
    if transfer.targets and not users and plan.fallback.target is None:
        text = f'no agent has "{TRANSFER_TOOL}"'
        yield document.finding(("transfer",), text, Severity.WARNING)
    for name, target in transfer.targets.items():
        yield from _target(name, target, document)
    if transfer.music is not None and not transfer_is_attended(transfer):
        text = "means nothing: no target is attended"
        yield document.finding(("transfer", "music"), text, Severity.WARNING)


def _accepted(transfer: Transfer, document: Document) -> Iterator[Finding]:
    follows = transfer.accept_refer == "follow"
    if follows and not transfer.refer_targets:
        text = "must name where we may be sent: whoever calls could have us call anybody"
        yield document.finding(("transfer", "refer_targets"), text)
    if not follows and transfer.refer_targets:
        text = 'means nothing while accept_refer is "refuse"'
        yield document.finding(("transfer", "refer_targets"), text, Severity.WARNING)
    if not (transfer.targets or follows or transfer.accept_replaces):
        yield document.finding(("transfer",), "means nothing: it has no targets", Severity.WARNING)


def transfer_is_attended(transfer: Transfer) -> bool:
    """Tell whether a caller may have to wait while a target is asked."""
    return any(target.mode == "attended" for target in transfer.targets.values())


def _target(name: str, target: TransferTarget, document: Document) -> Iterator[Finding]:
    path = ("transfer", "targets", name)
    if target.mode == "blind":
        for key in sorted(target.model_fields_set & ATTENDED_KEYS):
            text = 'means nothing while mode is "blind"'
            yield document.finding((*path, key), text, Severity.WARNING)
    elif target.trunk is None and not target.uri.lower().startswith(("sip:", "sips:")):
        text = "must be a SIP URI, or needs a trunk: it is called before the caller goes there"
        yield document.finding((*path, "uri"), text)
    if "confirm_s" in target.model_fields_set and not target.confirm_key:
        text = 'means nothing while confirm_key is ""'
        yield document.finding((*path, "confirm_s"), text, Severity.WARNING)
