from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sipagent.sip import digest
from sipagent.sip.digest import REALM, Credentials, digest_response

from .datagrams import SDP, SipSocket
from .far_end import far_end
from .harness import Switchboard, switchboard, told
from .sipp import Sipp, needs_sipp

FRIEND, STRANGER = "127.0.0.2", "127.0.0.3"
PBX: dict[str, Any] = {"name": "pbx", "allow": ["127.0.0.2/32"]}
ASKED: dict[str, Any] = {
    "name": "asked",
    "user": "trunk1",
    "password": "hunter2",
    "challenge": True,
}


async def is_served(board: Switchboard, host: str) -> None:
    """Wait until a peer at ``host`` is answered: what came before was dealt with then."""
    async with SipSocket(board.endpoint.port, host) as peer:
        peer.send(peer.request("OPTIONS", "known"))
        assert (await peer.response()).startswith("SIP/2.0 200 ")


async def reasons(board: Switchboard, count: int) -> list[str]:
    """Wait for ``count`` refusals, and no more; return why."""
    found = [(await board.refusals.get()).why for _ in range(count)]
    await board.endpoint.inventory()  # runs after whatever was refused
    assert board.refusals.empty()
    return found


async def test_a_call_is_the_trunks_that_its_address_belongs_to() -> None:
    async with (
        switchboard(trunks=[{"name": "wide", "allow": ["127.0.0.0/8"]}, PBX]) as board,
        SipSocket(board.endpoint.port, FRIEND) as friend,
        SipSocket(board.endpoint.port, STRANGER) as other,
    ):
        for peer, name in ((friend, "pbx"), (other, "wide")):
            peer.send(peer.request("INVITE", name, body=SDP))
            leg = await board.incoming.get()
            assert leg.invite.trunk == name
            leg.reject(486)


async def test_a_scanner_hears_nothing() -> None:
    async with (
        switchboard(trunks=[PBX]) as board,
        SipSocket(board.endpoint.port, STRANGER) as scanner,
    ):
        for method in ("OPTIONS", "REGISTER", "INVITE", "SUBSCRIBE", "MESSAGE", "NONSENSE"):
            scanner.send(scanner.request(method, f"scan-{method}"))
        scanner.send(scanner.request("BYE", "scan-bye", tag="x"))
        scanner.send(scanner.request("CANCEL", "scan-INVITE"))
        scanner.send(scanner.request("ACK", "scan-INVITE", tag="x"))
        scanner.send(b"garbage\r\n\r\n")
        await is_served(board, FRIEND)
        assert await reasons(board, 7) == ["unknown_source"] * 7
        assert scanner.received.empty()
        assert board.incoming.empty()


@pytest.mark.parametrize("written", [b"invite sip", b"INVITE\tsip", b"INVITE  sip"])
async def test_an_invite_is_asked_for_credentials_however_it_is_written(written: bytes) -> None:
    trunk = ASKED | {"allow": ["127.0.0.0/8"]}
    async with switchboard(trunks=[trunk]) as board, SipSocket(board.endpoint.port) as peer:
        peer.send(peer.request("INVITE", "c1", body=SDP).replace(b"INVITE sip", written))
        assert (await peer.response()).startswith("SIP/2.0 401 ")
        assert board.incoming.empty()


async def test_strangers_may_be_refused_without_a_word_more() -> None:
    async with (
        switchboard(trunks=[PBX], unknown_callers="refuse") as board,
        SipSocket(board.endpoint.port, STRANGER) as scanner,
    ):
        scanner.send(scanner.request("OPTIONS", "scan"))
        answer = await scanner.response()
        assert answer.startswith("SIP/2.0 403 Forbidden\r\n")
        names = {line.partition(":")[0] for line in answer.split("\r\n")[1:] if line}
        assert names == {"Via", "From", "To", "Call-ID", "CSeq", "Content-Length"}
        scanner.send(scanner.request("CANCEL", "scan"))
        scanner.send(scanner.request("ACK", "scan"))
        await is_served(board, FRIEND)
        assert scanner.received.empty()


async def test_without_trunks_everybody_may_call() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port, STRANGER) as peer:
        peer.send(peer.request("INVITE", "c1", body=SDP))
        leg = await board.incoming.get()
        assert leg.invite.trunk == ""
        leg.reject(486)


async def test_whom_we_called_is_heard_though_it_is_no_trunks() -> None:
    async with far_end("hangs up") as far, switchboard(trunks=[PBX]) as board:
        leg = await board.endpoint.dial(far)
        end = await told(leg, "Disconnected")
        assert (end.status, end.by_peer) == (200, True)


