"""`tallygate doctor` against what is really wrong: topics, disks, clocks, logins, rules; each has one clear finding.

The session's broker serves those that only need topics; a fault of a broker has a broker of its own.
"""
