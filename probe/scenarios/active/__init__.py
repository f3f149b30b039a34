"""The peer opens: SYN-SENT, its answers and its timers, and both ends opening at once.

RFC 9293 sections 3.5 and 3.10.7.3, Figure 7. `probe listen` plays these; so does `probe check` where the peer can be
told to connect.
"""

FIRST = ("active_open",)
