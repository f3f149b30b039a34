"""A TCP segment as seen or as sent: any combination of flags and options; faults are kept, never repaired."""

from __future__ import annotations

from dataclasses import dataclass

from probe.spec.records import Hashed, quick
from probe.spec.seq import Seq

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
OPENING = SYN | RST | FIN | ACK
"""The flags that steer SEGMENT ARRIVES; PSH, URG and the ECN bits never change a state."""

_LETTERS = ((FIN, "F"), (SYN, "S"), (RST, "R"), (PSH, "P"), (ACK, "."), (URG, "U"), (ECE, "E"), (CWR, "W"))
_NAMES = ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"), (URG, "URG"), (ACK, "ACK"))

KINDS = {
    "SYN": "S",
    "SYN+ACK": "S.",
    "ACK": ".",
    "FIN": "F",
    "FIN+ACK": "F.",
    "RST": "R",
    "RST+ACK": "R.",
    "SYN+FIN": "SF",
    "DATA": "P.",
    "NULL": "-",
    "SYN+RST": "SR",
}
"""The kinds of segment of the state matrix, its columns in order, and their flags as a scenario writes them."""

# Option kinds (IANA registry "TCP Option Kind Numbers").
EOL, NOP, MSS, WSCALE, SACK_PERMITTED, SACK, TIMESTAMPS = 0, 1, 2, 3, 4, 5, 8
LARGEST_SHIFT = 14
"""The most by which windows are scaled (RFC 7323 section 2.3)."""


_BITS = {letter: bit for bit, letter in _LETTERS} | {"A": ACK, "-": 0}


def parse_flags(text: str) -> int:
    """Flags from tcpdump's letters: ``S``, ``S.``, ``.``, ``F.``, ``R``, ``R.``, ``P.``; ``-`` is no flag at all."""
    flags = 0
    for letter in text:
        flags |= _BITS[letter]
    return flags


def flags_text(flags: int) -> str:
    """tcpdump's letters for the flags: ``S.`` for SYN,ACK; ``none`` when no flag is set, as tcpdump writes it."""
    return "".join(letter for bit, letter in _LETTERS if flags & bit) or "none"


def flags_name(flags: int) -> str:
    """The RFC's names joined by a plus sign: ``SYN+ACK``; ``NULL`` when none of the six is set."""
    return "+".join(name for bit, name in _NAMES if flags & bit) or "NULL"


@quick
@dataclass(frozen=True, slots=True)
class Option:
    """One TCP option. ``fault`` names an impossible length ("length 0", "past the header"), else it is empty."""

    kind: int
    data: bytes = b""
    fault: str = ""

    @property
    def size(self) -> int:
        """The octets it takes of the header."""
        return 1 if self.kind in (EOL, NOP) else len(self.data) + 2


@quick
@dataclass(frozen=True, slots=True)
class Segment(Hashed):
    """One segment (RFC 9293 section 3.1).

    ``window`` is the 16-bit field as sent, never shifted. ``length`` is the number of payload octets on the wire;
    ``payload`` may be shorter (capture cut off) or empty. ``faults`` lists what the receiver of the bytes found
    wrong, in words: "checksum" (wrong and not explained by offload), "header past the end", "short header".
    ``checksum_known`` is False where the sum says nothing: offloaded, or the bytes were cut off. ``merged``: a card or
    the kernel may have put it together from several (or has yet to cut it), so its size was never on a wire.
    ``options_known`` is False where a capture cut them off: there may have been more of them.
    """

    seq: Seq
    ack: Seq = Seq(0)
    flags: int = 0
    window: int = 65535
    length: int = 0
    payload: bytes = b""
    options: tuple[Option, ...] = ()
    urgent: int = 0
    reserved: int = 0
    faults: tuple[str, ...] = ()
    checksum_known: bool = True
    merged: bool = False
    options_known: bool = True

    @property
    def seg_len(self) -> int:
        """SEG.LEN: payload octets plus one for SYN and one for FIN (RFC 9293 section 3.4)."""
        return self.length + bool(self.flags & SYN) + bool(self.flags & FIN)

    @property
    def end(self) -> Seq:
        """SEG.SEQ + SEG.LEN: the first number after the segment."""
        return self.seq + self.seg_len

    def has(self, flags: int) -> bool:
        """Whether all the given flags are set."""
        return self.flags & flags == flags

    def option(self, kind: int) -> Option | None:
        """The first well-formed option of that kind."""
        for option in self.options:
            if option.kind == kind and not option.fault:
                return option
        return None

    @property
    def timestamps(self) -> tuple[int, int] | None:
        """(TSval, TSecr) of RFC 7323 section 3.2, or None."""
        found = self.option(TIMESTAMPS)
        if found is None or len(found.data) != 8:
            return None
        return int.from_bytes(found.data[:4], "big"), int.from_bytes(found.data[4:], "big")

    @property
    def window_scale(self) -> int | None:
        """shift.cnt of RFC 7323 section 2.2, at most 14 (section 2.3), or None.

        Where a capture cut it off it is the largest: such windows refuse nothing.
        """
        found = self.option(WSCALE)
        if found is None or len(found.data) != 1:
            return LARGEST_SHIFT if self.scale_lost else None
        return min(found.data[0], LARGEST_SHIFT)

    @property
    def scale_lost(self) -> bool:
        """Whether a SYN may have offered window scaling in the options that a capture cut off."""
        return not self.options_known and bool(self.flags & SYN) and self.option(WSCALE) is None

    def __str__(self) -> str:
        return self.text()

    def text(self, seq_base: int | None = None, ack_base: int | None = None) -> str:
        """tcpdump-like one-liner; numbers are relative to the bases (the ISNs) where those are given."""
        parts = [flags_text(self.flags), f"seq {relative(self.seq, seq_base)}"]
        if self.flags & ACK:
            parts.append(f"ack {relative(self.ack, ack_base)}")
        if self.length:
            parts.append(f"len {self.length}")
        return " ".join(parts)


def relative(number: Seq, base: int | None) -> int:
    """A number as reports show it: the distance from the ISN, or the number itself without one."""
    return int(number) if base is None else number - Seq(base)


@quick
@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """An address (canonical text form, IPv4 or IPv6) and a port."""

    address: str
    port: int

    @property
    def version(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.address else 4

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if self.version == 6 else f"{self.address}:{self.port}"


@quick
@dataclass(frozen=True, slots=True)
class Flow:
    """The four-tuple of one connection as the tester sees it."""

    local: Endpoint
    remote: Endpoint

    def __hash__(self) -> int:
        """Ports tell flows apart well enough; the flow of every segment seen is looked up more than once."""
        return hash((self.local.port, self.remote.port))

    @property
    def version(self) -> int:
        """IP version, 4 or 6."""
        return self.local.version

    def reversed(self) -> Flow:
        """The same connection seen from the other end."""
        return Flow(self.remote, self.local)

    def __str__(self) -> str:
        return f"{self.local} > {self.remote}"
