"""The decoder on arbitrary octets and on damaged packets: a segment or a reason, never an exception."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import get_args

from probe.wire.decode import Checksum, Decoded, unpack
from tests.capture.build import every_packet
from tests.capture.mutate import mutate
from tests.fuzz.campaign import Campaign, WrongError


@lru_cache(maxsize=1)
def packets() -> tuple[bytes, ...]:
    """Packets of every kind, fair and foul."""
    return tuple(every_packet())


def _octets(rng: Random) -> bytes:
    if rng.random() < 0.8:
        return mutate(rng.choice(packets()), rng)
    head = rng.choice((b"", b"\x45", b"\x46", b"\x4f", b"\x60"))
    return head + rng.randbytes(rng.randint(0, 120))


def _case(rng: Random) -> None:
    for _ in range(50):
        data = _octets(rng)
        wire = rng.choice((None, len(data), len(data) + rng.randint(0, 4000), 1 << 20))
        found = unpack(data, wire_length=wire, checksum=rng.choice(get_args(Checksum)))
        if isinstance(found, Decoded):
            segment = found.segment
            if not 0 <= len(segment.payload) <= segment.length or not 0 <= segment.flags <= 0xFF:
                raise WrongError("impossible segment", f"{segment!r} from {data.hex()} (wire length {wire})")
        elif not found.reason:
            raise WrongError("skipped without a reason", data.hex())


CAMPAIGN = Campaign("packets", "arbitrary octets through the decoder, 50 packets a case", _case)
