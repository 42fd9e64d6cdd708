"""What a run begins after, and who keeps it: nobody, the endpoint, or a session of ours.

    previous_response_id   the endpoint has all up to a response; the next one is the past then
    conversation_id        the endpoint has a conversation, and adds to it by itself
    session                we have one, and a run is added to it when it is done

A run has one past at most. An endpoint that keeps it is sent only what it does not know (Responses:
``previous_response_id``, ``conversation``). Pure, but for the one look at a session.
"""

from __future__ import annotations

from sipagent.errors import ConfigError

from .model import Json
from .session import ConversationSession


class Past:
    """What came before a run, and what of the run itself is known where it is kept.

    Args:
        previous_response_id: The endpoint's name for the past it keeps, or
        conversation_id: this one; items it knows are not sent again, or
        session: what we keep of it ourselves.

    Raises:
        ConfigError: If there would be two.
    """

    def __init__(
        self,
        *,
        previous_response_id: str = "",
        conversation_id: str = "",
        session: ConversationSession | None = None,
    ) -> None:
        if previous_response_id and conversation_id:
            raise ConfigError("give previous_response_id or conversation_id, not both")
        if session is not None and (previous_response_id or conversation_id):
            raise ConfigError("give a session, or what the endpoint keeps, not both")
        self.previous_response_id = previous_response_id
        self.conversation_id = conversation_id
        self.session = session
        self.has_session = session is not None
        """Whether the run began over a session, which a saved one has lost."""
        self.items: list[Json] | None = None
        """What the session had when the run began; None: nobody looked, or there is none."""
        self.known_count: int | None = None
        """How many items of the run the endpoint knows; None: not even the input."""

    def go_on_over(self, session: ConversationSession | None) -> None:
        """Go on over ``session``; None: over the one the run has, if any.

        Raises:
            ConfigError: If the run began over one and has lost it, or began over none.
        """
        if session is None and self.has_session and self.session is None:
            raise ConfigError("the run began over a session: it needs it to go on")
        if session is not None and not self.has_session:
            raise ConfigError("the run began without a session")
        self.session = session if session is not None else self.session

    async def look(self) -> None:
        """Note what the session has; once, so that a run which paused goes on where it began."""
        if self.session is not None and self.items is None:
            self.items = await self.session.items()

    def responded(self, response_id: str, known_count: int) -> None:
        """Note a response, up to which the endpoint knows ``known_count`` items of the run."""
        self.known_count = known_count
        if self.previous_response_id:
            self.previous_response_id = response_id

    @property
    def unsent_from(self) -> int | None:
        """The first of the run's items that is to be sent; None: all, and what was before them."""
        is_kept = bool(self.previous_response_id or self.conversation_id)
        return self.known_count if is_kept else None
