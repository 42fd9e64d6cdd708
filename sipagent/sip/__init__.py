"""One SIP user agent on PJSIP: endpoint, legs, media. The only package that knows pjsua2."""
