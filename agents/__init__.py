"""Who acts: the exactly-once engine on Faust, the workers, the read model, the gateway and the command line.

All input and output of Tallygate happens here; nothing else may import this package.
"""
