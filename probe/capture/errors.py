"""The error of a capture file that cannot be read, or not to its end."""

from __future__ import annotations


class CaptureError(Exception):
    """A file could not be opened, or is truncated or damaged at ``offset`` (exit code 4).

    ``offset`` counts octets of the capture itself, after decompression. What stood before it has been yielded.
    """

    def __init__(self, path: str, offset: int, reason: str) -> None:
        """``reason`` is in words and names the mend where there is one."""
        super().__init__(path, offset, reason)
        self.path = path
        self.offset = offset
        self.reason = reason

    def __str__(self) -> str:
        where = f" at octet {self.offset}" if self.offset else ""
        return f"{self.path}{where}: {self.reason}"
