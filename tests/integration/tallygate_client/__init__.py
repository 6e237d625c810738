"""Proof for the client's wheel: installed beside a package that ships `agents`, and on a real gateway and Kafka."""
