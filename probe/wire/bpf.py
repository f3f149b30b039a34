"""Classic BPF programs for our sockets: TCP to or from given peers, and the one that lets nothing in."""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Sequence
from typing import NamedTuple

from probe.spec.icmp import ERRORS
from probe.wire.checksum import TCP
from probe.wire.decode import EXTENSION_HEADERS, ICMP, ICMP6

SO_ATTACH_FILTER = 26
_WHOLE = 0x40000
_ARPHRD_LOOPBACK = 772
_PACKET_HOST, _PACKET_OUTGOING = 0, 4

# Opcodes of linux/bpf_common.h; loads are absolute in the packet unless marked X (indexed).
LD_WORD, LD_HALF, LD_BYTE, LD_HALF_X, LD_BYTE_X, LDX_HEADER = 0x20, 0x28, 0x30, 0x48, 0x50, 0xB1
RIGHT_SHIFT, JUMP, JUMP_EQUAL, JUMP_SET, RETURN = 0x74, 0x05, 0x15, 0x45, 0x06
# Loads from these offsets read what the kernel knows beside the bytes (linux/filter.h, SKF_AD_OFF).
PACKET_TYPE, HARDWARE_TYPE = 0xFFFFF004, 0xFFFFF01C


class Instruction(NamedTuple):
    """One sock_filter: opcode, jumps when true and when false (counted in instructions to skip), constant."""

    code: int
    if_true: int
    if_false: int
    k: int


Program = tuple[Instruction, ...]

NOTHING: Program = (Instruction(RETURN, 0, 0, 0),)
"""Lets no packet into the socket."""


class _Line(NamedTuple):
    """An instruction whose jumps are still labels; empty means the next line."""

    code: int
    k: int = 0
    if_true: str = ""
    if_false: str = ""
    label: str = ""


def program(peers: Sequence[str] = (), ports: Sequence[int] = ()) -> Program:
    """A filter for a packet socket whose packets start at the IP header (SOCK_DGRAM).

    Accepts TCP over IPv4 or IPv6 where one address is among ``peers`` (canonical, without zone; none: any address)
    and one port among ``ports`` (none: any port). Behind IPv6 extension headers and in later fragments no port is
    looked at. Packets for other hosts are refused. The loopback device shows each packet twice, once as it leaves
    and once as it arrives; only the arriving copy is taken, as what is lost between the two never reached anyone.
    ICMP errors that come for us are accepted from any host: whose segment they quote is looked at later.
    """
    lines = [
        _Line(LD_HALF, PACKET_TYPE),
        _Line(JUMP_EQUAL, _PACKET_HOST, if_true="version"),
        _Line(JUMP_EQUAL, _PACKET_OUTGOING, if_false="reject"),
        _Line(LD_HALF, HARDWARE_TYPE),
        _Line(JUMP_EQUAL, _ARPHRD_LOOPBACK, if_true="reject"),
        _Line(LD_BYTE, 0, label="version"),
        _Line(RIGHT_SHIFT, 4),
        _Line(JUMP_EQUAL, 4, if_true="ipv4"),
        _Line(JUMP_EQUAL, 6, if_true="ipv6", if_false="reject"),
        *_ipv4([peer for peer in peers if ":" not in peer], ports, bool(peers)),
        *_ipv6([peer for peer in peers if ":" in peer], ports, bool(peers)),
        _Line(RETURN, 0, label="reject"),
        _Line(RETURN, _WHOLE, label="accept"),
    ]
    # Labels to distances. A conditional jump reaches 255 instructions.
    places = {line.label: number for number, line in enumerate(lines) if line.label}
    done = []
    for number, line in enumerate(lines):
        yes, no = (places[label] - number - 1 if label else 0 for label in (line.if_true, line.if_false))
        if line.code == JUMP:
            done.append(Instruction(JUMP, 0, 0, yes))
        elif max(yes, no) > 255:
            raise ValueError("too many peers or ports for one filter")
        else:
            done.append(Instruction(line.code, yes, no, line.k))
    return tuple(done)


