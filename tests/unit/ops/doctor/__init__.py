"""What the doctor makes of what it finds, without a broker: rule files, secrets, disks, clocks, rights, Redis.

No broker and no Redis; what needs them is in tests/integration/ops/doctor.
"""
