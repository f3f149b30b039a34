"""ICMP errors that quote a segment: what a host on the way, or the peer's, says it could not do with it.

RFC 792, RFC 1122 section 3.2.2, RFC 1812 section 5.2.7 for IPv4; RFC 4443 section 3, RFC 8200 for IPv6. An error says
that its segment did not arrive where it was to go; it proves no fault of the peer's TCP (RFC 9293 section 3.9.2.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class IcmpKind(StrEnum):
    """What an error is about, whatever the IP version."""

    UNREACHABLE = "unreachable"
    TOO_BIG = "too-big"
    EXPIRED = "expired"
    """Its hop limit ran out on the way, or its fragments did not come together."""
    MALFORMED = "malformed"
    """A field of its header makes no sense to who reports it."""


_UNREACHABLE = {
    0: "network unreachable",
    1: "host unreachable",
    2: "protocol unreachable",
    3: "port unreachable",
    4: "fragmentation needed",
    5: "source route failed",
    6: "network unknown",
    7: "host unknown",
    8: "source host isolated",
    9: "network administratively prohibited",
    10: "host administratively prohibited",
    11: "network unreachable for this type of service",
    12: "host unreachable for this type of service",
    13: "administratively prohibited",
    14: "host precedence violation",
    15: "precedence cutoff in effect",
}
_UNREACHABLE_6 = {
    0: "no route to the destination",
    1: "administratively prohibited",
    2: "beyond the scope of the source address",
    3: "address unreachable",
    4: "port unreachable",
    5: "source address failed a policy",
    6: "route to the destination rejected",
    7: "error in a source routing header",
}
_EXPIRED = {0: "hop limit exceeded in transit", 1: "fragment reassembly time exceeded"}
_KINDS = {
    (4, 3): (IcmpKind.UNREACHABLE, _UNREACHABLE),
    (4, 11): (IcmpKind.EXPIRED, _EXPIRED),
    (4, 12): (IcmpKind.MALFORMED, {}),
    (6, 1): (IcmpKind.UNREACHABLE, _UNREACHABLE_6),
    (6, 2): (IcmpKind.TOO_BIG, {}),
    (6, 3): (IcmpKind.EXPIRED, _EXPIRED),
    (6, 4): (IcmpKind.MALFORMED, {}),
}
ERRORS = {version: tuple(kind for one, kind in _KINDS if one == version) for version in (4, 6)}
"""IP version -> the types of ICMP messages that are errors about a packet."""


@dataclass(frozen=True, slots=True)
class Icmp:
    """One error: ``host`` sent it; ``mtu`` is what the next link takes, in octets (0: not said)."""

    host: str
    version: int
    type: int
    code: int
    mtu: int = 0

    @property
    def kind(self) -> IcmpKind:
        """What it is about."""
        if (self.version, self.type, self.code) == (4, 3, 4):
            return IcmpKind.TOO_BIG
        return _KINDS[self.version, self.type][0]

    @property
    def words(self) -> str:
        """What it says, in the words of its RFC."""
        kind, known = _KINDS[self.version, self.type]
        named = known.get(self.code)
        if self.kind is IcmpKind.TOO_BIG:
            return f"{named or 'packet too big'}, MTU {self.mtu}" if self.mtu else named or "packet too big"
        return named or (f"{kind} (code {self.code})" if kind is IcmpKind.UNREACHABLE else "parameter problem")

    def __str__(self) -> str:
        return f"{self.words}, says {self.host}"
