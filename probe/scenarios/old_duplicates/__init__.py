"""Old duplicate SYNs, half-open connections and SYNs inside a connection: none may leave or end one by mistake.

RFC 9293 sections 3.5 and 3.5.1, Figures 8 to 10; RFC 5961 section 4.
"""

FIRST = ("old_syn_syn_received", "old_syn_established")
