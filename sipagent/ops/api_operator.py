"""What a person on duty may have done on a call that lasts, by the admin API.

The process with the call has the last word on whether it can be done; here is only decided what
may be wanted at all.
"""

from __future__ import annotations

import secrets
from typing import Annotated, Literal, TypeAlias, cast

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sipagent.operator_acts import (
    ActAnswer,
    Flag,
    HandOver,
    HangUp,
    Mute,
    OperatorAct,
    Say,
    TransferTo,
    Whisper,
)

from .api_guard import asked_by, error_response, read_body
from .api_routes import Answer, Route
from .api_shapes import Done, Error
from .asking import Asking, NotAnswered
from .channel import OperatorAsked
from .dial_guard import DialGuard
from .dialled import destination
from .live_calls import LiveCalls

MAX_CHARS = 1_000


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("says nothing")
    if any(not each.isprintable() and each not in "\n\t" for each in text):
        raise ValueError("must be printable text")
    return text.strip()


Words: TypeAlias = Annotated[str, Field(max_length=MAX_CHARS), AfterValidator(_said)]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=128)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class HangUpWanted(_Body):
    """How a call is to end."""

    at_once: bool = True


class TransferWanted(_Body):
    """Where a caller is to go: one of the two."""

    target: Annotated[str, Field(max_length=128)] = ""
    uri: Annotated[str, Field(max_length=256)] = ""
    briefing: Annotated[str, Field(max_length=MAX_CHARS)] = ""


class WordsWanted(_Body):
    """Words for the caller, or for the agent."""

    text: Words


class MuteWanted(_Body):
    """Who is not to be heard: ``inbound``, the caller; ``outbound``, the agent."""

    direction: Literal["inbound", "outbound"]


class HandOverWanted(_Body):
    """Who is to go on."""

    agent: Name


_ANSWERS = {
    202: Answer("It is being done.", Done),
    400: Answer("The body says what is wrong.", Error),
    403: Answer("Not with this token, or nobody may be sent there.", Error),
    404: Answer("There is no such call, target or agent.", Error),
    409: Answer("It cannot be done now; the message says why.", Error),
    503: Answer("The process with the call does not answer.", Error),
}


