"""What a call cost: its tokens and minutes, by the prices of the configuration. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

_MILLION = 1_000_000

Amount = Annotated[float, Field(ge=0)]


class Price(BaseModel):
    """``[prices."MODEL"]``: what a model costs, in whatever currency you keep your books."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    text_in: Amount = 0.0
    """Per million tokens that the model reads; so for the others."""
    cached_text_in: Amount | None = None
    """Those it had read before; without, as ``text_in``."""
    audio_in: Amount = 0.0
    """The caller's audio."""
    cached_audio_in: Amount | None = None
    """That it had read before; without, as ``audio_in``."""
    text_out: Amount = 0.0
    """What it writes: text, and calls of tools."""
    audio_out: Amount = 0.0
    """What it says."""
    per_minute: Amount = 0.0
    """From the answer to the end, for models that are paid by time."""


@dataclass(slots=True)
class Tokens:
    """Tokens by kind; what is cached is not among what is not."""

    text_tokens_in: int = 0
    audio_tokens_in: int = 0
    cached_text_tokens_in: int = 0
    cached_audio_tokens_in: int = 0
    text_tokens_out: int = 0
    audio_tokens_out: int = 0

    def as_values(self) -> dict[str, int]:
        """Return them by the names of their columns."""
        return asdict(self)


@dataclass(slots=True)
class Bill:
    """What one call has used, and what that costs."""

    prices: Mapping[str, Price]
    model: str
    tokens: Tokens = field(default_factory=Tokens)

    def opened(self, model: str) -> None:
        """Note which model the endpoint says it is; ``""``: it does not say."""
        self.model = model or self.model

    def use(self, used: Mapping[str, Any]) -> None:
        """Add the tokens of a response, by the names of their columns."""
        for kind, so_far in self.tokens.as_values().items():
            setattr(self.tokens, kind, so_far + used[kind])

    def cost(self, *, talked_ms: int) -> float | None:
        """Return what the call cost so far, None if its model has no price."""
        price = self.prices.get(self.model)
        return None if price is None else cost(price, self.tokens, talked_ms=talked_ms)


def cost(price: Price, tokens: Tokens, *, talked_ms: int) -> float:
    """Return what a call cost so far."""
    cached_text = price.text_in if price.cached_text_in is None else price.cached_text_in
    cached_audio = price.audio_in if price.cached_audio_in is None else price.cached_audio_in
    millionths = (
        tokens.text_tokens_in * price.text_in
        + tokens.cached_text_tokens_in * cached_text
        + tokens.audio_tokens_in * price.audio_in
        + tokens.cached_audio_tokens_in * cached_audio
        + tokens.text_tokens_out * price.text_out
        + tokens.audio_tokens_out * price.audio_out
    )
    return round(millionths / _MILLION + price.per_minute * talked_ms / 60_000, 6)
