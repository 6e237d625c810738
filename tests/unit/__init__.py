"""Examples of one module at a time, without a broker. Each file may be run on its own in a second or two."""
