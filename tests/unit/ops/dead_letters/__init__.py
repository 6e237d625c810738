"""Dead letters without a broker: labels, marks, the private file, and what the command line refuses."""
