"""Why a connection ended: each cause from segments written by hand, with what the RFC says of it beside."""

from __future__ import annotations

import pytest

from probe.replay.flow.ending import IDLE, Ending, ending
from probe.results.artefacts import Artefact
from probe.results.ending import ABOUT, Cause, sentence
from probe.spec.icmp import IcmpKind
from tests.helpers.packets import talk

OPEN = "> S 0, < S. 0 1, > . 1 1"
ASKED = f"{OPEN}, > P. 1 1 20, < . 1 21"
DATA = f"{ASKED}, < P. 1 21 300, > . 21 301"
FOREVER = 10**6


def causes(text: str, passed: float = FOREVER, *, followed: bool = False) -> str:
    """The causes that remain, and the end each is laid to, where the file goes on for so many seconds."""
    left = ending(talk(text)).remaining(passed, followed=followed)
    return " | ".join(" ".join(filter(None, (one.cause, one.by, str(one.times or "")))) for one in left)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        # Section 3.6: case 1, a local user closes; case 2, the other one; case 3, both at once.
        (f"{DATA}, > F. 21 301, < . 301 22, < F. 301 22, > . 22 302", "closed client"),
        (f"{DATA}, < F. 301 21, > . 21 302, > F. 21 302, < . 302 22", "closed server"),
        (f"{DATA}, > F. 21 301, < F. 301 21, > . 22 302, < . 302 22", "closed at once both"),
        (f"{DATA}, > F. 21 301, < F. 301 22", "closed client"),  # the last ACK is not in the file
        # 3.8.3: an unanswered SYN.
        ("> S 0", "SYN unanswered server 1"),
        ("> S 0, > S 0, > S 0", "SYN unanswered server 3"),
        # 3.5.2 group 1: no connection, so that a SYN is refused.
        ("> S 0, < R. 0 1", "refused server"),
        # 3.5: a handshake that is not completed, or not taken.
        ("> S 0, < S. 0 1, < S. 0 1", "handshake not completed client 2"),
        ("> S 0, < S. 0 1, < S. 0 1, < R. 1 1", "handshake not completed client 2"),
        (f"{OPEN}, > P. 1 1 20, < S. 0 1, > . 21 1, > P. 1 1 20, < S. 0 1", "handshake not taken server 3"),
        # 3.10.7.3: a SYN,ACK that acknowledges no SYN draws a RST.
        ("> S 0, < S. 0 5, > R 5", "unacceptable SYN,ACK server"),
        # 3.10.7.1: a client that knows nothing of a connection (a scan), or aborts it in SYN-RECEIVED of the server.
        ("> S 0, < S. 0 1, > R 1", "no such connection client | aborted client"),
        # 3.6.1, SHLD-3: text that was not read; text that comes to a closed end.
        (f"{ASKED}, < R. 1 21", "unread data at close server | aborted server"),
        (f"{DATA}, > F. 21 301, < P. 301 21 50, > R 21", "data to a closed end client"),
        (f"{DATA}, > F. 21 301, < P. 301 21 50, > R. 22 301", "data to a closed end client | aborted client"),
        # 3.10.5: ABORT. Where no text came there is none to be read.
        (f"{OPEN}, > R. 1 1", "aborted client"),
        (f"{DATA}, > F. 21 301, < . 301 22, > R. 22 301", "aborted client"),
        # 3.10.7.1: an end that knows the connection no more; of one that never spoke nothing else can be.
        ("> P. 21 301 5, < R 301", "no such connection server"),
        (f"{DATA}, > P. 21 301 5, < R 301", "no such connection server | unread data at close server | aborted server"),
        (f"{OPEN}, < P. 1 1 5, > R 1", "no such connection client | unread data at close client | aborted client"),
        (f"{DATA}, > P. 21 301 5, > P. 21 301 5, > P. 21 301 5, < R 301", "forgotten in between server 3"),
        (f"{OPEN}, > P. 1 1 20, < R 1", "handshake not taken server | unread data at close server | aborted server"),
        # Fourth step of 3.10.7.4: a SYN in a synchronized state.
        (f"{DATA}, > S 0, < R. 301 21", "unacceptable SYN server"),
        # 3.8.3: R2 is reached; R1 is three retransmissions (SHLD-10).
        (f"{DATA}, {'> P. 21 301 5, ' * 4}> R. 26 301", "given up client 4 | aborted client"),
        (f"{DATA}, {'> P. 21 301 5, ' * 3}> R. 26 301", "unread data at close client | aborted client"),
        (f"{DATA}, > P. 21 301 5, > P. 21 301 5", "given up client 2"),
        (f"{DATA}, > F. 21 301, > F. 21 301, > F. 21 301", "given up client 3"),
        # 3.8.4: keep-alives at SND.NXT - 1; of one without answer nothing may be concluded (MUST-29).
        (f"{DATA}, > . 20 301, > . 20 301, > R. 21 301", "keep-alive failed client 2"),
        (f"{DATA}, > . 20 301, > R. 21 301", "keep-alive failed client 1 | aborted client"),
        (f"{DATA}, > . 20 301, > . 20 301", "keep-alive failed client 2"),
        (f"{DATA}, > . 20 301, < . 301 21, > R. 21 301", "unread data at close client | aborted client"),
        # 3.8.6.1: a window that stays closed.
        (f"{OPEN}, > P. 1 1 20, {'< . 1 21 w0, > P. 21 1 1, ' * 3}< . 1 21 w0", "window stays closed server"),
        # 3.6 case 2: a FIN received, and none sent.
        (f"{DATA}, < F. 301 21, > . 21 302", "never closed client"),
        (f"{DATA}, > F. 21 301, < . 301 22", "never closed server"),
        # Another one sends a RST in the name of an end that goes on, and the other end believes it.
        (f"{DATA}, < R 301, < P. 301 21 50, > R 21", "reset by another server"),
        (DATA, "still open"),
        # What a RST answers is not in the file.
        ("> S 0, > R 1", "not told client"),
        ("> R 1", "not told client"),
        # Of one direction nothing is told.
        ("> S 0, > . 1 1, > P. 1 1 20, > F. 21 301", "not told"),
        ("> S 0, > . 1 1, > P. 1 1 20, > R. 21 301", "not told client"),
    ],
)
def test_cause(text: str, due: str) -> None:
    assert causes(text) == due


