"""Whether super-segments are marked: by the kernel's version and the card's settings."""

from __future__ import annotations

import pytest

from probe.wire.sniffer import marked


@pytest.mark.parametrize(
    ("release", "known"),
    [
        ("6.3.0", True),
        ("6.18.0-rc1", True),
        ("10.0.0", True),
        ("6.2.16-generic", False),
        ("5.15.0", False),
        ("4.4.0", False),
        ("7", False),
        ("next.0", False),
        ("", False),
    ],
)
def test_kernels_that_mark(release: str, known: bool) -> None:
    assert marked("lo", release or "?") is known


def test_nothing_is_known_of_several_interfaces_or_a_missing_one() -> None:
    assert not marked(None, "6.18.0")
    assert not marked("nowhere0", "6.18.0")
