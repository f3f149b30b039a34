"""Zeek's columns: every state and every letter of its published table, by examples computed by hand from that table."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.replay.views.zeek import Zeek, zeek
from probe.results.connection import Packet
from tests.helpers.packets import talk

OPEN = "> S 0, < S. 0 1, > . 1 1"
DATA = f"{OPEN}, > P. 1 1 20, < . 1 21, < P. 1 21 300, > . 21 301"

STATES = {"S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH"}


@pytest.mark.parametrize(
    ("text", "state", "letters"),
    [
        # One line for each state of the table, then its variants.
        ("> S 0", "S0", "S"),
        (OPEN, "S1", "ShA"),
        (f"{DATA}, > F. 21 301, < F. 301 22, > . 22 302", "SF", "ShADadFf"),
        ("> S 0, < R. 0 1", "REJ", "Sr"),
        (f"{DATA}, > F. 21 301, < . 301 22", "S2", "ShADadF"),
        (f"{DATA}, < F. 301 21, > . 21 302", "S3", "ShADadf"),
        (f"{DATA}, > R. 21 301", "RSTO", "ShADadR"),
        (f"{DATA}, < R. 301 21", "RSTR", "ShADadr"),
        ("> S 0, > R 1", "RSTOS0", "SR"),
        ("< S. 0 1, < R 1", "RSTRH", "^hr"),
        ("> S 0, > F. 1 1", "SH", "SF"),
        ("< S. 0 1, < F. 1 1", "SHR", "^hf"),
        ("> P. 1 1 20, < . 1 21", "OTH", "Da"),
        ("> S 0, > S 0", "S0", "S"),
        ("> S 0, < S. 0 1", "S1", "Sh"),  # Zeek takes the SYN,ACK for the establishment
        (DATA, "S1", "ShADad"),
        (f"{OPEN}, < F. 1 1, > F. 1 2, < . 2 2", "SF", "ShAfFa"),
        (f"{OPEN}, > F. 1 1, < . 1 2, < F. 1 2, > . 2 2", "SF", "ShAFaf"),
        (f"{OPEN}, > F. 1 1, < F. 1 1, > . 2 2, < . 2 2", "SF", "ShAFfa"),
        ("> S 0, < S. 0 1, > R 1", "RSTO", "ShR"),
        ("> S 0, < S. 0 1, < R 1", "RSTR", "Shr"),
        ("> S 0, < R. 0 1, > S 0, < R. 0 1", "REJ", "Sr"),
        (f"{OPEN}, > F. 1 1, < R 1", "RSTR", "ShAFr"),
        (f"{OPEN}, < F. 1 1, < R 2", "RSTR", "ShAfr"),
        (f"{OPEN}, > F. 1 1, > R 2", "RSTO", "ShAFR"),
        (f"{OPEN}, > F. 1 1, > R 2, < F. 1 2", "SF", "ShAFRf"),  # FIN, then RST, then the other FIN: normal
        (f"{OPEN}, > F. 1 1, < F. 1 2, > R 2", "SF", "ShAFfR"),  # a RST after both FINs changes nothing
        ("> R 1", "OTH", "R"),
        ("> F. 1 1", "SH", "F"),
        ("> F. 1 1, < F. 1 2", "SF", "Ff"),
        ("> P. 1 1 20, < P. 1 21 5, > R 21", "OTH", "DdR"),  # RSTO needs an establishment
        ("> P. 1 1 20, < P. 1 21 5, < R 6", "RSTRH", "Ddr"),
        ("> . 1 1, < R 1", "RSTRH", "Ar"),
        ("> S 0, < S 0, > . 1 1", "S1", "SsA"),  # simultaneous open
        ("> S 0, < . 1 1, < S. 0 1, > . 1 1", "S1", "SahA"),  # an ACK before the SYN,ACK is no start in the middle
        ("< S. 0 1, > . 1 1, > F. 1 1, < F. 1 2", "SF", "^hAFf"),  # only the SYN was lost
        ("< P. 1 1 9, > . 1 10", "OTH", "^dA"),
    ],
)
def test_states_and_their_letters(text: str, state: str, letters: str) -> None:
    assert zeek(talk(text)) == Zeek(state, letters)


@pytest.mark.parametrize(
    ("more", "letters"),
    [
        ("", ""),
        # s, h, f, r come again only with another number.
        ("> F. 1 1, > F. 1 1", "F"),
        ("> F. 1 1, > F. 2 1", "FF"),
        ("> R 1, > R 1, > R 5", "RR"),
        # a, d, i, q once.
        ("< . 1 1, < . 1 1, > . 1 1", "a"),
        ("> P. 1 1 5, > P. 6 1 5", "D"),
        ("> P 1 0 5", "D"),
        ("> - 1", ""),
        ("> FR. 1 1, > FR. 1 1", "I"),
        ("> SF. 1 1, > SR. 1 1, < SF 1", "Qq"),
        # A FIN with payload is only the FIN.
        ("> FP. 1 1 5", "F"),
        # t: payload that brings nothing new; a keep-alive with an octet too.
        ("> P. 1 1 5, > P. 1 1 5", "DT"),
        ("> P. 1 1 5, > P. 1 1 9", "D"),
        ("> P. 6 1 5, > P. 1 1 5", "DT"),
        ("< . 1 1, < . 0 1", "a"),
        ("< . 0 1 1", "dt"),
        # w: not in a RST, not after the peer's FIN.
        ("< . 1 1 w0", "aw"),
        ("< R 1 w0", "r"),
        ("> F. 1 1, < . 1 2 w0", "Fa"),
        ("> F. 1 1 w0", "FW"),
        # g: acknowledged and never seen, by the case of who sent it; not in a connection that is not clean.
        ("< . 1 21", "aG"),
        ("> P. 1 1 5, < . 1 11", "DaG"),
        ("> P. 6 1 5, < . 1 11", "DaG"),
        ("> . 1 301", "g"),
        (", ".join(f"> P. {start} 1 5" for start in range(6, 100, 10)) + ", < . 1 101", "DaGG"),  # ten holes at once
        ("> P. 6 1 5, > P. 1 1 5, < . 1 11", "DTa"),
        ("< R. 1 21", "r"),
        ("> F. 1 1, < . 1 2", "Fa"),
        ("> F. 6 1, < . 1 7", "FaG"),
    ],
)
def test_letters_after_a_handshake(more: str, letters: str) -> None:
    found = zeek(talk(f"{OPEN}, {more}" if more else OPEN)).history
    assert found == "ShA" + letters


@pytest.mark.parametrize(("times", "letters"), [(1, ""), (2, "T"), (10, "T"), (11, "TT"), (100, "TT"), (101, "TTT")])
def test_t_comes_logarithmically(times: int, letters: str) -> None:
    assert zeek(talk(", ".join([OPEN, *["> P. 1 1 5"] * times]))).history == "ShAD" + letters


@pytest.mark.parametrize(("times", "letters"), [(1, "w"), (9, "w"), (10, "ww"), (99, "ww"), (1000, "wwww")])
def test_w_comes_logarithmically(times: int, letters: str) -> None:
    assert zeek(talk(", ".join([OPEN, *["< . 1 1 w0"] * times]))).history == "ShAa" + letters


def _wrong(packet: Packet, *, known: bool = True) -> Packet:
    return replace(packet, segment=replace(packet.segment, faults=("checksum",), checksum_known=known))


def test_a_segment_with_a_wrong_checksum_is_only_that() -> None:
    packets = talk(f"{OPEN}, < R 1, > P. 1 1 5")
    assert zeek([*packets[:3], _wrong(packets[3]), packets[4]]).history == "ShAcD"
    assert zeek([*packets[:3], _wrong(packets[3]), packets[4]]).conn_state == "S1"
    assert zeek([*packets[:3], *[_wrong(packets[4])] * 10]).history == "ShACC"


def test_an_offloaded_checksum_is_no_fault() -> None:
    packets = talk(f"{OPEN}, < R 1")
    assert zeek([*packets[:3], _wrong(packets[3], known=False)]).history == "ShAr"


_PACKET = st.tuples(
    st.sampled_from("<>"),
    st.sampled_from(["S", "S.", ".", "F.", "R", "R.", "P.", "-", "SF", "SR.", "F", "FR"]),
    st.integers(-2, 4),
    st.integers(-2, 4),
    st.integers(0, 3),
)


@given(st.lists(_PACKET, min_size=1, max_size=12))
def test_whatever_comes_has_a_state_of_the_table(lines: list[tuple[str, str, int, int, int]]) -> None:
    found = zeek(talk(", ".join(" ".join(map(str, line)) for line in lines)))
    assert found.conn_state in [
        "S0",
        "S1",
        "SF",
        "REJ",
        "S2",
        "S3",
        "RSTO",
        "RSTR",
        "RSTOS0",
        "RSTRH",
        "SH",
        "SHR",
        "OTH",
    ]
    assert re.fullmatch(r"\^?[shadfrcgtwiqSHADFRCGTWIQ]*", found.history)
    for once in "adiqADIQ":
        assert found.history.count(once) <= 1
