"""What a caller keyed in, for tools only, and the stream of facts that must not show it.

| resource          | acquired             | released       | on failure              |
|-------------------|----------------------|----------------|-------------------------|
| sensitive digits  | ``Vault.put``        | ``close``      | they end with the call  |
| their redaction   | the same             | the same       | the same                |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from sipagent.redaction import REDACTION

from .facts import Fact, Observer

ValueT = TypeVar("ValueT")


class Vault(Mapping[str, str]):
    """Numbers by name; who prints it sees the names."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._hidden: set[str] = set()

    def put(self, name: str, digits: str, *, is_sensitive: bool) -> None:
        """Keep a number in the place of the one before; of a sensitive one no text shows it."""
        self._values[name] = digits
        if is_sensitive and digits not in self._hidden:
            self._hidden.add(digits)
            REDACTION.hide(digits)

    def close(self) -> None:
        """Forget everything."""
        for digits in self._hidden:
            REDACTION.reveal(digits)
        self._values.clear()
        self._hidden.clear()

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<collected: {', '.join(self._values) or 'nothing'}>"


class RedactedFacts:
    """An observer in front of another, who is told no sensitive digits."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def tell(self, call_id: str, fact: Fact, *, at: float) -> None:
        """Pass a fact on."""
        self._observer.tell(call_id, redacted(fact), at=at)


def redacted(value: ValueT) -> ValueT:
    """Return ``value`` without sensitive digits in its texts; ids keep theirs."""
    return _redacted(value)  # type: ignore[no-any-return]


def _redacted(value: Any) -> Any:
    match value:
        case str():
            return REDACTION.apply(value)
        case dict():
            return {key: _redacted(each) for key, each in value.items()}
        case list() | tuple():
            return type(value)(_redacted(each) for each in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            texts = {each.name: getattr(value, each.name) for each in fields(value)}
            changed = {
                name: new
                for name, old in texts.items()
                if not name.endswith("_id") and (new := _redacted(old)) != old
            }
            return replace(value, **changed) if changed else value
        case _:
            return value