def _icmp(version: int) -> list[_Line]:
    """Errors that quote TCP, or IPv6 extension headers which may stand before it."""
    types = [_Line(JUMP_EQUAL, kind, if_true=f"quoted{version}") for kind in ERRORS[version]]
    reject, accept = _Line(JUMP, 0, if_true="reject"), _Line(JUMP, 0, if_true="accept")
    if version == 6:
        quoted = _Line(LD_BYTE, 40 + 8 + 6, label="quoted6")
        following = [_Line(JUMP_EQUAL, header, if_true="accept") for header in (TCP, *EXTENSION_HEADERS)]
        return [_Line(LD_BYTE, 40, label="icmp6"), *types, reject, quoted, *following, reject]
    header = [_Line(LDX_HEADER, 0, label="icmp4"), _Line(LD_BYTE_X, 0)]
    quoted = _Line(LD_BYTE_X, 8 + 9, label="quoted4")
    return [*header, *types, reject, quoted, _Line(JUMP_EQUAL, TCP, if_false="reject"), accept]


def _ipv4(peers: Sequence[str], ports: Sequence[int], restrict: bool) -> list[_Line]:
    lines = [_Line(LD_BYTE, 9, label="ipv4"), _Line(JUMP_EQUAL, ICMP, if_true="icmp4")]
    lines += [_Line(JUMP_EQUAL, TCP, if_false="reject")]
    for at in (12, 16):
        lines.append(_Line(LD_WORD, at))
        words = (int.from_bytes(socket.inet_aton(peer), "big") for peer in peers)
        lines += [_Line(JUMP_EQUAL, word, if_true="ports4") for word in words]
    if restrict:
        lines.append(_Line(JUMP, 0, if_true="reject"))
    lines += [_Line(LD_HALF, 6, label="ports4"), _Line(JUMP_SET, 0x1FFF, if_true="accept"), _Line(LDX_HEADER, 0)]
    return [*lines, *_either_port(ports, LD_HALF_X, 0), *_icmp(4)]


def _ipv6(peers: Sequence[str], ports: Sequence[int], restrict: bool) -> list[_Line]:
    lines = [_Line(LD_BYTE, 6, label="ipv6"), _Line(JUMP_EQUAL, TCP, if_true="address6")]
    lines += [_Line(JUMP_EQUAL, ICMP6, if_true="icmp6")]
    lines += [_Line(JUMP_EQUAL, header, if_true="address6") for header in EXTENSION_HEADERS]
    lines += [_Line(JUMP, 0, if_true="reject"), _Line(LD_WORD, 8, label="address6")]
    for number, (peer, at) in enumerate((peer, at) for peer in peers for at in (8, 24)):
        for offset, word in enumerate(struct.unpack("!4I", socket.inet_pton(socket.AF_INET6, peer))):
            lines += [_Line(LD_WORD, at + 4 * offset), _Line(JUMP_EQUAL, word, if_false=f"differs{number}")]
        # The last line only carries the label: where the next comparison, or the refusal, starts.
        lines += [_Line(JUMP, 0, if_true="ports6"), _Line(LD_WORD, at, label=f"differs{number}")]
    if restrict:
        lines.append(_Line(JUMP, 0, if_true="reject"))
    lines += [_Line(LD_BYTE, 6, label="ports6"), _Line(JUMP_EQUAL, TCP, if_false="accept")]
    return [*lines, *_either_port(ports, LD_HALF, 40), *_icmp(6)]


def _either_port(ports: Sequence[int], load: int, at: int) -> list[_Line]:
    if not ports:
        return [_Line(JUMP, 0, if_true="accept")]
    lines = []
    for offset in (at, at + 2):
        lines.append(_Line(load, offset))
        lines += [_Line(JUMP_EQUAL, port, if_true="accept") for port in ports]
    return [*lines, _Line(JUMP, 0, if_true="reject")]


def attach(sock: socket.socket, filter_program: Program) -> None:
    """Make the kernel run the program on every packet for this socket; OSError as the kernel says."""
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in filter_program)
    buffer = ctypes.create_string_buffer(code, len(code))
    sock.setsockopt(
        socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(filter_program), ctypes.addressof(buffer))
    )
