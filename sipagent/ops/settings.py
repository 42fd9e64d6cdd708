"""Settings of attached calls: ``[store]``, ``[webhooks]`` and ``[attach]`` of the configuration."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from sipagent.wire.webhook import secret_to_key

from .store_url import checked_store_url


def _array(value: Any) -> tuple[Any, ...]:
    """Refuse what is none here, since pydantic would show what it is."""
    if not isinstance(value, list | tuple):
        raise ValueError("must be an array")
    return tuple(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text in quotes")
    return value


def _webhook_secret(secret: SecretStr) -> SecretStr:
    secret_to_key(secret.get_secret_value())
    return secret


WebhookSecret = Annotated[SecretStr, BeforeValidator(_text), AfterValidator(_webhook_secret)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoreSettings(_Section):
    """``[store]``: what must outlive a crash."""

    url: Annotated[str, AfterValidator(checked_store_url), Field(repr=False)] = (
        "sqlite:///sipagent.db"
    )
    """An SQLite file, made when it is needed, or a PostgreSQL database."""


class WebhookSettings(_Section):
    """``[webhooks]``: calls that the provider's SIP connector answers."""

    secrets: Annotated[tuple[WebhookSecret, ...], BeforeValidator(_array)] = ()
    """Any of them may have signed a webhook; none: webhooks are not taken."""
    secrets_file: str = ""
    """File that holds secrets, one per line."""
    max_per_second: Annotated[int, Field(ge=1, le=10_000)] = 50
    """Webhooks; what comes faster is answered with 429."""


class AttachSettings(_Section):
    """``[attach]``: the calls that webhooks announce."""

    max_calls: Annotated[int, Field(ge=1)] = 500
    """Calls at once; more are rejected with 486."""
    on_stop: Literal["detach", "hang_up"] = "detach"
    """What becomes of them when the appliance stops: they go on without it, or end."""
