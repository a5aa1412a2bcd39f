"""What a scan proves: keys of tags, signed links, NTAG 424 DNA messages, rotating codes, and the trust that follows."""
