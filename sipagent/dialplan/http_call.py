"""``[tools.http]``: what an HTTP tool asks, and what the model is told of the answer."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

import jsonpath
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from .model import Model, Text
from .templates import arguments_of, texts_in

_URL = re.compile(
    r"https?://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(?P<path>/[^\s?#\\]*)?",
    re.ASCII | re.IGNORECASE,
)
_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "accept-encoding"}
)
"""Headers that belong to the connection (RFC 9110 section 7.6.1), or that frame the message."""


def _url(text: str) -> str:
    if _URL.fullmatch(text) is None:
        raise ValueError(
            'must be such as "https://crm.example/orders/{number}": nothing is filled in before the'
            " path, and what follows ? stands in query"
        )
    if any(part in {".", ".."} for part in text.split("/")):
        raise ValueError("must not have . or .. in its path")
    return text


def _json_path(text: str) -> str:
    try:
        jsonpath.compile(text, strict=True)
    except jsonpath.JSONPathError as error:
        why = str(error).partition("\n")[0]
        raise ValueError(f"is no JSONPath (RFC 9535), such as $.order.status: {why}") from None
    return text


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name in headers:
        if name.lower() in _OURS:
            raise ValueError(f'must not have "{name}", which belongs to the connection')
    return headers


HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.!%*_+`'~-]{1,64}$")]
Headers = Annotated[dict[HeaderName, str], AfterValidator(_headers)]
Url = Annotated[str, AfterValidator(_url)]
StatusText = Annotated[str, StringConstraints(pattern=r"^[45][0-9][0-9]$")]


class HttpCall(Model):
    """One request. Texts are templates, see ``templates``."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    """Of the request (RFC 9110 section 9)."""
    url: Url
    """Only its path is filled in, never the server."""
    headers: Headers = Field(default_factory=dict)
    """Of the request; values may name secrets."""
    query: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """What follows the question mark, by name."""
    body: dict[str, Any] | list[Any] | None = None
    """Sent as JSON."""
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 5.0
    """Of one attempt."""
    retries: Annotated[int, Field(ge=0, le=5)] = 1
    """More attempts, where one more does no harm."""
    answer: Annotated[str, AfterValidator(_json_path)] | None = None
    """What the model is told of a JSON answer; None: all of it."""
    on_error: Text | None = None
    """Told to the model instead of a sentence of ours."""
    on_status: dict[StatusText, Text] = Field(default_factory=dict)
    """What a status means; it is no error then."""

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        if self.body is not None and self.method in {"GET", "DELETE"}:
            raise ValueError(f"body means nothing to a {self.method}")
        return self

    def arguments(self) -> set[str]:
        """Return the names of the arguments that it is filled with."""
        texts = [self.url, *texts_in(self.headers), *texts_in(self.query), *texts_in(self.body)]
        return {name for text in texts for name in arguments_of(text)}
