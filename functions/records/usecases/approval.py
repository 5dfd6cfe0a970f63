"""What is for approved professionals alone, among professionals."""

from scanward.domain.accounts import Actor
from scanward.errors import NotAllowed


def require_approved(actor: Actor) -> None:
    """Raises NotAllowed for a professional who waits for an administrator."""
    if actor.is_professional and not actor.is_approved:
        raise NotAllowed
