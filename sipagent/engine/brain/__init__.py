"""What to answer: scripts and text commands."""
