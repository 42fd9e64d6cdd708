"""Real SIP and RTP over loopback."""
