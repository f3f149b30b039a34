"""A classic BPF interpreter, as much of it as our programs use."""

from __future__ import annotations

from probe.wire.bpf import HARDWARE_TYPE, PACKET_TYPE, Program

ETHERNET, LOOPBACK = 1, 772
HOST, OTHERHOST, OUTGOING = 0, 3, 4


def run(program: Program, packet: bytes, packet_type: int = HOST, hardware: int = ETHERNET) -> int:
    """Octets of the packet that the program lets in; 0 refuses it, and so does reading past the end."""
    known = {PACKET_TYPE: packet_type, HARDWARE_TYPE: hardware}
    accumulator = index = at = 0
    while True:
        code, if_true, if_false, k = program[at]
        at += 1
        match code:
            case 0x20 | 0x28 | 0x30 | 0x48 | 0x50:
                size = {0x20: 4, 0x28: 2, 0x30: 1, 0x48: 2, 0x50: 1}[code]
                start = k + (index if code in (0x48, 0x50) else 0)
                if k not in known and start + size > len(packet):
                    return 0
                accumulator = known[k] if k in known else int.from_bytes(packet[start : start + size], "big")
            case 0xB1:
                index = (packet[k] & 15) * 4
            case 0x74:
                accumulator >>= k
            case 0x05:
                at += k
            case 0x15:
                at += if_true if accumulator == k else if_false
            case 0x45:
                at += if_true if accumulator & k else if_false
            case 0x06:
                return k
            case _:
                raise AssertionError(f"unknown instruction {code:#x}")
