"""What one connection still has to send: octets queued in order, pushed out as far as the kernel takes them."""

from __future__ import annotations

import socket
from collections import deque

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
PATTERN = _ALPHABET * 1024
"""64 KiB; octet i of every ``send N`` is ``PATTERN[i % 64]``."""


class Outbox:
    """A queue of octets bound for a non-blocking socket; a pattern of any length costs next to no memory."""

    __slots__ = ("_chunks", "size")

    def __init__(self) -> None:
        self._chunks: deque[memoryview] = deque()
        self.size = 0

    def put(self, data: bytes) -> None:
        """Queue these octets."""
        self._chunks.append(memoryview(data))
        self.size += len(data)

    def put_pattern(self, count: int) -> None:
        """Queue ``count`` octets of the pattern; the blocks are shared, not copied."""
        whole, rest = divmod(count, len(PATTERN))
        self._chunks.extend(memoryview(PATTERN) for _ in range(whole))
        self._chunks.append(memoryview(PATTERN)[:rest])
        self.size += count

    def flush(self, sock: socket.socket) -> bool:
        """Send until nothing is left (True) or the kernel takes no more (False); OSError when the peer is gone."""
        while self._chunks:
            chunk = self._chunks[0]
            try:
                sent = sock.send(chunk) if chunk else 0
            except BlockingIOError:
                return False
            self.size -= sent
            if sent == len(chunk):
                self._chunks.popleft()
            else:
                self._chunks[0] = chunk[sent:]
        return True
