"""What a registration in the flat family is called by, before it is known to be whole."""

from typing import Any

from scanward.domain.accounts import MAX_FOLDED_BYTES, Names, fold


def names_in(sent: Any) -> Names:
    """The names in a JSON body that breaks its model, wherever the document puts them; what is none is left out."""
    fields = sent if isinstance(sent, dict) else {}
    profile = fields.get("profile")
    fields = {**fields, **profile} if isinstance(profile, dict) else fields
    return Names(**{name: _name(fields.get(name)) for name in ("email", "username", "carte_id", "registration_id")})


def _name(given: Any) -> str | None:
    return given if isinstance(given, str) and 0 < len(fold(given).encode()) <= MAX_FOLDED_BYTES else None
