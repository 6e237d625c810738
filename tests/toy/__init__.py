"""A step for tests of the engine that depends on nothing of the domain, with observers that pause or kill at will.

Engine tests, chaos runs and benches take their steps and observers from here by import path.
"""
