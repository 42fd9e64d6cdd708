"""The other end of the wire: an embedded realtime endpoint that needs no key and no internet."""