@pytest.mark.parametrize(
    ("text", "passed", "due"),
    [
        ("> S 0", 1, "still open"),
        ("> S 0, > S 0", 0, "SYN unanswered server 2"),
        ("> S 0, < S. 0 1", 1, "still open"),
        ("> S 0, < S. 0 1", 4, "not told"),  # it would have been repeated: the ACK is not in the file
        (f"{DATA}, < F. 301 21, > . 21 302", 59, "still open"),
        (f"{DATA}, > P. 21 301 5, > P. 21 301 5", 119, "still open"),
        (f"{DATA}, {'> P. 21 301 5, ' * 3}> P. 21 301 5", 119, "no longer answered client 4"),
        (f"{DATA}, > . 20 301, > . 20 301", 119, "still open"),
        (f"{OPEN}, > R. 1 1", 0, "aborted client"),
    ],
)
def test_a_file_that_ends_soon_tells_less(text: str, passed: float, due: str) -> None:
    assert causes(text, passed) == due


@pytest.mark.parametrize(
    ("text", "due"),
    [
        (DATA, "port reused"),
        ("> S 0", "SYN unanswered server 1"),
        (f"{OPEN}, > R. 1 1", "aborted client"),
        ("> P. 1 1 20, < . 1 21", "not told"),
        (f"{OPEN}, > P. 21 1 20, < . 1 41", "not told"),  # what is not in the file may have closed it
    ],
)
def test_another_connection_on_the_same_ports(text: str, due: str) -> None:
    assert causes(text, 1, followed=True) == due


@pytest.mark.parametrize(
    ("text", "due"),
    [
        (f"{DATA}, > F. 21 301, < F. 301 22, > . 22 302", "closed when idle client"),
        (f"{DATA}, < . 300 21, > . 21 301, > F. 21 301, < F. 301 22, > . 22 302", "closed when idle client"),
        (f"{DATA}, < R. 301 21", "unread data at close server | reset when idle server"),
        (f"{OPEN}, < R. 1 1", "reset when idle server"),
        (f"{ASKED}, > P. 21 1 5, < R 1", "unknown after silence server | unread data at close server | aborted server"),
        (f"{DATA}, > P. 21 301 5, > P. 21 301 5, < R 301", "unknown after silence server"),
        (f"{DATA}, {'> P. 21 301 5, ' * 3}> P. 21 301 5", "not answered after silence client"),
    ],
)
def test_a_silence_before_the_close(text: str, due: str) -> None:
    found = ending(talk(text))
    assert found.paused is not None
    assert not any(one in found.causes for one in found.idle if "idle" in one.cause or "silence" in one.cause)
    idle = found.after_silence
    told = idle.told(IDLE, 0, followed=False)
    assert " | ".join(f"{one.cause} {one.by}" for one in told) == due
    assert {one.idle for one in told} == {IDLE}
    assert f"after {IDLE:.1f} s of silence" in sentence(told)


@pytest.mark.parametrize(
    ("text", "kind", "by_client", "due"),
    [
        ("> S 0, > S 0", IcmpKind.UNREACHABLE, True, "unreachable server 2"),
        ("> S 0, > S 0", IcmpKind.UNREACHABLE, False, "SYN unanswered server 2"),
        ("> S 0, > S 0", IcmpKind.EXPIRED, True, "unreachable server 2"),
        (f"{DATA}, {'> P. 21 301 5, ' * 3}> P. 21 301 5", IcmpKind.TOO_BIG, True, "too big for the path server 4"),
        (f"{DATA}, < R. 301 21", IcmpKind.UNREACHABLE, True, "unread data at close server | aborted server"),
    ],
)
def test_an_icmp_error_explains_a_silence(text: str, kind: IcmpKind, by_client: bool, due: str) -> None:
    left = ending(talk(text), icmp={(kind, by_client)}).remaining(FOREVER, followed=False)
    assert " | ".join(" ".join(filter(None, (one.cause, one.by, str(one.times or "")))) for one in left) == due


@pytest.mark.parametrize("artefact", [Artefact.ORDER, Artefact.CLOCKS, Artefact.FLAGS_ONLY])
def test_where_the_record_is_untrue_no_rst_is_an_answer(artefact: Artefact) -> None:
    left = ending(talk(f"{ASKED}, > P. 21 1 5, < R 1"), {artefact}).remaining(FOREVER, followed=False)
    assert [one.cause for one in left] == [Cause.NO_CONNECTION, Cause.UNREAD, Cause.ABORTED]


def test_every_cause_has_its_clause_and_its_sentence() -> None:
    assert set(ABOUT) == set(Cause)
    assert all(about.clause[0] == "3" and about.text for about in ABOUT.values())


def test_what_is_said_by_default_is_no_trouble() -> None:
    assert not any(one.trouble for one in Ending().remaining(FOREVER, followed=False))
