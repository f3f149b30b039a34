"""Options of SYNs, read for whole chunks at a time: what the exact decoder says of each, in cut captures too."""

from __future__ import annotations

from pathlib import Path

import pytest

from probe.capture.reader import Reading
from probe.replay.syn_options import OptionTable
from probe.spec.segment import ACK, SYN
from tests.capture.build import EVENING, FOUR_A, FOUR_B, Frame, ethernet, ipv4, pcap, tcp

MSS, SCALE, STAMPS = b"\x02\x04\x05\xb4", b"\x03\x03\x07", b"\x08\x0a" + bytes(range(8))
CUT_AT_SIX = {
    "within the time stamps": (MSS + STAMPS + b"\1\1", []),
    "between kind and length": (MSS + b"\1" + SCALE + STAMPS + b"\1\1", []),
    "between two options": (MSS + b"\x04\x02" + STAMPS, []),
    "within an option of unknown kind": (b"\xfe\x10" + bytes(14), []),
    "behind a wrong length": (b"\x03\x04\x07\x07" + MSS, ["length 4"]),
}
"""What a SYN sends, and the faults in the six octets of it that a snap length of 60 leaves."""


def faults(folder: Path, *frames: tuple[bytes, int | None]) -> list[list[str]]:
    """The faults of options that replay hears of, a list a SYN; checks that the exact decoder says the same."""
    path = folder / "capture"
    path.write_bytes(
        pcap(
            [
                Frame(ethernet(ipv4(tcp(FOUR_A + FOUR_B, 1, 2, flags=flags, options=options))), EVENING, snap)
                for options, snap in frames
                for flags in (SYN, SYN | ACK)
            ]
        )
    )
    (chunk,), table = Reading(str(path)), OptionTable()
    assert not chunk.columns.odd.any(), "these are not for the exact decoder"
    numbers = table.of(chunk).tolist()
    exact = [chunk.exact(row).segment for row in range(len(chunk))]
    assert numbers == [table.number(segment.options, whole=segment.options_known) for segment in exact]
    return [[option.fault for option in table.known[number][0] if option.fault] for number in numbers[::2]]


@pytest.mark.parametrize("case", CUT_AT_SIX)
def test_what_the_snap_length_cut_off_is_no_fault(tmp_path: Path, case: str) -> None:
    options, due = CUT_AT_SIX[case]
    assert faults(tmp_path, (options, 60)) == [due]
    assert faults(tmp_path, (options, None)) == [due]


def test_the_same_octets_are_a_fault_where_the_header_ends_with_them(tmp_path: Path) -> None:
    stamps_in_eight = MSS + STAMPS[:4]
    found = faults(tmp_path, (stamps_in_eight, None), (MSS + STAMPS + b"\1\1", 62), (stamps_in_eight, None))
    assert found == [["past the header"], [], ["past the header"]]
