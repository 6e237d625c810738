"""The exactly-once engine: it runs a step over the partitions of a topic, on Faust, and knows nothing of what it judges.

All private parts of Faust, mode and aiokafka are used here and nowhere else, each pinned by a test in tests/contract/engine;
touch none of them without that test.
"""
