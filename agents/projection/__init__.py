"""The projection: a worker that carries decisions and alerts from Kafka into the read model.

It judges nothing and nobody waits for it. `projection` is the loop, `running` the process, `rebuilding` what fills
Redis anew.
"""
