"""What a process says of itself: log lines, progress bars, and metrics declared in a typed registry.

Each area's metrics stand with their owner; nothing here knows what is measured.
"""
