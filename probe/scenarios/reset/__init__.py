"""Connections that end by a RST, and RSTs that must not end one (RFC 9293 sections 3.5.2, 3.5.3, 3.10.5; RFC 5961)."""

FIRST = ("abort_by_us", "abort_by_peer")
