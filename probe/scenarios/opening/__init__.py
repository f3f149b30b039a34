"""The handshake with a port that listens: SYN, ACK, text, FIN and RST until the connection stands.

RFC 9293 sections 3.4.1, 3.5, 3.10.7.2, and 3.10.7.4 in SYN-RECEIVED.
"""

FIRST = ("three_way", "two_way_only", "synack_retransmitted", "synack_stops")
