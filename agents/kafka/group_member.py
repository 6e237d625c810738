"""What a chunk was fetched under; the broker refuses offsets that come under another."""

from typing import NamedTuple


class GroupMember(NamedTuple):
    """A member of the consumer group in one generation."""

    generation: int
    member_id: str


NO_MEMBER = GroupMember(-1, "")
"""Not a member of any generation."""
