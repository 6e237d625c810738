"""The private parts of Faust, mode and aiokafka that the engine uses, each pinned to how it was found."""
