"""Plain models of the contract: slow, obvious, written from DESIGN alone, sharing only messages with the steps.

A model is changed only when the contract is; a step that differs from it is wrong until the contract says otherwise.
"""
