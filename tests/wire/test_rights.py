"""A missing CAP_NET_RAW is named with what gives it to the program, and in a container with what gives it to that."""

from __future__ import annotations

import pytest

from probe.wire import rights

ALL = {"CapBnd": 1 << rights.NET_RAW, "NoNewPrivs": 0}


@pytest.mark.parametrize(
    ("container", "fields", "mend"),
    [
        (False, {}, "run it with `sudo`"),
        (True, {"CapBnd": 0}, "`--cap-add NET_RAW`"),
        (True, ALL | {"NoNewPrivs": 1}, "without `--security-opt no-new-privileges`"),
        (True, ALL, "`--user 0`"),
    ],
)
def test_the_mend(monkeypatch: pytest.MonkeyPatch, container: bool, fields: dict[str, int], mend: str) -> None:
    monkeypatch.setattr(rights, "in_container", lambda: container)
    monkeypatch.setattr(rights, "_field", lambda name: fields.get(name, 0))
    assert rights.missing().startswith("raw sockets need the capability CAP_NET_RAW: ")
    assert mend in rights.missing()
    assert "run it with `sudo`, or with `setpriv" in rights.missing()  # a mark of a container may be left over


def test_nothing_permitted_is_nothing_to_take_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "_field", lambda _name: 0)
    assert not rights.capable()
