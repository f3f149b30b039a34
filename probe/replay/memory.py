"""Memory that is done with goes back to the system.

The C library's allocator keeps large blocks once some have been freed, in the hope of reuse. Replay works with arrays
of a few megabytes, each of another size: what is kept so soon is twice what is in use.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""malloc.h"""
_LARGE = 1 << 18


def return_memory() -> None:
    """For this process, from now on; where the C library has no such setting, nothing happens."""
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)
        library.mallopt(_TRIM_THRESHOLD, _LARGE)