class OperatorApi:
    """Serve ``/api/v1/calls/{call_id}/...``.

    Args:
        live: The calls there are.
        asking: Asks the processes that have them.
        guard: Of calls that are placed; it has the rules on where a caller may be sent.
        country_code: Ours.
    """

    def __init__(
        self, live: LiveCalls, asking: Asking, guard: DialGuard, country_code: str
    ) -> None:
        self._live, self._asking = live, asking
        self._guard, self._country_code = guard, country_code

    def table(self) -> list[Route]:
        """Return what is served."""
        call = "/calls/{call_id}"
        return [
            Route(*("DELETE", call, self.delete, "End a call at once."), _ANSWERS),
            Route(
                *("POST", call + "/hangup", self.hang_up, "End a call."),
                *(_ANSWERS, HangUpWanted),
                is_body_optional=True,
            ),
            Route(
                *("POST", call + "/transfer", self.transfer, "Transfer the caller."),
                *(_ANSWERS, TransferWanted),
            ),
            Route(
                *("POST", call + "/say", self.say, "Have the caller hear exactly this."),
                *(_ANSWERS, WordsWanted),
            ),
            Route(
                *("POST", call + "/whisper", self.whisper, "Have only the agent know this."),
                *(_ANSWERS, WordsWanted),
            ),
            Route(
                *("POST", call + "/mute", self.mute, "Have one not hear the other."),
                *(_ANSWERS, MuteWanted),
            ),
            Route(
                *("POST", call + "/unmute", self.unmute, "Have them hear each other again."),
                *(_ANSWERS, MuteWanted),
            ),
            Route(
                *("POST", call + "/handover", self.hand_over, "Have another persona go on."),
                *(_ANSWERS, HandOverWanted),
            ),
            Route(
                *("POST", call + "/flag", self.flag, "Mark a call; its flight record is saved."),
                _ANSWERS,
            ),
        ]

    async def delete(self, request: web.Request) -> web.Response:
        """End a call at once."""
        return await self._hang_up(request, HangUpWanted())

    async def hang_up(self, request: web.Request) -> web.Response:
        """End a call. Twice is harmless."""
        wanted: HangUpWanted | str = HangUpWanted()
        if request.can_read_body:
            wanted = await read_body(request, HangUpWanted)
        return await self._hang_up(request, wanted)

    async def transfer(self, request: web.Request) -> web.Response:
        """Transfer the caller."""
        wanted = await read_body(request, TransferWanted)
        return await self._do(request, wanted if isinstance(wanted, str) else self._to(wanted))

    async def say(self, request: web.Request) -> web.Response:
        """Have the caller hear something."""
        wanted = await read_body(request, WordsWanted)
        return await self._do(request, wanted if isinstance(wanted, str) else Say(wanted.text))

    async def whisper(self, request: web.Request) -> web.Response:
        """Have the agent know something."""
        wanted = await read_body(request, WordsWanted)
        return await self._do(request, wanted if isinstance(wanted, str) else Whisper(wanted.text))

    async def mute(self, request: web.Request) -> web.Response:
        """Have one not hear the other."""
        return await self._mute(request, is_muted=True)

    async def unmute(self, request: web.Request) -> web.Response:
        """Have them hear each other again."""
        return await self._mute(request, is_muted=False)

    async def hand_over(self, request: web.Request) -> web.Response:
        """Have another persona of the plan go on."""
        wanted = await read_body(request, HandOverWanted)
        return await self._do(
            request, wanted if isinstance(wanted, str) else HandOver(wanted.agent)
        )

    async def flag(self, request: web.Request) -> web.Response:
        """Mark a call for whoever looks at it later."""
        return await self._do(request, Flag())

    async def _hang_up(self, request: web.Request, wanted: HangUpWanted | str) -> web.Response:
        shown = self._live.shown(request.match_info["call_id"])
        if shown is not None and shown["state"] == "ended":
            return web.json_response(_done(shown["call_id"]), status=202)
        return await self._do(
            request, wanted if isinstance(wanted, str) else HangUp(wanted.at_once)
        )

    async def _mute(self, request: web.Request, *, is_muted: bool) -> web.Response:
        wanted = await read_body(request, MuteWanted)
        return await self._do(
            request, wanted if isinstance(wanted, str) else Mute(wanted.direction, is_muted)
        )

    def _to(self, wanted: TransferWanted) -> TransferTo | str | web.Response:
        """Return where the caller goes, or why they do not."""
        if bool(wanted.target) == bool(wanted.uri):
            return "needs either a target of the plan's or a uri"
        if wanted.target:
            return TransferTo(wanted.target, briefing=wanted.briefing)
        try:
            to = destination(wanted.uri, self._country_code)
        except ValueError as error:
            return f"uri: {error}"
        if not to.address:
            return 'uri: must be like "sip:user@example.com": it is the caller who calls there'
        refused = self._guard.forbidden(to)
        if refused is not None:
            return error_response(403, refused.text)
        return TransferTo(to.address, to.uri)

    async def _do(
        self, request: web.Request, act: OperatorAct | str | web.Response
    ) -> web.Response:
        if isinstance(act, web.Response):
            return act
        if isinstance(act, str):
            return error_response(400, act)
        call_id = request.match_info["call_id"]
        source = self._live.source_of(call_id)
        if source is None:
            is_over = self._live.shown(call_id) is not None
            return error_response(*((409, "it is over") if is_over else (404, _UNKNOWN)))
        request_id = secrets.token_hex(8)
        asked = OperatorAsked(request_id, call_id, asked_by(request), act)
        try:
            answer = cast(ActAnswer, await self._asking.ask(source, request_id, asked))
        except NotAnswered as error:
            if self._live.source_of(call_id) is None:
                return error_response(409, "it is over")
            return error_response(503, str(error))
        if answer.status != 202:
            return error_response(answer.status, answer.text)
        return web.json_response(_done(call_id), status=202)


_UNKNOWN = "there is no such call"


def _done(call_id: str) -> dict[str, str]:
    return {"call_id": call_id}
