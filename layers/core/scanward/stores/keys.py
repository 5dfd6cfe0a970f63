"""Every DynamoDB key of the system is spelled here and nowhere else."""

from zlib import crc32

DUE_SHARDS = CONNECTION_SHARDS = LIST_SHARDS = 8
POSITIONS = 10**16  # more than there are ids

PROFILE = "PROFILE"
GATE = "GATE"
MARKER = "MARKER"
ADMINISTRATORS = "ADMINISTRATORS"
TOKEN = "TOKEN"
SHEET = "SHEET"
EXPORT = "EXPORT"
COUNT = "COUNT"
SCAN = "SCAN"
TASK = "TASK"
CONNECTION = "CONNECTION"
SUBSCRIPTION_PREFIX = "SUB#"
SLOT_PREFIX = "SLOT#"
LINK_PREFIX = "LINK#"
GLASS_PREFIX = "GLASS#"
REFUSAL_PREFIX = "REFUSED#"
SESSION_END = "ENDED"
DEPARTMENT = "DEPARTMENT"
DEPARTMENT_PREFIX = "DEPARTMENT#"
MEMBERSHIPS = "MEMBERSHIPS"
PATIENTS_IN_PREFIX = "PATIENTS_IN#"
RECORD = "RECORD"
HISTORY = "HISTORY"
QUESTION = "QUESTION"
NOTICE = "NOTICE"
NOTICE_PREFIX = "NOTICE#"
VERSION_PREFIX = "VERSION#"
ANALYSIS_PREFIX = "ANALYSIS#"
DURATION = "DURATION"
REMOVED_SCAN = "GONE"
READING_PREFIX = "READING#"
UNDO_PREFIX = "UNDO#"
RESET_LINK = "RESET_LINK"
PSEUDONYMS = "PSEUDONYMS"


def account(account_id: int) -> str:
    return f"ACCOUNT#{account_id}"


def marker(field: str, unique_text: str) -> str:
    """Return the key that holds a unique name, such as EMAIL#ada@example.org."""
    return f"{field.upper()}#{unique_text}"


def user_list(role: str | None, active: bool | None, is_approved: bool | None, shard: int) -> str:
    """Return a shard of the list of accounts under these filters; `*` where a filter is not set."""
    filters = ("*" if value is None else str(value) for value in (role, active, is_approved))
    return f"USERS#{'#'.join(filters)}#{shard}"


def mails(hour: int) -> str:
    """Return an account's item of the mails that it was sent in a Unix hour."""
    return f"MAILS#{hour}"


def mails_for(hour: int, part: str) -> str:
    """Return those of an account's mails that one network asked for, or that one address was sent."""
    return f"MAILS#{hour}#{part}"


def undo(token_hash: str) -> str:
    """Return a token that brings an account back to an earlier address; below the account, that there is one."""
    return f"{UNDO_PREFIX}{token_hash}"


def address(address_hash: str) -> str:
    return f"ADDRESS#{address_hash}"


def list_shard(account_id: int) -> int:
    """Return which shard of each list holds an account."""
    return account_id % LIST_SHARDS


def sortable(number: int) -> str:
    """Return an id as a sort key: its 16 digits sort as the numbers do."""
    return f"{number:016d}"


def scan(scan_id: int) -> str:
    return f"SCAN#{scan_id}"


def task(task_id: int) -> str:
    return f"TASK#{task_id}"


def care(patient_id: int) -> str:
    return f"CARE#{patient_id}"


def link(professional_id: int) -> str:
    return f"{LINK_PREFIX}{professional_id}"


def refusal(professional_id: int) -> str:
    """Return where it is kept that a patient withdrew from a professional, until they let them in anew."""
    return f"{REFUSAL_PREFIX}{professional_id}"


def departure(department_id: int) -> str:
    """Return where it is kept that a patient left a department, until their consent leads back."""
    return f"LEFT#{department_id}"


def glass(doctor_id: int) -> str:
    return f"{GLASS_PREFIX}{doctor_id}"


def glasses(doctor_id: int) -> str:
    """Return where it is counted how often a doctor broke the glass."""
    return f"GLASSES#{doctor_id}"


def patients_of(professional_id: int) -> str:
    """Return the list of the patients who let a professional in."""
    return f"PATIENTS#{professional_id}"


def doctors_of(patient_id: int) -> str:
    """Return the list of the professionals whom a patient let in."""
    return f"DOCTORS#{patient_id}"


def connect(token_hash: str) -> str:
    """Return a connect token that has not been used."""
    return f"CONNECT#{token_hash}"


def connects_of(professional_id: int) -> str:
    return f"CONNECTS#{professional_id}"


def export(account_id: int) -> str:
    return f"EXPORT#{account_id}"


def chart(patient_id: int) -> str:
    return f"SHEET#{patient_id}"


