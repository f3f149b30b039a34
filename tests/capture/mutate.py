"""Valid captures of every kind, and the ways to damage them."""

from __future__ import annotations

import gzip
import random
import struct

from tests.capture.build import LINKS, Frame, Ng, every_packet, frames, pcap
from tests.capture.fragmented import every_broken_packet


def seeds() -> dict[str, bytes]:
    """Small captures that together go through every branch of the readers, by name."""
    packets = every_packet()
    found = {f"pcap-{name.replace(' ', '-')}": pcap(frames(packets, name), link=LINKS[name][0]) for name in LINKS}
    found["pcap-big-endian-nano"] = pcap(frames(packets), order=">", nano=True)
    found["pcap-kuznetzov"] = pcap(frames(packets), magic=0xA1B2CD34)
    found["pcap-short"] = pcap([frame._replace(cut=60) for frame in frames(packets)])
    found["pcap-fragments-and-icmp"] = pcap(frames(every_broken_packet()))
    found["pcapng-mixed"] = mixed()
    found["gzip-pcap"] = gzip.compress(found["pcap-ethernet"], mtime=0)
    found["gzip-pcapng"] = gzip.compress(found["pcapng-mixed"][:3000], mtime=0) + gzip.compress(b"", mtime=0)
    return found


def mixed() -> bytes:
    """Two sections of different byte order, several interfaces and clocks, every block."""
    builder = Ng()
    for order in "<>":
        builder.section(order, "about this section")
        for resolution, (link, _) in zip(
            (None, 9, 0x8A, 3, 6, 0, 12, 255, 40, 6, 6, 6, 6, 6), LINKS.values(), strict=True
        ):
            builder.interface(link, 65535, resolution, 10)
        for index, packet in enumerate(every_packet()):
            name, (_, wrap) = list(LINKS.items())[index % len(LINKS)]
            frame = Frame(wrap(packet))
            builder.enhanced(frame, index % len(LINKS), comments=[name, "again"] if index % 3 else [])
            builder.obsolete(frame, index % len(LINKS)) if index % 4 else builder.simple(frame)
        builder.block(9, b"entry=1\n").block(77, b"unknown" * 9)
    return builder.data


def mutate(data: bytes, rng: random.Random) -> bytes:
    """A copy with one to eight faults: flipped bits, odd lengths, cut, doubled, moved or foreign octets."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        if not out:
            break
        at = rng.randrange(len(out))
        match rng.randrange(7):
            case 0:
                out[at] ^= 1 << rng.randrange(8)
            case 1:
                out[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
            case 2:
                word = struct.pack(rng.choice("<>") + "I", rng.choice((0, 1, 11, 31, 64, 65535, 2**31 - 4, 2**32 - 1)))
                out[at : at + 4] = word
            case 3:
                del out[at:]
            case 4:
                del out[at : at + rng.randint(1, 40)]
            case 5:
                out[at:at] = out[at : at + rng.randint(1, 200)]
            case _:
                out[at:at] = rng.randbytes(rng.randint(1, 40))
    return bytes(out)
