"""The file of lab hosts: what it may say, and one sentence with file, entry and key for every slip."""

from __future__ import annotations

from pathlib import Path

import pytest

from probe.cli.options.hosts import Host, read
from probe.wire.errors import TargetError, WireError

GOOD = """
[defaults]
port = 80
trigger = "http"
rate = 20

[[host]]
name = "router"
address = "192.0.2.1"
ports = [22, 80]
profile = "rfc793"
closed_port = 9
patience = 0.5
skip = ["options-*", "paws-old"]
revive = "relay 7"
parallel = 2

[[host]]
address = "printer.example"
ip = 6
trigger = "QUIT\\\\r\\\\n"

[[host]]
address = "fe80::1%eth0"
ip = "both"
source = "fe80::2"
interface = "eth0"
"""


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "lab.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_defaults_hold_where_a_host_says_nothing(tmp_path: Path) -> None:
    router, printer, local = read(written(tmp_path, GOOD))
    shared = {"trigger": "http", "rate": 20.0}
    own = {"profile": "rfc793", "closed_port": 9, "patience": 0.5, "parallel": 2}
    own |= {"skip": ("options-*", "paws-old"), "revive": "relay 7"}
    assert router == Host("router", "192.0.2.1", (22, 80), frozenset(), shared | own)
    assert printer == Host("", "printer.example", (80,), frozenset({6}), {"trigger": "QUIT\\r\\n", "rate": 20.0})
    assert (local.address, local.versions) == ("fe80::1%eth0", frozenset())
    assert local.settings == shared | {"source": "fe80::2", "interface": "eth0"}


def test_ports_of_a_host_replace_the_default_port(tmp_path: Path) -> None:
    text = '[defaults]\nports = [1, 2]\n[[host]]\naddress = "a"\nport = 3\n[[host]]\naddress = "b"\n'
    assert [host.ports for host in read(written(tmp_path, text))] == [(3,), (1, 2)]


def test_a_port_may_be_named_by_its_service(tmp_path: Path) -> None:
    text = '[[host]]\naddress = "a"\nports = ["http", 443]\nclosed_port = "discard"\n'
    (host,) = read(written(tmp_path, text))
    assert (host.ports, host.settings) == ((80, 443), {"closed_port": 9})


ONE = '[[host]]\nname = "x"\naddress = "192.0.2.1"\nport = 80\n'
SLIPS = [
    ("", "no host in it"),
    ("[[host]", "no TOML"),
    ("host = 3", "write [[host]]"),
    ("[host]\nport = 3", "write [[host]]"),
    ("defaults = 3", "write [defaults]"),
    ("[[hosts]]\nport = 3", "unknown table or key 'hosts'"),
    ("[defaults]\nname = 'a'\n" + ONE, "[defaults]: unknown key 'name'"),
    ("[defaults]\nrate = 0\n" + ONE, "[defaults]: rate: 0 will not do"),
    (ONE + "prot = 3", "host 1 (x): unknown key 'prot'"),
    (ONE + "ports = [1]", "host 1 (x): ports: give either port or ports"),
    (ONE + "closed_port = 65536", "host 1 (x): closed_port: 65536 will not do: a port is"),
    (ONE + "profile = 'rfc1'", "host 1 (x): profile: 'rfc1' will not do: there are rfc9293, rfc793, rfc5961"),
    (ONE + "profile = ['rfc793']", "host 1 (x): profile: ['rfc793'] will not do"),
    (ONE + "trigger = ''", "host 1 (x): trigger"),
    (ONE + "trigger = '\\x4'", "host 1 (x): trigger: .* backslashes"),
    (ONE + "patience = '1'", "host 1 (x): patience: '1' will not do"),
    (ONE + "patience = nan", "host 1 (x): patience: nan will not do"),
    (ONE + "parallel = 0", "host 1 (x): parallel: 0 will not do"),
    (ONE + "parallel = true", "host 1 (x): parallel: True will not do"),
    (ONE + "source = 'here'", "host 1 (x): source: 'here' will not do"),
    (ONE + "interface = ''", "host 1 (x): interface: '' will not do"),
    (ONE + "ip = 5", "host 1 (x): ip: 5 will not do"),
    (ONE + "ip = 6", "host 1 (x): ip: 192.0.2.1 is an IPv4 address"),
    (ONE + "[[host]]\naddress = 'b'\nports = []", "host 2 (b): ports: [] will not do"),
    (ONE + "[[host]]\naddress = 'b'\nports = [1, 1]", "host 2 (b): ports: [1, 1] will not do: a port is in it twice"),
    (ONE + "[[host]]\naddress = 'b'\nport = '80'", "host 2 (b): port: '80' will not do"),
    (ONE + "[[host]]\naddress = 'b'\nport = 'htttp'", "host 2 (b): port: 'htttp' will not do: .* did you mean http"),
    (ONE + "rate = inf", "host 1 (x): rate: inf will not do"),
    (ONE + "[[host]]\naddress = 'b'\nport = 0", "host 2 (b): port: 0 will not do"),
    (ONE + "[[host]]\naddress = 'b'", "host 2 (b): port is missing"),
    (ONE + "[[host]]\nport = 80", "host 2: address is missing"),
    (ONE + "[[host]]\naddress = 'b:80'\nport = 80", "host 2 (b:80): address: 'b:80' will not do"),
    (ONE + "[[host]]\naddress = '[::1]'\nport = 80", "host 2 ([::1]): address"),
    (ONE + "[[host]]\naddress = 7\nport = 80", "host 2: address: 7 will not do: it takes a text"),
    (ONE + "[[host]]\nname = 'x'\naddress = 'b'\nport = 1", "host 2: x is a duplicate of host 1"),
    (ONE + "[[host]]\naddress = '192.0.2.1'\nports = [1, 80]", "host 2: 192.0.2.1 port 80 is a duplicate of host 1"),
]


@pytest.mark.parametrize(("text", "problem"), SLIPS)
def test_a_slip_is_one_sentence_with_file_entry_and_key(text: str, problem: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(TargetError) as raised:
        read(path)
    said = str(raised.value)
    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    assert all(part in said for part in problem.split(" .* "))


def test_ways_to_write_one_address_are_one_address(tmp_path: Path) -> None:
    text = "[[host]]\naddress = '2001:DB8::1'\nport = 1\n[[host]]\naddress = '2001:db8:0::1'\nport = 1\n"
    with pytest.raises(TargetError, match="host 2: 2001:db8::1 port 1 is a duplicate of host 1"):
        read(written(tmp_path, text))


def test_a_file_that_is_not_there_is_the_environments_trouble(tmp_path: Path) -> None:
    with pytest.raises(WireError, match=r"cannot read .*none\.toml \(no such file"):
        read(str(tmp_path / "none.toml"))


def test_a_file_in_another_encoding_is_no_toml(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_bytes(b"[[host]]\nname = '\xff'\n")
    with pytest.raises(TargetError, match="no TOML"):
        read(str(path))
