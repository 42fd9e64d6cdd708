"""Settings of attached and placed calls, and of what is kept and told of all of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from sipagent.dialplan.globs import MAX_CHARS as MAX_GLOB_CHARS
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


def _folder(path: Path) -> Path:
    if path == Path():
        raise ValueError("must not be empty")
    return path


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoreSettings(_Section):
    """``[store]``: what must outlive a crash."""

    url: Annotated[str, AfterValidator(checked_store_url), Field(repr=False)] = (
        "sqlite:///sipagent.db"
    )
    """An SQLite file, made when it is needed, or a PostgreSQL database."""
    spool: Annotated[Path, AfterValidator(_folder)] = Path("sipagent.spool")
    """Folder for what waits while the database is away."""
    box: Annotated[str, Field(pattern=r"^[\w.-]{0,64}$")] = ""
    """Name of this box, where several share a database; empty: that of the host, or of a file."""
    retention_days: Annotated[int, Field(ge=0, le=36_500)] = 0
    """Older calls are forgotten, with their recordings; 0: never."""
    mask_numbers: bool = False
    """Whether the last three digits of callers' numbers are left out of all that is written."""


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


def _rule(text: str) -> str:
    if not text.strip() or len(text) > MAX_GLOB_CHARS or any(map(str.isspace, text)):
        raise ValueError("must be a number or a URI with * and ?, without spaces")
    if re.match(r"(sips|tel):", text, re.IGNORECASE):
        raise ValueError('must begin with "sip:" for URIs, and with the number itself for numbers')
    return text


Rule = Annotated[str, AfterValidator(_rule)]


class DialSettings(_Section):
    """``[dial]``: which calls may be placed, and how many."""

    allow: tuple[Rule, ...] = ()
    """Globs on numbers, ``+49*``, and on URIs, ``sip:*@pbx.example``; none: no calls are placed."""
    deny: tuple[Rule, ...] = ()
    """What of them is not called after all."""
    trunk: str = ""
    """Through which numbers are called when nobody names one."""
    country_code: Annotated[str, Field(pattern=r"^(\+[1-9][0-9]{0,2})?$")] = ""
    """Ours, such as ``+49``: a number that begins with one 0 is in this country."""
    max_calls: Annotated[int, Field(ge=1, le=1_000)] = 2
    """Placed at once; the rest is left for who calls us."""
    per_minute: Annotated[int, Field(ge=1, le=1_000)] = 10
    """Placed in any minute."""
    same_number_per_hour: Annotated[int, Field(ge=1, le=1_000)] = 3
    """To one number, in any hour."""


def _collector_url(text: str) -> str:
    if text and not re.match(r"https?://[^/\s]+", text):
        raise ValueError('must be a URL, "http://host:4318"')
    return text


class TraceSettings(_Section):
    """``[traces]``: spans of calls, for OpenTelemetry."""

    endpoint: Annotated[str, AfterValidator(_collector_url)] = ""
    """Base URL of a collector that takes OTLP over HTTP; empty: no traces."""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Sent with them, such as a key."""
    sample_ratio: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Share of the calls that are traced."""
    service_name: Annotated[str, Field(min_length=1)] = "sipagent"
    """Whose traces they are."""
