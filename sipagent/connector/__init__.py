"""The engine on the telephone: answers SIP calls, posts webhooks, lets them be decided by REST."""
