"""The header's own fields: the checksum and the reserved bits (RFC 9293 section 3.1)."""
