"""Ordinary traffic of the machine's own kernel: what is recorded, and what it must become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.captures import plays
from tests.captures.expected import Due
from tests.captures.stage import Stage

Play = Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class Scene:
    """Traffic and what it must become. ``capture``: words for tcpdump, ``{ip}`` is ip or ip6, ``{server}`` the port.

    ``opened_before``: a connection is opened before the recording begins.
    """

    name: str
    shows: str
    play: Play
    due: tuple[Due, ...]
    capture: tuple[str, ...] = ("{ip} and tcp",)
    interface: str = "lo"
    opened_before: bool = False


CLOSES = "four-way|three-segment"
FINE = (Due("followed", CLOSES, "SF"),)
FOUR = (Due("followed", "four-way", "SF"),)
SCENES = (
    Scene("http-keep-alive", "three requests of Python to nginx on one connection", plays.http_keep_alive, FINE),
    Scene("http-closed-by-server", "curl with HTTP/1.0: nginx closes first", plays.http_closed_by_server, FINE),
    Scene("http-keep-alive-timeout", "nginx closes an idle connection", plays.http_keep_alive_timeout, FINE),
    Scene("client-closes-first", "four-way close begun by the client", plays.client_closes_first, FOUR),
    Scene("server-closes-first", "four-way close begun by the server", plays.server_closes_first, FOUR),
    Scene("half-close", "the client closes its side and goes on listening", plays.half_close, FOUR),
    Scene(
        "client-aborts",
        "the client resets the connection (SO_LINGER 0)",
        plays.client_aborts,
        (Due("followed", "reset by client", "RSTO"),),
    ),
    Scene(
        "server-aborts",
        "the server resets the connection (SO_LINGER 0)",
        plays.server_aborts,
        (Due("followed", "reset by server", "RSTR"),),
    ),
    Scene(
        "unread-data",
        "the server closes without reading what came: Linux resets",
        plays.unread_data,
        (Due("followed", "reset by server", "RSTR"),),
    ),
    Scene(
        "data-to-a-closed-end",
        "the server has closed altogether; data of the client is answered with RST",
        plays.data_to_a_closed_end,
        (Due("followed", "reset by server", "RSTR"),),
    ),
    Scene("refused", "nothing listens on the port", plays.refused, (Due("refused", "none", "REJ"),)),
    Scene("unanswered", "a firewall drops every SYN", plays.unanswered, (Due("unanswered", "none", "S0"),)),
    Scene("syn-lost", "the first SYN is lost", plays.syn_lost, FOUR),
    Scene("syn-ack-lost", "the first SYN,ACK is lost", plays.syn_ack_lost, FOUR),
    Scene("third-segment-lost", "the ACK of the SYN,ACK is lost; data stands for it", plays.third_segment_lost, FOUR),
    Scene("fin-lost", "the first FIN is lost", plays.fin_lost, FOUR),
    Scene("last-ack-lost", "the acknowledgment of the second FIN is lost", plays.last_ack_lost, FOUR),
    Scene(
        "simultaneous-close",
        "both ends close before they hear of the other's FIN",
        plays.simultaneous_close,
        (Due("followed", "simultaneous", "SF"),),
    ),
    Scene("simultaneous-open", "both ends send a SYN; one is lost", plays.simultaneous_open, FOUR),
    Scene("lossy", "five connections of which 15 % of all segments are lost", plays.lossy, (Due("*", "*", "*"),) * 5),
    Scene("reused-four-tuple", "three connections on one four-tuple", plays.reused_four_tuple, FINE * 3),
    Scene("keep-alive-probes", "TCP keep-alives of one second", plays.keep_alive_probes, FINE),
    Scene("zero-window", "the reader stops, the window closes, probes ask for it", plays.zero_window, FINE),
    Scene(
        "large-transfer",
        "super-segments of the offload, only the first 96 octets of each recorded",
        plays.large_transfer,
        FINE,
        ("-s", "96", "{ip} and tcp"),
    ),
    Scene(
        "mid-stream",
        "the recorder started in mid-connection",
        plays.mid_stream,
        (Due("not seen", "four-way", "SF"),),
        opened_before=True,
    ),
    Scene(
        "client-side-only",
        "only what the client sends was recorded",
        plays.server_closes_first,
        (Due("not seen", "incomplete", "SH"),),
        ("{ip} and tcp dst port {server}",),
    ),
    Scene(
        "server-side-only",
        "only what the server sends was recorded",
        plays.server_closes_first,
        (Due("not seen", "incomplete", "SHR"),),
        ("{ip} and tcp src port {server}",),
    ),
    Scene(
        "any-interface",
        "recorded on all interfaces at once (Linux cooked capture)",
        plays.server_closes_first,
        FOUR,
        interface="any",
    ),
)
