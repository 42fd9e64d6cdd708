"""Approvals: which calls wait for somebody's word, and what the word does.

    unknown  --request-->                    pending   AskApproval
    unknown  --request, sticky decision-->   settled   RunTool or RejectTool
    pending  --approve-->                    settled   RunTool
    pending  --reject, timeout-->            settled   RejectTool
    pending  --another connection-->         unknown   (nobody is asked any more)
    settled  --anything-->                   settled   (ignored)

A call is settled once, for as long as the session lives: hanging up twice is worse than not at
all. A decision holds for the request it was made on: the same arguments, agent and connection.
Sticky decisions hold for a tool of an agent, whatever the connection. A phone call attached to
again counts as one connection: the endpoint still waits for the same calls.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from sipagent.agents.arguments import canonical_arguments
from sipagent.agents.rejections import ToolErrorFormatter, rejection_text

DEFAULT_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a decision is bound to, beside the call's id."""

    tool_name: str
    arguments: str
    """Canonical: the same for the same arguments however they were written."""
    agent_name: str
    generation: int
    """Of the connection the call came over."""


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """A call somebody must decide on."""

    tool_call_id: str
    tool_name: str
    arguments: str
    """As the model wrote them."""
    agent_name: str
    generation: int

    @property
    def fingerprint(self) -> Fingerprint:
        """What a decision on it is bound to."""
        arguments = canonical_arguments(self.arguments)
        return Fingerprint(self.tool_name, arguments, self.agent_name, self.generation)


@dataclass(frozen=True, slots=True)
class AskApproval:
    """Ask whether the call may run."""

    request: ApprovalRequest


@dataclass(frozen=True, slots=True)
class RunTool:
    """The call was approved: run it."""

    request: ApprovalRequest


@dataclass(frozen=True, slots=True)
class RejectTool:
    """The call must not run; ``output`` is what the model is told."""

    request: ApprovalRequest
    output: str


@dataclass(frozen=True, slots=True)
class ReportError:
    """Tell the session's owner that something does not fit together."""

    tool_call_id: str
    message: str


Command: TypeAlias = AskApproval | RunTool | RejectTool | ReportError


@dataclass(frozen=True, slots=True)
class _Pending:
    request: ApprovalRequest
    expires_at: float


@dataclass(frozen=True, slots=True)
class _Sticky:
    is_approved: bool
    message: str | None = None


class Approvals:
    """Decide which calls run; ask nobody, run nothing.

    Args:
        timeout_s: How long a request may stay undecided before it counts as rejected.
        tool_error_formatter: Words a rejection that has no message of its own.
        context: The session's own, for the formatter.
    """

    def __init__(
        self,
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        tool_error_formatter: ToolErrorFormatter | None = None,
        context: Any = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._formatter = tool_error_formatter
        self._context = context
        self._generation = 0
        self._pending: dict[str, _Pending] = {}
        self._settled: dict[str, Fingerprint] = {}
        self._sticky: dict[tuple[str, str], _Sticky] = {}

    @property
    def pending(self) -> tuple[ApprovalRequest, ...]:
        """What waits for a decision, oldest first."""
        return tuple(each.request for each in self._pending.values())

    def begin(self, generation: int) -> None:
        """Note that the session connected or closed: what is pending is forgotten."""
        if generation != self._generation:
            self._generation = generation
            self._pending.clear()

    def deadline(self) -> float | None:
        """Return when :meth:`expire` is due, or None."""
        return min((each.expires_at for each in self._pending.values()), default=None)

    def request(self, request: ApprovalRequest, *, now: float) -> list[Command]:
        """Take a call that needs approval; return what to do about it.

        A repeat of a known call is nothing new, and calls of older connections are dropped.
        """
        if request.generation != self._generation:
            return []
        known = self._known(request.tool_call_id)
        if known is not None:
            return [] if known == request.fingerprint else [_reused(request.tool_call_id)]
        sticky = self._sticky.get(_tool_of(request))
        if sticky is None:
            self._pending[request.tool_call_id] = _Pending(request, now + self._timeout_s)
            return [AskApproval(request)]
        self._settled[request.tool_call_id] = request.fingerprint
        return [RunTool(request) if sticky.is_approved else self._reject(request, sticky.message)]

    def approve(self, request: ApprovalRequest, *, always_approve: bool = False) -> list[Command]:
        """Let the call run, and with ``always_approve`` all later ones of the agent's tool."""
        if (refusal := self._settle(request)) is not None:
            return refusal
        if always_approve:
            self._sticky[_tool_of(request)] = _Sticky(is_approved=True)
        return [RunTool(request)]

    def reject(
        self, request: ApprovalRequest, *, message: str | None = None, always_reject: bool = False
    ) -> list[Command]:
        """Do not let the call run, and with ``always_reject`` no later one of the agent's tool.

        Args:
            request: As it was asked.
            message: Exactly what the model is told, empty too; of later calls as well when
                they are always rejected.
            always_reject: Whether this is the answer to later calls.
        """
        if (refusal := self._settle(request)) is not None:
            return refusal
        if always_reject:
            self._sticky[_tool_of(request)] = _Sticky(is_approved=False, message=message)
        return [self._reject(request, message)]

    def expire(self, *, now: float) -> list[Command]:
        """Reject what nobody decided on in time."""
        late = [each.request for each in self._pending.values() if each.expires_at <= now]
        commands: list[Command] = []
        for request in late:
            self._settle(request)
            text = f"Tool execution was not approved within {self._timeout_s:g} seconds."
            commands.append(RejectTool(request, text))
        return commands

    def _known(self, tool_call_id: str) -> Fingerprint | None:
        pending = self._pending.get(tool_call_id)
        return pending.request.fingerprint if pending else self._settled.get(tool_call_id)

    def _settle(self, request: ApprovalRequest) -> list[Command] | None:
        """Settle a pending request; return what to do instead when it is none."""
        known = self._known(request.tool_call_id)
        if known != request.fingerprint:
            return [_stale(request.tool_call_id)]
        if self._pending.pop(request.tool_call_id, None) is None:
            return []
        self._settled[request.tool_call_id] = known
        return None

    def _reject(self, request: ApprovalRequest, message: str | None) -> RejectTool:
        text = rejection_text(
            message,
            self._formatter,
            tool_name=request.tool_name,
            tool_call_id=request.tool_call_id,
            context=self._context,
        )
        return RejectTool(request, text)


def _tool_of(request: ApprovalRequest) -> tuple[str, str]:
    return request.agent_name, request.tool_name


def _reused(tool_call_id: str) -> ReportError:
    return ReportError(tool_call_id, f"call id {tool_call_id} was used again for another call")


def _stale(tool_call_id: str) -> ReportError:
    return ReportError(tool_call_id, f"no approval of call id {tool_call_id} is pending")
