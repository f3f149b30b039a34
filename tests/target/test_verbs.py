"""The command line: what it means and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.target.verbs import Dial, RefusedError, Verb, parse


@pytest.mark.parametrize(
    ("line", "verbs"),
    [
        (b"PROBE close\n", (Verb("close"),)),
        (b"PROBE eof; wait 200;close\r\n", (Verb("eof"), Verb("wait", 200), Verb("close"))),
        (b"PROBE gather; send 7\n", (Verb("gather"), Verb("send", 7))),
        (b"PROBE  half-close \n", (Verb("half-close"),)),
        (b"PROBE connect 10.0.0.1 80\n", (Verb("connect", dial=Dial("10.0.0.1", 80)),)),
        (b"PROBE connect ::1 80 from 81; abort\n", (Verb("connect", dial=Dial("::1", 80, 81)), Verb("abort"))),
        (
            b"PROBE connect ::1 80 room 1200; stop-reading\n",
            (Verb("connect", dial=Dial("::1", 80, room=1200)), Verb("stop-reading")),
        ),
        (
            b"PROBE connect ::1 80 from 81 room 1200 hold\n",
            (Verb("connect", dial=Dial("::1", 80, 81, 1200)), Verb("hold")),
        ),
        (
            b"PROBE connect [::1] 80 send 3; abort\n",
            (Verb("connect", dial=Dial("::1", 80)), Verb("send", 3), Verb("abort")),
        ),
        (
            b"PROBE half-close; connect ::1 80; send 3\n",
            (Verb("half-close"), Verb("connect", dial=Dial("::1", 80)), Verb("send", 3)),
        ),
    ],
)
def test_a_line_means(line: bytes, verbs: tuple[Verb, ...]) -> None:
    assert parse(line) == verbs


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"PROBE \n", "empty verb"),
        (b"PROBE close;\n", "empty verb"),
        (b"PROBE vanish\n", "unknown verb 'vanish'"),
        (b"PROBE \xff\x00\n", r"unknown verb '\xff\x00'"),
        (b"PROBE close now\n", "close takes no argument"),
        (b"PROBE send\n", "send takes one number"),
        (b"PROBE send -1\n", "'-1' is not a number from 0 to 1073741824"),
        (b"PROBE wait 600001\n", "'600001' is not a number from 0 to 600000"),
        (b"PROBE send \xb2\n", r"'\xb2' is not a number from 0 to 1073741824"),
        (b"PROBE connect localhost 80\n", "'localhost' is not a literal address"),
        (b"PROBE connect 127.0.0.1\n", "connect takes an address and a port"),
        (b"PROBE connect 127.0.0.1 0\n", "a port lies between 1 and 65535"),
        (b"PROBE connect 127.0.0.1 1 from\n", "from takes a port"),
        (b"PROBE connect 127.0.0.1 1 room\n", "room takes a number"),
        (b"PROBE connect 127.0.0.1 1 room -1\n", "'-1' is not a number from 0 to 16777216"),
        (b"PROBE close; send 1\n", "nothing can follow close"),
        (b"PROBE half-close; wait 1; send 1\n", "send cannot follow half-close"),
    ],
)
def test_a_line_is_refused(line: bytes, reason: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        parse(line)
    assert str(refusal.value) == reason


@given(st.binary(max_size=500))
def test_any_octets_are_understood_or_refused(octets: bytes) -> None:
    try:
        understood = bool(parse(b"PROBE " + octets + b"\n"))
    except RefusedError as refusal:
        understood = str(refusal).isascii()
    assert understood
