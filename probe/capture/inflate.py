"""Gzip as a stream: several members, bounded memory, and everything up to the octet that is damaged."""

from __future__ import annotations

import zlib
from typing import BinaryIO

_STEP = 1 << 16
_GZIP_ONLY = 31  # zlib's window bits for a gzip wrapper


class Inflater:
    """Reads the decompressed octets of a gzip file. ``fault`` says in words what ended the stream before its end."""

    def __init__(self, file: BinaryIO, head: bytes = b"") -> None:
        """``head`` are octets of ``file`` already read. ``consumed`` counts the compressed octets taken."""
        self._file = file
        self._engine = zlib.decompressobj(_GZIP_ONLY)
        self._pending = head
        self._ended = False
        self.consumed = len(head)
        self.fault = ""

    def read(self, size: int) -> bytes:
        """At most ``size`` octets; empty at the end of the stream or at its fault."""
        while not self._ended:
            if not self._pending and not self._refill():
                break
            data = self._inflate(size)
            if data:
                return data
        return b""

    def _refill(self) -> bool:
        self._pending = self._file.read(_STEP)
        self.consumed += len(self._pending)
        if self._pending:
            return True
        self._ended = True
        self.fault = "the gzip data ends early"
        return False

    def _inflate(self, size: int) -> bytes:
        before = self._engine.copy()
        try:
            data = self._engine.decompress(self._pending, size)
        except zlib.error as error:
            return self._salvage(before, error)
        self._pending = self._engine.unconsumed_tail
        if self._engine.eof:
            self._next_member(self._engine.unused_data)
        return data

    def _next_member(self, rest: bytes) -> None:
        """Start the next member. Zeros after the last one are padding, as gzip itself takes them."""
        while not (rest := rest.lstrip(b"\0")):
            more = self._file.read(_STEP)
            self.consumed += len(more)
            if not more:
                self._ended = True
                return
            rest = more
        self._engine = zlib.decompressobj(_GZIP_ONLY)
        self._pending = rest

    def _salvage(self, engine: zlib._Decompress, error: zlib.error) -> bytes:
        """What the engine still gives before the damaged octet: it is fed one by one from the state before."""
        self._ended = True
        self.fault = f"the gzip data is damaged ({str(error).rpartition(': ')[2]})"
        found = bytearray()
        for octet in self._pending:
            try:
                found += engine.decompress(bytes((octet,)))
            except zlib.error:
                break
        return bytes(found)
