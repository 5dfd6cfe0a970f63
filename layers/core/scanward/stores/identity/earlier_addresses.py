"""The addresses that an account can be brought back to, as its item spells them."""

from typing import Any

from scanward.domain.accounts import EarlierAddress
from scanward.stores.dynamo import from_ms, to_ms


def earlier_addresses_map(addresses: tuple[EarlierAddress, ...]) -> dict[str, Any]:
    """Return what is stored."""
    rows = [
        {
            "id": one.id,
            "email": one.email,
            "since_ms": to_ms(one.since),
            "ends_ms": to_ms(one.ends),
            "change": one.change,
            **(
                {"one_time_password_since_ms": to_ms(one.one_time_password_since)}
                if one.one_time_password_since
                else {}
            ),
        }
        for one in addresses
    ]
    return {"addresses": rows}


def earlier_addresses_of(stored_addresses: dict[str, Any]) -> tuple[EarlierAddress, ...]:
    """Return what a stored map spells."""
    return tuple(
        EarlierAddress(
            id=row["id"],
            email=row["email"],
            since=from_ms(row["since_ms"]),
            ends=from_ms(row["ends_ms"]),
            change=row["change"],
            one_time_password_since=from_ms(row["one_time_password_since_ms"])
            if "one_time_password_since_ms" in row
            else None,
        )
        for row in stored_addresses["addresses"]
    )
