"""Real calls on the embedded engine, and what was really heard of them.

Everything runs as processes of its own, as an operator starts them. The caller is the built-in test
phone in this one and hears nothing but what came back by RTP. Each step is checked twice: by what
the appliance told of it, and by the sound in the caller's ear at that time.
"""
