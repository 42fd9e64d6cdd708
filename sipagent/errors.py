"""Every exception sipagent raises on purpose.

SipAgentError
|-- ConfigError              bad file, bad environment; carries ``where``
|   `-- DialplanError
|-- SipError                 the leg cannot do that; carries ``status`` (RFC 3261 section 21)
|   |-- InvalidTransition    a state machine got an event it has no row for: our bug
|   |-- NoSockets            too many calls were placed just now: one more may be, later
|   `-- SipStartError        the endpoint cannot start: busy port, no interface
|-- SessionError             the realtime peer misbehaved or went away
|   |-- SessionRejected      handshake refused; carries ``status``
|   |-- SessionTimeout       handshake or ``session.updated`` did not come in time
|   |-- SessionLost          socket gone; carries ``close_code``
|   |-- CallGone             the phone call at the provider is over, or never was
|   `-- WireError            undecodable event; carries ``excerpt``
|-- WebhookRefused           a webhook that is forged, stale or unsigned; carries ``reason``
|-- JournalError             what must outlive a crash could not be written or read
|   `-- StoreTooNew          the database was made by a newer sipagent
|-- EngineError              the embedded engine cannot start or lost one of its parts
|-- BackendError             a run of a text agent ended without an answer
|   |-- ModelError           the endpoint failed, went away or answered nonsense; has ``status``
|   |-- ModelBehaviorError   the model called what there is not, or its answer has no such form
|   |-- ModelRefusalError    the model would not answer; carries ``refusal``
|   |-- MaxTurnsExceeded     the model was asked too often
|   |-- GuardrailTripped     a guardrail objected; carries ``output_info``
|   |   |-- InputGuardrailTripped
|   |   `-- OutputGuardrailTripped
|   |-- GuardrailFailed      a guardrail raised instead of deciding
|   `-- RunStateError        a paused run that cannot be read, or not be gone on with
`-- ToolError                a tool failed; ``spoken`` is safe to read to the caller
"""

from __future__ import annotations

import json
import os
import socket


class SipAgentError(Exception):
    """Root of everything raised on purpose."""


class ConfigError(SipAgentError):
    """A file or the environment says something impossible.

    Args:
        message: What is wrong, and what is allowed.
        where: ``file:line: key``, as much of it as is known.
    """

    def __init__(self, message: str, *, where: str = "") -> None:
        self.where = where
        super().__init__(f"{where}: {message}" if where else message)


class DialplanError(ConfigError):
    """A dialplan, or something it names, is broken."""


class SipError(SipAgentError):
    """The leg cannot do that.

    Args:
        message: What was tried.
        status: SIP status code (RFC 3261 section 21); 0 when no response was involved.
    """

    def __init__(self, message: str, *, status: int = 0) -> None:
        self.status = status
        super().__init__(f"{message} ({status})" if status else message)


class InvalidTransition(SipError):
    """A state machine got an event that its table has no row for: always our bug."""


class NoSockets(SipError):
    """Too many calls were placed just now: another may be a little later."""


class SipStartError(SipError):
    """The SIP endpoint cannot start; the text is one line that says why."""


class SessionError(SipAgentError):
    """The realtime peer misbehaved or went away."""


class SessionRejected(SessionError):
    """The handshake was refused.

    Args:
        message: What the peer said.
        status: HTTP status of the answer, 0 when the connection was refused before one.
    """

    def __init__(self, message: str, *, status: int = 0) -> None:
        self.status = status
        super().__init__(f"{message} (HTTP {status})" if status else message)


class SessionTimeout(SessionError):
    """The peer did not answer within the time allowed."""


class SessionLost(SessionError):
    """The socket is gone.

    Args:
        message: What happened.
        close_code: WebSocket close code (RFC 6455 section 7.4.1), 1006 when there was none.
    """

    def __init__(self, message: str, *, close_code: int = 1006) -> None:
        self.close_code = close_code
        super().__init__(f"{message} (close code {close_code})")


