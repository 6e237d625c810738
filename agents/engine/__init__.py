"""The exactly-once engine: it runs a step over the partitions of a topic, on Faust, and knows nothing of judging.

All private parts of Faust, mode and aiokafka are used here and nowhere else, each pinned in tests/contract/engine;
touch none of them without that test.
"""
