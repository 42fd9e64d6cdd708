"""What is told of calls and of the process: metrics, records, timelines, logs, HTTP."""