class CallGone(SessionError):
    """The phone call at the provider is over, or never was."""


class WireError(SessionError):
    """A message could not be decoded.

    Args:
        message: Why.
        excerpt: First characters of the message, never whole payloads.
        param: Dotted path of the offending field, as the Realtime API names it.
    """

    def __init__(self, message: str, *, excerpt: str = "", param: str | None = None) -> None:
        self.excerpt = excerpt
        self.param = param
        super().__init__(f"{message}: {excerpt}" if excerpt else message)


class WebhookRefused(SipAgentError):
    """A webhook is not what it should be.

    Args:
        reason: One of a closed list, since it is a metric label.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class JournalError(SipAgentError):
    """What must outlive a crash could not be written or read; the text says why."""


class StoreTooNew(JournalError):
    """The tables of the store are those of a newer version."""


class EngineError(SipAgentError):
    """The embedded engine cannot start, or lost one of its parts."""


class BackendError(SipAgentError):
    """A run of a text agent ended without an answer."""


class ModelError(BackendError):
    """The endpoint failed, went away, or answered nonsense.

    Args:
        message: What happened, without keys.
        status: HTTP status of the answer, 0 when there was none.
        code: The endpoint's word for it, such as ``rate_limit_exceeded``.
    """

    def __init__(self, message: str, *, status: int = 0, code: str = "") -> None:
        self.status, self.code = status, code
        super().__init__(f"{message} (HTTP {status})" if status else message)


class ModelBehaviorError(BackendError):
    """The model called what there is not, or its answer has not the form asked for."""


class ModelRefusalError(BackendError):
    """The model would not answer.

    Args:
        refusal: What it said instead.
    """

    def __init__(self, refusal: str) -> None:
        self.refusal = refusal
        super().__init__("the model refused to answer")


class MaxTurnsExceeded(BackendError):
    """The model was asked too often.

    Args:
        max_turns: How often it may be asked.
    """

    def __init__(self, max_turns: int) -> None:
        self.max_turns = max_turns
        super().__init__(f"Max turns ({max_turns}) exceeded")


class GuardrailTripped(BackendError):
    """A guardrail of a run objected.

    Args:
        kind: ``Input`` or ``Output``.
        guardrail_name: Which.
        output_info: What it found.
    """

    def __init__(self, kind: str, guardrail_name: str, output_info: object = None) -> None:
        self.guardrail_name, self.output_info = guardrail_name, output_info
        found = json.dumps(output_info, ensure_ascii=False, default=str)
        super().__init__(f"{kind} guardrail triggered: {found}")


class InputGuardrailTripped(GuardrailTripped):
    """A guardrail objected to what the run was given."""

    def __init__(self, guardrail_name: str, output_info: object = None) -> None:
        super().__init__("Input", guardrail_name, output_info)


class OutputGuardrailTripped(GuardrailTripped):
    """A guardrail objected to the final answer."""

    def __init__(self, guardrail_name: str, output_info: object = None) -> None:
        super().__init__("Output", guardrail_name, output_info)


class GuardrailFailed(BackendError):
    """A guardrail raised instead of deciding: what could not be checked does not go on.

    Args:
        guardrail_name: Which.
    """

    def __init__(self, guardrail_name: str) -> None:
        self.guardrail_name = guardrail_name
        super().__init__(f"guardrail {guardrail_name} failed")


class RunStateError(BackendError):
    """A paused run cannot be read, or cannot be gone on with; the text says why."""


class ToolError(SipAgentError):
    """A tool failed.

    Args:
        message: For the log.
        spoken: Safe to read to the caller.
    """

    def __init__(self, message: str, *, spoken: str) -> None:
        self.spoken = spoken
        super().__init__(message)


def why_not_listening(error: OSError | ValueError) -> str:
    """Say why in a few words: asyncio's text tells the address again, which the caller names."""
    if isinstance(error, OSError) and error.errno and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror  # the resolver's; its numbers are not the system's
    return str(error)
