"""How much audio a packet of ours holds when the peer does not say; on the PJSIP thread.

PJSIP follows the peer's ``a=ptime``; without one it takes the codec's default, which is of the
whole process. So the default is set for each answer, and set back once the stream was made of it.
"""

from __future__ import annotations

from .pjlib import pj

USUAL_MS = 20

CODECS = ("PCMU/8000/1", "PCMA/8000/1", "G722/16000/1")


def use_packet_time(ptime_ms: int) -> None:
    """Have streams made from now on send ``ptime_ms`` a packet.

    Raises:
        pj.Error: If PJSIP has one of the codecs not.
    """
    endpoint = pj.Endpoint.instance()
    for codec in CODECS:
        parameters = endpoint.codecGetParam(codec)
        frames = ptime_ms // int(parameters.info.frameLen)
        if parameters.setting.frmPerPkt != frames:
            parameters.setting.frmPerPkt = frames
            endpoint.codecSetParam(codec, parameters)
