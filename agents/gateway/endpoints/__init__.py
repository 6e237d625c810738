"""The handlers of single requests, one module an address, and the OpenAPI document that describes them.

`answering` and `views` say what a bill's answer is, for these handlers and for the live side.
"""
