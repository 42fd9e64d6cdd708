"""How a session is configured: what was asked for, what of it is confirmed, what is asked next.

    a session of ours        asked for first of all; ready once it is confirmed
    an accepted phone call   has it from its accept; ready once its session is there

An accepted call is configured again only if what was sent to it over a connection that is gone may
be lost. Later changes begin with what was asked for last. No I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sipagent.agents.resolving import ResolvedAgent
from sipagent.wire.client import SessionUpdate
from sipagent.wire.events import Json

from .events import SessionConfigured
from .options import SessionOptions
from .outbox import Outbox
from .session_config import agent_parts, handoff_config, initial_config, updated_config
from .tracing import tracing_update


class Configuring:
    """Decide what a session is asked to be.

    Args:
        out: Where it is said.
        options: Of the session.
        config: Of the agent that speaks first.
        is_accepted: Whether the call has it from its accept.
        is_due: Whether it is to be sent all the same.
    """

    def __init__(
        self,
        out: Outbox,
        options: SessionOptions,
        config: dict[str, Any],
        *,
        is_accepted: bool,
        is_due: bool = False,
    ) -> None:
        self._out, self._options = out, options
        self.config = config
        """What was asked for, or is about to be."""
        self._is_accepted, self._is_due = is_accepted, is_due or not is_accepted
        self._unconfirmed = 0
        self._updates = 0
        self._last_wish: tuple[str, dict[str, Any], dict[str, Any]] | None = None
        """Of the owner: its event, what it made of the configuration, and of which one."""
        self._is_traced = False
        self.is_confirmed = False
        self.expires_at: float | None = None
        """Unix seconds, as the endpoint says."""

    @classmethod
    def first(
        cls,
        out: Outbox,
        options: SessionOptions,
        agent: ResolvedAgent,
        *,
        is_attached: bool,
        is_accepted: bool,
    ) -> Configuring:
        """Return that of a conversation that begins."""
        config = initial_config(options, agent_parts(agent), is_attached=is_attached)
        return cls(out, options, config, is_accepted=is_accepted)

    def again(self, out: Outbox, agent: ResolvedAgent, *, has_spoken: bool) -> Configuring:
        """Return that of the connection after this one."""
        config = handoff_config(
            self.config, self._options, agent_parts(agent), has_spoken=has_spoken
        )
        is_accepted, is_due = self._is_accepted, self._unconfirmed > 0
        return Configuring(out, self._options, config, is_accepted=is_accepted, is_due=is_due)

    def open(self) -> None:
        """Ask for all of it, unless the call has it."""
        if self._is_due:
            self._send(self.config)

    def update(self, update: SessionUpdate) -> None:
        """Ask for what the owner wants, which stays asked for unless it is refused."""
        self._updates += 1
        event_id = update.event_id or f"sipagent_session_update_{self._updates}"
        before, self.config = self.config, updated_config(self.config, update.session)
        self._last_wish = event_id, self.config, before
        self._unconfirmed += 1
        self._out.send(SessionUpdate(session=update.session, event_id=event_id))

    def refused(self, event_id: str | None) -> None:
        """Note an error; what it refuses is not asked for again with the next agent.

        An update is refused whole. One that others have been built on stays in them.
        """
        if self._last_wish is None or self._last_wish[0] != event_id:
            return
        _, made, before = self._last_wish
        self._last_wish = None
        self._unconfirmed = max(0, self._unconfirmed - 1)
        if self.config is made:
            self.config = before

    def hand_over(self, agent: ResolvedAgent, *, has_spoken: bool) -> None:
        """Ask for another agent."""
        parts = agent_parts(agent)
        self.config = handoff_config(self.config, self._options, parts, has_spoken=has_spoken)
        self._send(self.config)

    def created(self, session: Json, *, now: float) -> None:
        """Take the session as it begins, and ask for traces if they are wanted."""
        self._note(session)
        if self._is_accepted:
            self._confirmed(now)
        if not self._is_traced:
            self._is_traced = True
            wanted = tracing_update(self._options, session)
            if wanted is not None:
                self._send(wanted)

    def updated(self, session: Json, *, now: float) -> None:
        """Take the session as it is now."""
        self._note(session)
        self._unconfirmed = max(0, self._unconfirmed - 1)
        self._confirmed(now)

    def _note(self, session: Mapping[str, Any]) -> None:
        expires_at = session.get("expires_at")
        if isinstance(expires_at, int | float):
            self.expires_at = float(expires_at)

    def _confirmed(self, now: float) -> None:
        self.is_confirmed = True
        self._out.tell(SessionConfigured(now))

    def _send(self, session: Json) -> None:
        self._unconfirmed += 1
        self._out.send(SessionUpdate(session=session))