@needs_sipp
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_caller_shows_credentials_and_is_asked_once(tmp_path: Path, transport: str) -> None:
    async with (
        switchboard(trunks=[ASKED | {"algorithms": ["MD5"]}]) as board,
        Sipp(
            *("authenticates", board.endpoint.port, tmp_path),
            transport=transport,
            password="hunter2",
        ) as sipp,
    ):
        leg = await board.answered()
        assert leg.invite.trunk == "asked"
        await told(leg, "Disconnected")
        await sipp.succeeds()
        assert board.refusals.empty()


async def test_our_own_endpoint_answers_our_own_challenge() -> None:
    account = {"name": "out", "user": "trunk1", "password": "hunter2"}
    async with (
        far_end("answers", trunks=[ASKED]) as far,
        switchboard(trunks=[account]) as board,
    ):
        leg = await board.endpoint.dial(far, trunk="out")
        await told(leg, "Confirmed")
        leg.hang_up()
        await told(leg, "Disconnected")


class Guest(SipSocket):
    """One that shows credentials by hand."""

    async def challenge(self, call_id: str) -> str:
        """Send an INVITE without credentials; return what is asked."""
        self.send(self.request("INVITE", call_id, body=SDP))
        answer = await self.response()
        assert answer.startswith("SIP/2.0 401 ")
        return answer

    def call(self, call_id: str, nonce: str, *, count: int = 1, password: str = "hunter2") -> None:
        """Send an INVITE with credentials."""
        given = Credentials(
            "trunk1", REALM, nonce, "sip:x", "", "SHA-256", "auth", "c", f"{count:08x}"
        )
        response = digest_response(given, password, "INVITE")
        header = (
            f'Authorization: Digest username="trunk1", realm="{REALM}", nonce="{nonce}", '
            f'uri="sip:x", response="{response}", algorithm=SHA-256, qop=auth, nc={given.count}, '
            'cnonce="c"'
        )
        self.send(self.request("INVITE", call_id, body=SDP, headers=(header,), cseq=2))


def nonce_of(answer: str) -> str:
    """Return the nonce of a challenge."""
    return answer.partition('nonce="')[2].partition('"')[0]


async def test_credentials_are_good_once_and_a_guest_may_cancel() -> None:
    async with (
        switchboard(trunks=[ASKED]) as board,
        Guest(board.endpoint.port, STRANGER) as guest,
    ):
        asked = await guest.challenge("c1")
        assert asked.count("\r\nWWW-Authenticate: Digest ") == 2
        guest.call("c1", nonce_of(asked))
        leg = await board.incoming.get()
        guest.send(guest.request("CANCEL", "c1", cseq=2).replace(b"c1CANCEL2", b"c1INVITE2"))
        await told(leg, "Disconnected")

        guest.call("c2", nonce_of(asked))
        while "stale=true" not in (again := await guest.response()):
            pass
        assert await reasons(board, 1) == ["replayed_nonce"]
        guest.call("c3", nonce_of(again))
        assert (await board.incoming.get()).invite.trunk == "asked"


async def test_an_old_nonce_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "NONCE_LIFETIME_S", -1.0)
    async with switchboard(trunks=[ASKED]) as board, Guest(board.endpoint.port) as guest:
        guest.call("c1", nonce_of(await guest.challenge("c1")))
        answer = await guest.response()
        assert answer.startswith("SIP/2.0 401 ")
        assert "stale=true" in answer
        assert await reasons(board, 0) == []


async def test_guessing_is_refused_counted_and_soon_over() -> None:
    async with switchboard(trunks=[ASKED]) as board, Guest(board.endpoint.port) as guest:
        guest.call("c1", nonce_of(await guest.challenge("c0")), password="guess")
        answer = await guest.response()
        assert answer.startswith("SIP/2.0 401 ")
        assert "stale" not in answer
        guest.call("c2", nonce_of(answer), password="guess2")
        answer = await guest.response()
        assert answer.startswith("SIP/2.0 503 ")
        assert "Retry-After: 1\r\n" in answer
        assert await reasons(board, 2) == ["bad_credentials", "rate"]
        assert board.incoming.empty()


async def test_one_source_that_floods_takes_nothing_from_others() -> None:
    async with (
        switchboard(invites_per_source_per_s=1.0) as board,
        SipSocket(board.endpoint.port, STRANGER) as flooding,
        SipSocket(board.endpoint.port, FRIEND) as other,
    ):
        for number in range(5):
            flooding.send(flooding.request("INVITE", f"f{number}", body=SDP))
        other.send(other.request("INVITE", "c1", body=SDP))
        sources = {(await board.incoming.get()).invite.source_address for _ in range(2)}
        assert sources == {f"{FRIEND}:{other.port}", f"{STRANGER}:{flooding.port}"}
        assert await reasons(board, 4) == ["rate"] * 4
        assert (await flooding.response()).startswith("SIP/2.0 503 ")
        assert board.incoming.empty()
