"""Programs for whoever works on sipagent."""
