"""The way to a patient's data: policy, grant and access log (audit log), in this order, none without the others."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from scanward.domain.accounts import Actor
from scanward.domain.care import AccessEntry, Glass, Grant
from scanward.domain.policy import Action, Relation, Resource, allows, relation_of
from scanward.errors import NotAllowed, NotFound

if TYPE_CHECKING:
    from scanward.stores.care import CareStore
    from scanward.stores.notifications import NotificationStore
    from scanward.stores.rate_limits import GlassRateStore

T = TypeVar("T")
Grants = Mapping[int, Grant]
NO_GRANTS: Grants = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ResourceRef:
    """What is reached for: a kind, such as `scan`, and which."""

    kind: str
    id: int


class Access:
    """Lets actors at patients' data."""

    def __init__(self, care: "CareStore", now: Callable[[], datetime]) -> None:
        self._care = care
        self._now = now

    def require(self, actor: Actor, action: Action, patient_id: int, thing: ResourceRef) -> Relation:
        """Let the actor at the thing, log it when it is another's, and return what the actor is to the patient.

        Raises NotFound to whom the patient is a stranger, NotAllowed to whom they are not but who may not do this.
        One's own data cost no round trip, an administrator's look one, a professional's two.
        """
        grant = self._read_grant(actor, patient_id)
        resource = Resource(patient_id, grant.relation if grant else Relation.NONE)
        relation = relation_of(actor, resource)
        if not allows(actor, action, resource):
            raise NotFound if relation is Relation.NONE and not actor.is_admin else NotAllowed
        if relation is Relation.SELF:
            return relation
        entry = self._entry(
            actor=actor, action=action, patient_id=patient_id, thing=thing, reason=grant.reason if grant else None
        )
        if not self._care.log(entry, grant):
            raise NotFound
        return relation

    def still_allows(self, actor: Actor, action: Action, patient_id: int) -> bool:
        """Tell whether what `require` let the actor do once would be let again. Logs nothing: it was logged then.

        For an administrator no round trip, for a professional one.
        """
        grant = self._read_grant(actor, patient_id)
        return allows(actor, action, Resource(patient_id, grant.relation if grant else Relation.NONE))

    def require_as(self, actor: Actor, action: Action, resource: Resource, thing: ResourceRef) -> None:
        """Require what `require` does where what the actor is to the patient is known from elsewhere than care: a
        question, a department.

        Raises as `require` does. What a patient decides of their own care is logged too. One round trip.
        """
        if not allows(actor, action, resource):
            stranger = relation_of(actor, resource) is Relation.NONE and not actor.is_admin
            raise NotFound if stranger else NotAllowed
        self._care.log(
            self._entry(actor=actor, action=action, patient_id=resource.patient_id, thing=thing, reason=None), None
        )

    def entry(
        self, actor: Actor, action: Action, owner_id: int, thing: ResourceRef, *, change: str | None = None
    ) -> AccessEntry | None:
        """Return what to log of a change, for who writes it in the change's own transaction; None of a change of one's
        own. `change` says what changed, without a value of a person.

        Where no grant is needed: raises NotAllowed for all but owners and administrators.
        """
        if not allows(actor, action, Resource(owner_id)):
            raise NotAllowed
        if actor.account_id == owner_id:
            return None
        entry = self._entry(actor=actor, action=action, patient_id=owner_id, thing=thing, reason=None)
        return replace(entry, change=change)

    def read_grants(self, actor: Actor, action: Action, patient_ids: Iterable[int]) -> dict[int, Grant]:
        """Return patient → what opens their data, of those to whom the actor may do this. Who shows it logs it."""
        grants = self._care.grants(actor, sorted(set(patient_ids)), self._now())
        return {
            number: grant for number, grant in grants.items() if allows(actor, action, Resource(number, grant.relation))
        }

    def log_each(
        self, actor: Actor, action: Action, things: Iterable[tuple[int, ResourceRef]], grants: Grants = NO_GRANTS
    ) -> None:
        """Log what a list is about to show: (patient, thing) pairs that it found the actor may see.

        `grants`, where a broken glass may be among what opened them: its reason is logged.
        """
        reasons = {number: grant.reason for number, grant in grants.items()}
        others = ((patient_id, thing) for patient_id, thing in things if patient_id != actor.account_id)
        self._care.log_all(
            self._entry(actor=actor, action=action, patient_id=patient_id, thing=thing, reason=reasons.get(patient_id))
            for patient_id, thing in others
        )

    def log_listed(
        self, actor: Actor, action: Action, patient_ids: Iterable[int], kind: str, grants: Grants = NO_GRANTS
    ) -> None:
        """Log what a list is about to show: patients whom it found by a grant that holds."""
        self.log_each(actor, action, ((number, ResourceRef(kind, number)) for number in patient_ids), grants)

    def break_glass(
        self,
        actor: Actor,
        patient_id: int,
        reason: str,
        *,
        glass_rates: "GlassRateStore",
        notices: "NotificationStore",
    ) -> Glass:
        """Let a doctor without a grant read for a while, for a reason that is logged, and notify the patient.

        Raises NotAllowed, and TooManyRequests for who did so as often as may be in a day.
        """
        if not allows(actor, Action.BREAK_GLASS, Resource(patient_id)):
            raise NotAllowed
        entry = self._entry(
            actor=actor,
            action=Action.BREAK_GLASS,
            patient_id=patient_id,
            thing=ResourceRef("patient", patient_id),
            reason=reason,
        )
        glass = Glass(patient_id, actor.account_id, reason, entry.at)
        self._care.break_glass(glass, entry, glass_rates, notices)
        return glass

    def _entry(
        self, actor: Actor, action: Action, patient_id: int, thing: ResourceRef, reason: str | None
    ) -> AccessEntry:
        return AccessEntry(
            patient_id=patient_id,
            at=self._now(),
            actor_id=actor.account_id,
            actor_role=actor.role,
            action=action.value,
            resource=thing.kind,
            resource_id=thing.id,
            reason=reason,
        )

    def filter_allowed(self, actor: Actor, action: Action, things: Sequence[T], whose: Callable[[T], int]) -> list[T]:
        """Return those of one's own list that the actor may still see, each other patient logged.

        It costs two round trips for each hundred patients: one for their grants, one for their entries.
        """
        patients = {whose(thing) for thing in things} - {actor.account_id}
        grants = self._care.grants(actor, patients, self._now()) if patients and actor.is_professional else {}
        relations = {number: grant.relation for number, grant in grants.items()}
        allowed_patients = {
            number
            for number in {*patients, actor.account_id}
            if allows(actor, action, Resource(number, relations.get(number, Relation.NONE)))
        }
        self.log_listed(
            actor=actor, action=action, patient_ids=sorted(patients & allowed_patients), kind="tasks", grants=grants
        )
        return [thing for thing in things if whose(thing) in allowed_patients]

    def _read_grant(self, actor: Actor, patient_id: int) -> Grant | None:
        if actor.account_id == patient_id or actor.is_admin or not actor.is_professional:
            return None
        return self._care.grant(actor, patient_id, self._now())
