"""Structures of PJSIP that the binding does not have: ``pjsip/sip_module.h``, ``sip_msg.h``,
``sip_transport.h`` and ``pj/types.h`` of PJSIP 2.15."""

from __future__ import annotations

import ctypes
from typing import ClassVar

PjCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
"""Of a module: takes a message, returns whether it is done with (rx), or a status (tx)."""


class PjStr(ctypes.Structure):
    """``pj_str_t``."""

    _fields_: ClassVar = [("ptr", ctypes.c_char_p), ("slen", ctypes.c_ssize_t)]

    def text(self) -> str:
        """Return it, bytes outside UTF-8 as surrogates."""
        start = ctypes.c_void_p.from_buffer(self).value  # no NUL ends it
        if not start or self.slen <= 0:
            return ""
        return ctypes.string_at(start, self.slen).decode("utf-8", "surrogateescape")


class PjModule(ctypes.Structure):
    """``pjsip_module``."""

    _fields_: ClassVar = [
        ("prev", ctypes.c_void_p),
        ("next", ctypes.c_void_p),
        ("name", PjStr),
        ("id", ctypes.c_int),
        ("priority", ctypes.c_int),
        ("load", ctypes.c_void_p),
        ("start", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
        ("unload", ctypes.c_void_p),
        ("on_rx_request", PjCallback),
        ("on_rx_response", PjCallback),
        ("on_tx_request", PjCallback),
        ("on_tx_response", PjCallback),
        ("on_tsx_state", ctypes.c_void_p),
    ]


class PjList(ctypes.Structure):
    """``pj_list``."""

    _fields_: ClassVar = [("prev", ctypes.c_void_p), ("next", ctypes.c_void_p)]


class PjHeader(ctypes.Structure):
    """``pjsip_hdr``; what a kind of header has more of comes after it."""

    _fields_: ClassVar = [
        ("list", PjList),
        ("type", ctypes.c_int),
        ("name", PjStr),
        ("short_name", PjStr),
        ("vptr", ctypes.c_void_p),
    ]


class PjText(ctypes.Structure):
    """``pj_str_t``, its address as a number."""

    _fields_: ClassVar = [("address", ctypes.c_void_p), ("length", ctypes.c_ssize_t)]


class PjArrayHeader(ctypes.Structure):
    """``pjsip_generic_array_hdr``."""

    _fields_: ClassVar = [
        ("header", PjHeader),
        ("count", ctypes.c_uint),
        ("values", PjText * 32),
    ]


class CallIdHeader(ctypes.Structure):
    """``pjsip_cid_hdr``."""

    _fields_: ClassVar = [("header", PjHeader), ("id", PjStr)]


class FromToHeader(ctypes.Structure):
    """``pjsip_fromto_hdr``, as far as it is read."""

    _fields_: ClassVar = [("header", PjHeader), ("uri", ctypes.c_void_p), ("tag", PjStr)]


class PjMethod(ctypes.Structure):
    """``pjsip_method``."""

    _fields_: ClassVar = [("id", ctypes.c_int), ("name", PjStr)]


class CSeqHeader(ctypes.Structure):
    """``pjsip_cseq_hdr``."""

    _fields_: ClassVar = [("header", PjHeader), ("cseq", ctypes.c_int), ("method", PjMethod)]


class RequestLine(ctypes.Structure):
    """``pjsip_request_line``."""

    _fields_: ClassVar = [("method", PjMethod), ("uri", ctypes.c_void_p)]


class StatusLine(ctypes.Structure):
    """``pjsip_status_line``."""

    _fields_: ClassVar = [("code", ctypes.c_int), ("reason", PjStr)]


class FirstLine(ctypes.Union):
    """Of a message."""

    _fields_: ClassVar = [("request", RequestLine), ("status", StatusLine)]


class PjMessage(ctypes.Structure):
    """``pjsip_msg``."""

    _fields_: ClassVar = [
        ("type", ctypes.c_int),
        ("line", FirstLine),
        ("headers", PjHeader),
        ("body", ctypes.c_void_p),
    ]


class MediaType(ctypes.Structure):
    """``pjsip_media_type``."""

    _fields_: ClassVar = [
        ("type", PjStr),
        ("subtype", PjStr),
        ("parameters", PjList),
        ("parameter_name", PjStr),
        ("parameter_value", PjStr),
    ]


class PjBody(ctypes.Structure):
    """``pjsip_msg_body``; of a description that PJSIP has made, ``data`` is a structure."""

    _fields_: ClassVar = [
        ("content_type", MediaType),
        ("data", ctypes.c_void_p),
        ("len", ctypes.c_uint),
        ("print_body", ctypes.c_void_p),
        ("clone_data", ctypes.c_void_p),
    ]


class TxData(ctypes.Structure):
    """``pjsip_tx_data``, as far as it is read."""

    _fields_: ClassVar = [
        ("list", PjList),
        ("pool", ctypes.c_void_p),
        ("name", ctypes.c_char * 32),
        ("info", ctypes.c_void_p),
        ("received_at", ctypes.c_long * 2),
        ("manager", ctypes.c_void_p),
        ("operation_key", ctypes.c_void_p * 37),
        ("lock", ctypes.c_void_p),
        ("message", ctypes.POINTER(PjMessage)),
    ]


class SdpInfo(ctypes.Structure):
    """``pjsip_rdata_sdp_info``: the description of a message that came, read once and kept."""

    _fields_: ClassVar = [("body", PjStr), ("error", ctypes.c_int), ("sdp", ctypes.c_void_p)]


def pj_string(text: str) -> PjStr:
    """Return a string for PJSIP, which must not have it longer than this object is kept."""
    raw = text.encode("utf-8", "surrogateescape")
    return PjStr(raw, len(raw))
