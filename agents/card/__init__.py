"""A card on paper that signs a device in: the code on it, and the page that prints it."""

from agents.card.sign_in_card import CardError, sign_in_card

__all__ = ["CardError", "sign_in_card"]
