"""An encrypted call of a softphone, through the whole appliance and into its record."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.faulty_endpoint import faulty_endpoint
from tests.telephony.baresip import baresip, needs_baresip, needs_dtls
from tests.telephony.certificates import Authority, needs_openssl

from .appliance import appliance, write_files

pytestmark = [needs_baresip, needs_openssl]


@pytest.mark.parametrize(
    ("theirs", "srtp"), [("srtp-mand", "SDES"), pytest.param("dtls_srtp", "DTLS", marks=needs_dtls)]
)
async def test_the_record_says_how_a_call_was_encrypted(
    tmp_path: Path, theirs: str, srtp: str
) -> None:
    authority = Authority(tmp_path)
    authority.issue("ours")  # named by a path beside the configuration
    phone = tmp_path / "phone"
    phone.mkdir()
    async with faulty_endpoint() as endpoint:
        config = write_files(tmp_path, realtime_url=endpoint.url)
        line = (
            'transports = ["tls"]\n[sip.tls]\nport = 0\ncertificate = "ours.pem"\n'
            f'key = "ours.key"\nca = "{authority.ca}"\n[sip.srtp]\nmode = "required"\n'
            'keying = ["sdes", "dtls"]\n[realtime]'
        )
        config.write_text(config.read_text().replace("[realtime]", line))
        async with appliance(tmp_path, config=config) as running:
            uri = f"sip:agent@127.0.0.1:{running.sip_port};transport=tls"
            async with baresip(uri, phone, authority, encryption=theirs):
                await running.until(lambda: _told(tmp_path), lambda text: "CallAnswered" in text)
            (record,) = await running.until_records(1)
    assert (record["transport"], record["srtp"]) == ("tls", srtp)


def _told(folder: Path) -> str:
    file = folder / "timeline.jsonl"
    return file.read_text() if file.exists() else ""
