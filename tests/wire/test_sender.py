"""What the kernel refuses to send ends in one sentence that names the mend; a full queue is waited out, in bounds."""

from __future__ import annotations

import errno
import socket

import pytest

from probe.wire.errors import WireError
from probe.wire.sender import Sender


class Refusing:
    """A socket that fails as often as it is told."""

    def __init__(self, code: int, times: int) -> None:
        self.code, self.left, self.sent = code, times, 0

    def __call__(self, *_: object) -> Refusing:
        return self

    def setsockopt(self, *_: object) -> None:
        pass

    def sendto(self, packet: bytes, target: object) -> None:
        if self.left:
            self.left -= 1
            raise OSError(self.code, "")
        self.sent += 1


def sender(monkeypatch: pytest.MonkeyPatch, refusing: Refusing) -> Sender:
    monkeypatch.setattr(socket, "socket", refusing)
    return Sender(4)


def test_a_full_queue_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = Refusing(errno.ENOBUFS, 3)
    sender(monkeypatch, refusing).send(b"packet", "192.0.2.1")
    assert refusing.sent == 1


def test_a_queue_that_stays_full_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WireError, match="takes no more packets; send more slowly"):
        sender(monkeypatch, Refusing(errno.ENOBUFS, 10**6)).send(b"packet", "192.0.2.1")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (errno.ENETDOWN, "went down; bring it up again"),
        (errno.EHOSTUNREACH, "there is no route to 192.0.2.1 any more"),
        (errno.EMSGSIZE, "a packet of 6 octets is larger than the MTU"),
        (errno.EPERM, "a firewall or route of this host forbids"),
        (errno.EAGAIN, "took no packet for 1 s"),
        (errno.EINVAL, "the kernel would not send to 192.0.2.1 .invalid argument."),
    ],
)
def test_each_refusal_names_its_mend(monkeypatch: pytest.MonkeyPatch, code: int, why: str) -> None:
    with pytest.raises(WireError, match=why):
        sender(monkeypatch, Refusing(code, 1)).send(b"packet", "192.0.2.1")
