"""The whole system on a broker and a Redis that refuse whatever is not allowed: every process under its own role.

One broker serves the folder; a test that kills it or changes an ACL takes a prefix of its own.
"""
