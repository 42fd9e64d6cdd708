"""One phone call end to end: controller, barge-in, bridge, recording, and what is told of it."""
