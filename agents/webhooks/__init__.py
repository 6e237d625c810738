"""Webhooks: a process of its own carries decisions from their topic to the receivers in the webhooks file.

`subscriptions` is what the file holds, `delivery_state` what the process keeps of each in the control topic.
"""