def by_time(ms: int, number: int) -> str:
    """Return a place in a list that is sorted by time: Unix milliseconds, then an id."""
    return f"{ms:013d}#{number:016d}"


def time_position(key: str) -> int:
    """Return a place of `by_time` as a number that a cursor can carry: milliseconds times POSITIONS, plus the id."""
    ms, _, number = key.partition("#")
    return int(ms) * POSITIONS + int(number)


def department(department_id: int) -> str:
    return f"DEPARTMENT#{department_id}"


def departments(shard: int) -> str:
    """Return a shard of the list of open departments."""
    return f"DEPARTMENTS#{shard}"


def doctors_in(department_id: int) -> str:
    return f"DOCTORS_IN#{department_id}"


def patients_in(department_id: int) -> str:
    return f"{PATIENTS_IN_PREFIX}{department_id}"


def record(record_id: int) -> str:
    return f"RECORD#{record_id}"


def records_of(patient_id: int) -> str:
    return f"RECORDS#{patient_id}"


def records_in(department_id: int) -> str:
    """Return the list of the records that were written while their patient was in a department."""
    return f"RECORDS_IN#{department_id}"


def history(history_id: int) -> str:
    return f"HISTORY#{history_id}"


def histories_of(patient_id: int) -> str:
    return f"HISTORIES#{patient_id}"


def version(number: int) -> str:
    """Return what an amendment replaced, below the thing itself."""
    return f"{VERSION_PREFIX}{number:08d}"


def question(question_id: int) -> str:
    return f"QUESTION#{question_id}"


def questions_of(patient_id: int) -> str:
    return f"QUESTIONS#{patient_id}"


def pool(shard: int) -> str:
    """Return a shard of the list of questions that any doctor may answer."""
    return f"POOL#{shard}"


def pending_of(doctor_id: int) -> str:
    """Return the list of the questions that wait for one doctor."""
    return f"PENDING#{doctor_id}"


def notification(account_id: int) -> str:
    return f"NOTICE#{account_id}"


def notice(at_ms: int, professional_id: int) -> str:
    """Return the place of what an account was told of a professional, among all that it was told."""
    return f"{NOTICE_PREFIX}{by_time(at_ms, professional_id)}"


def thread(doctor_id: int, patient_id: int) -> str:
    """Return the list of a patient's questions that are one doctor's."""
    return f"THREAD#{doctor_id}#{patient_id}"


def access(patient_id: int) -> str:
    return f"ACCESS#{patient_id}"


def seals(patient_id: int) -> str:
    """Return the list of the seals over an access log."""
    return f"SEALS#{patient_id}"


def chains(shard: int) -> str:
    """Return a shard of the list of access logs that have seals."""
    return f"CHAINS#{shard}"


def scans_of(patient_id: int) -> str:
    return f"SCANS#{patient_id}"


def tasks_of(account_id: int) -> str:
    """Return the list of an account's tasks: those about it, and those it asked for."""
    return f"TASKS#{account_id}"


def analysis(task_id: int) -> str:
    """Return a task's place among the analyses of its scan."""
    return f"{ANALYSIS_PREFIX}{sortable(task_id)}"


def reading(at_ms: int, chance: str) -> str:
    """Return the place of a reading. `chance` tells those of one millisecond apart; rows from before have none."""
    return f"{READING_PREFIX}{at_ms:013d}-{chance}"


def idempotency(account_id: int) -> str:
    return f"ONCE#{account_id}"


def uploads(account_id: int) -> str:
    return f"UPLOADS#{account_id}"


def high_orders(account_id: int) -> str:
    """Return what is counted of an account's orders of the highest priority."""
    return f"HIGH#{account_id}"


def pseudonyms(account_id: int) -> str:
    return f"PSEUDONYMS#{account_id}"


def duration(lane: str) -> str:
    return f"DURATION#{lane}"


def connection(connection_id: str) -> str:
    return f"CONNECTION#{connection_id}"


def slot(number: int) -> str:
    """Return the key of one of an account's few sockets, below the account's own."""
    return f"{SLOT_PREFIX}{number}"


def connection_shard(connection_id: str) -> int:
    """Return which shard of the sockets' `due` index holds one."""
    return crc32(connection_id.encode()) % CONNECTION_SHARDS


def subscription(connection_id: str) -> str:
    return f"{SUBSCRIPTION_PREFIX}{connection_id}"


def number(key: str) -> int:
    """Return the id in a key such as `TASK#123`."""
    return int(key.partition("#")[2])


def text(key: str) -> str:
    """Return the name in a key such as `SUB#abc=`."""
    return key.partition("#")[2]


def due_shard(task_id: int) -> int:
    """Return which shard of the `due` index holds a task, so that no partition of it takes all writes."""
    return task_id % DUE_SHARDS
