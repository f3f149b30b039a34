"""A buffer that slides along a capture stream: bounded memory, whatever the length of the file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from probe.capture.errors import CaptureError
from probe.capture.sources import Source

Octets = NDArray[np.uint8]

PAD = 256
"""Zeros behind the last octet, so that fixed-size fields can be gathered without looking at the end."""
CHUNK = 2 << 20
"""Octets read at a time: small enough to stay in the processor's cache, which larger chunks leave."""


class Window:
    """``octets[at:size]`` are the stream's next octets; ``octets[0]`` is number ``base`` of the stream.

    ``ensure`` slides on by taking a new buffer, so that arrays over an old one stay valid.
    """

    def __init__(self, source: Source, chunk: int = CHUNK, base: int = 0) -> None:
        """Start at ``base``, where ``source`` stands; read ``chunk`` octets at a time."""
        self.source = source
        self.base = base
        self.at = 0
        self.size = 0
        self.octets: Octets = np.zeros(PAD, np.uint8)
        self._chunk = chunk

    @property
    def offset(self) -> int:
        """The number of the octet at ``at``, counted from the start of the stream."""
        return self.base + self.at

    @property
    def exhausted(self) -> bool:
        """Whether nothing is left and nothing went wrong; meaningful when ``ensure`` has just failed."""
        return self.at == self.size and not self.source.fault

    def ensure(self, need: int) -> bool:
        """Read on where fewer than ``need`` octets are left. False when the stream ends before that."""
        rest = self.size - self.at
        if rest < need:
            room = max(self._chunk, need - rest)
            octets = np.empty(rest + room + PAD, np.uint8)
            octets[:rest] = self.octets[self.at : self.size]
            got = self.source.fill(octets.data[rest : rest + room])
            self.base, self.at, self.size, self.octets = self.offset, 0, rest + got, octets
            octets[self.size :] = 0
        return self.size - self.at >= need

    def jump(self, offset: int) -> None:
        """Go on at an offset of a plain file."""
        self.source.seek(offset)
        self.base, self.at, self.size = offset, 0, 0

    def fault(self, reason: str, at: int | None = None) -> CaptureError:
        """The error for the octet at ``at`` of the buffer (where the window stands, unless given)."""
        return CaptureError(self.source.path, self.base + (self.at if at is None else at), reason)

    def ends(self, inside: str) -> CaptureError:
        """The error of a stream that ends inside something, or of the damage that made it end there."""
        return self.fault(self.source.fault or f"the file ends inside {inside}")
