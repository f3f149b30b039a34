"""What RFC 9293 says, as code: which reactions of an end are permitted, and what each requirement is called.

Pure: no socket, clock or chance. In reading order:

- ``seq``: numbers modulo 2**32; ``segment``: a segment, its flags, kinds and options; ``icmp``: errors that quote one;
  ``states``: the eleven states; ``records``: the frozen records of all of them, made faster;
- ``tcb``: what one end believes of a connection, frozen;
- ``arrives``: SEGMENT ARRIVES (section 3.10.7), with ``synchronized`` and ``text`` for its later steps;
- ``reaction``: one permitted answer, and which of them a profile allows;
- ``calls``: the other inputs, calls of the user and timeouts, read back from what they put on the wire;
- ``rows``: the rows of the decision tables, and which rule of the catalogue each shows; ``rules``: that catalogue;
- ``models``: one block for every state; ``coverage``: what shows a rule, ``suites``: a case of
  another conformance suite.

A listener owes a SYN one answer; of two readings of the RFC both stand, marked with the profile that has them::

    (reaction,) = arrives(models.LISTEN, Segment(Seq(1000), flags=SYN))
    reaction.rule, reaction.reply.text()   # "open.listen-syn-synack", "S. ack 1001"
    reaction.next.state                    # State.SYN_RECEIVED
"""
