"""The embedded system: a broker, Redis, the steps, the projection and the gateway, as children of one process.

Demo and sandbox run it; each says what happens in it and when it ends. It runs the code of the ordinary workers. Its
broker is a mock in memory (`embedded_broker`), so it proves nothing about exactly once.
"""
