"""The private parts of aiokafka's clients that `agents/kafka` touches, each shown to do what it is used for."""
