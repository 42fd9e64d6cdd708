"""A telephone voice agent in a box: SIP and RTP in, a realtime speech model out."""
