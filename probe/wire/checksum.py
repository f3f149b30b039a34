"""The Internet checksum (RFC 1071) and the TCP pseudo-header (RFC 9293 section 3.1, RFC 8200 section 8.1)."""

from __future__ import annotations

TCP = 6
_ONES = 0xFFFF


def words(data: bytes | bytearray) -> int:
    """A number congruent modulo 0xFFFF to the sum of the 16-bit words of ``data``, odd tails padded with a zero.

    2**16 is 1 modulo 0xFFFF, so the whole octet string read as one big number has the same remainder as the sum
    of its words: one C call instead of a loop (RFC 1071 section 2 (B) and (C) rest on the same fact).
    """
    number = int.from_bytes(data, "big")
    return number << 8 if len(data) & 1 else number


def pseudo(addresses: bytes, length: int) -> int:
    """The pseudo-header's share: both addresses as they stand in the IP header, protocol and TCP length."""
    return int.from_bytes(addresses, "big") + TCP + length


def checksum(total: int) -> int:
    """The field's value for a sum of words taken with the field as zero."""
    return -total % _ONES


def holds(total: int) -> bool:
    """Whether a sum of words taken with the field as received is the ones' complement zero."""
    return total % _ONES == 0


def is_partial(field: int, addresses: bytes, length: int) -> bool:
    """Whether the field holds the bare pseudo-header sum that a host leaves to its network card to complete.

    Linux leaves the sum with the TCP length, others leave the length out where the card cuts the segment up (LSO).
    """
    return any((field - pseudo(addresses, size)) % _ONES == 0 for size in (length, 0))
