"""The read model in Redis: current decisions of bills, consignee days, alerts and the latest changes.

Only this package imports redis. `keys` is the catalogue of what is kept; `writing` is for the projection, `reading` for
everybody who answers questions.
"""
