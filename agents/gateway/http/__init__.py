"""What every request of the gateway passes: its connection, token, rate limit, body, answer and count.

`parts` holds what handlers work with; nothing here knows an address but `/metrics`. Other rooms take `parts_of`,
`require`, `read_body`, `reply` and `Problem`.
"""
