"""Settings of connections become what clients connect with; what cannot be used is refused by the name of its setting.

Real certificates are made for it; nothing is connected.
"""
