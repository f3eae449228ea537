"""Runs the stages over the log; timers; deliveries; upkeep."""
