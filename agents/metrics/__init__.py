"""What each process of Tallygate counts and shows to Prometheus: a module for each area, declared in a typed registry.

Count through the functions of an area's module; metrics are added there and nowhere else, and `make docs` lists them.
"""
