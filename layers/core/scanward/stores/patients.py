"""Patients in DynamoDB: an account, and the chart that professionals keep of it, with its earlier versions."""

from collections.abc import Iterator

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactGet, TransactWrite

from scanward.domain.accounts import Account, Gender
from scanward.domain.patient_chart import ChartVersion
from scanward.errors import Conflict
from scanward.stores import keys
from scanward.stores.accounts import ProfileItem, account_of
from scanward.stores.dynamo import (
    ConditionFailed,
    TableItem,
    bind_table,
    connection,
    from_ms,
    get_item,
    retry_on_conflict,
    sdk_errors_mapped,
    to_ms,
    transact_write,
)


class ChartItem(TableItem):
    """SHEET#patient / SHEET, and what it replaced at SHEET#patient / version."""

    version = NumberAttribute()
    author_id = NumberAttribute()
    at_ms = NumberAttribute()
    name = UnicodeAttribute(null=True)
    age = NumberAttribute(null=True)
    gender = UnicodeAttribute(null=True)
    diagnosis = UnicodeAttribute(null=True)


class ChartStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        bind_table(ChartItem, table)

    def get(self, patient_id: int) -> ChartVersion | None:
        """Return the newest version, strongly consistent, or None."""
        item = get_item(ChartItem, keys.chart(patient_id), keys.SHEET)
        return chart_of(item) if item else None

    def versions(self, patient_id: int) -> Iterator[ChartVersion]:
        """Yield the newest version and all before it, strongly consistent, the newest first."""
        with sdk_errors_mapped():
            # The word sorts behind all digits, so the newest comes first.
            for item in ChartItem.query(keys.chart(patient_id), consistent_read=True, scan_index_forward=False):
                yield chart_of(item)

    def write(self, before: ChartVersion | None, after: ChartVersion) -> None:
        """Keep the next version and the one before it. Raises Conflict when another author wrote meanwhile."""
        fresh = ChartItem.pk.does_not_exist() if before is None else ChartItem.version == before.version

        def fill(write: TransactWrite) -> None:
            write.save(_item(after, keys.SHEET), condition=fresh)
            if before:
                write.save(_item(before, keys.sortable(before.version)))

        try:
            transact_write(fill)
        except ConditionFailed as error:
            if self.get(after.patient_id) != after:
                raise Conflict from error


def _item(sheet: ChartVersion, place: str) -> ChartItem:
    return ChartItem(
        keys.chart(sheet.patient_id),
        place,
        version=sheet.version,
        author_id=sheet.author_id,
        at_ms=to_ms(sheet.at),
        name=sheet.name,
        age=sheet.age,
        gender=sheet.gender.value if sheet.gender else None,
        diagnosis=sheet.diagnosis,
    )


def chart_of(item: ChartItem) -> ChartVersion:
    """Return the version that an item spells."""
    return ChartVersion(
        patient_id=keys.number(item.pk),
        version=int(item.version),
        author_id=int(item.author_id),
        at=from_ms(item.at_ms),
        name=item.name,
        age=int(item.age) if item.age is not None else None,
        gender=Gender(item.gender) if item.gender else None,
        diagnosis=item.diagnosis,
    )


class PatientStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, accounts_table: str, clinic_table: str) -> None:
        bind_table(ProfileItem, accounts_table)
        bind_table(ChartItem, clinic_table)

    def get(self, account_id: int) -> tuple[Account, ChartVersion | None] | None:
        """Return an account and the newest version of its sheet, if it has one, as they are at one moment."""
        patients_with_charts: list[tuple[Account, ChartVersion | None]] = []

        def read() -> None:
            with TransactGet(connection=connection()) as both:
                profile = both.get(ProfileItem, keys.account(account_id), keys.PROFILE)
                newest = both.get(ChartItem, keys.chart(account_id), keys.SHEET)
            try:
                account = account_of(profile.get())
            except ProfileItem.DoesNotExist:
                return
            try:
                patients_with_charts.append((account, chart_of(newest.get())))
            except ChartItem.DoesNotExist:
                patients_with_charts.append((account, None))

        retry_on_conflict(read)
        return patients_with_charts[0] if patients_with_charts else None
