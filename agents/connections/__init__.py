"""How clients reach Kafka and Redis: settings, passwords and certificates from files, all checked before connecting.

A new kind of login or certificate goes in here; nothing else reads a password file.
"""
