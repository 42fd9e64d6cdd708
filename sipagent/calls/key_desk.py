"""Who waits for a number: the agent's tool asks, and is told how it ended.

The number is collected to its end even if the tool goes away, as it does when its session is
replaced: what the caller goes on typing must not be taken for something else. The next tool that
asks for the same number waits for that end. Everything here runs on the loop.
"""

from __future__ import annotations

import asyncio

from .collecting import Collection, FieldSettings, Outcome, shown, told
from .facts import DigitsCollected
from .vault import Vault


class KeyDesk:
    """Collect one number at a time.

    Args:
        vault: Where it goes.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._collection: Collection | None = None
        self._waiting: asyncio.Future[str] | None = None
        self._is_held = False

    @property
    def collection(self) -> Collection | None:
        """What is being collected."""
        return self._collection

    def ask(self, field: FieldSettings, waiting: asyncio.Future[str], now: float) -> bool:
        """Let ``waiting`` be told of a number; return whether its collection begins."""
        is_same = self._collection is not None and self._collection.field == field
        is_free = self._waiting is None or self._waiting.done()
        if self._collection is not None and not (is_same and is_free):
            if not waiting.done():  # the tool may have gone away on the way here
                waiting.set_result("failed: another number is being collected already.")
            return False
        self._waiting = waiting
        if is_same:
            return False
        self._collection = Collection(field, now)
        if self._is_held:
            self._collection.held(now)
        return True

    def held(self, now: float) -> None:
        """Note that the caller left the line for a while: nobody can press a key."""
        self._is_held = True
        if self._collection is not None:
            self._collection.held(now)

    def resumed(self, now: float) -> None:
        """Note that the caller is back."""
        self._is_held = False
        if self._collection is not None:
            self._collection.resumed(now)

    def end(self, outcome: Outcome) -> DigitsCollected:
        """End the collection; say so to whoever waits, and return it as a fact."""
        collection, self._collection = self._collection, None
        waiting, self._waiting = self._waiting, None
        assert collection is not None
        field, digits = collection.field, collection.digits
        is_whole = outcome is Outcome.COLLECTED
        if is_whole:
            self._vault.put(field.name, digits, is_sensitive=field.is_sensitive)
        if waiting is not None and not waiting.done():
            waiting.set_result(told(field, outcome, digits))
        visible = shown(field, digits) if is_whole else ""
        return DigitsCollected(field.name, outcome.value, len(digits), visible)
