"""Sign-off: one person prepares the sheet of a date, another signs it, and then it is locked."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from breaks.services.acting import check_actor
from breaks.services.lifecycle import WorkRefused
from connectors.expectations import business_day, is_business_day
from matching.models import Reconciliation
from reporting.choices import SignOffAct, SignOffStatus
from reporting.models import SignOff, SignOffEvent
from reporting.selectors.sign_off import Sheet, changes, exceptions, faults, sheet_of
from workflows.services.daily.places import today_of

# So many days back a date that has ended gets a sheet by itself.
LOOK_BACK = timedelta(days=7)
COUNTS = {"trades": "trades", "matched": "matched", "broken": "broken", "pending": "pending",
          "unresolved": "breaks"}  # fmt: skip


class SignOffRefused(WorkRefused):
    """Nothing was changed; the sentence says why and what to do."""


def open_due_sheets(*, at: datetime) -> list[SignOff]:
    """Make the sheets of the dates that have ended of late and have none; twice does no harm."""
    made = []
    for one in Reconciliation.objects.filter(is_enabled=True).select_related(
        "left_source", "right_source"
    ):
        today = _begun(one, at)
        days = (today - timedelta(days=back) for back in range(1, LOOK_BACK.days + 1))
        due = {day for day in days if is_business_day(one.calendar, day)}
        known = SignOff.objects.filter(reconciliation=one, business_date__in=due)
        fresh = due - set(known.values_list("business_date", flat=True))
        made += [SignOff(reconciliation=one, business_date=day) for day in sorted(fresh)]
    return SignOff.objects.bulk_create(made, ignore_conflicts=True)


def open_sheet(*, reconciliation_id: int, business_date: date, by: User, at: datetime) -> SignOff:
    """
    Return the sheet of a date, made if there is none.

    :raises SignOffRefused: if the date is none to sign for, or has not ended.
    """
    check_actor(by)
    one = Reconciliation.objects.select_related("left_source", "right_source").get(
        pk=reconciliation_id
    )
    if not is_business_day(one.calendar, business_date):
        next_one = business_day(one.calendar, business_date, 0)
        raise SignOffRefused(
            f"{business_date} is no business day of {one.code}; its trades are signed for with "
            f"{next_one}."
        )
    if business_date >= _begun(one, at):
        raise SignOffRefused(
            f"{business_date} has not ended at both sources of {one.code}; sign for it afterwards."
        )
    made, _ = SignOff.objects.get_or_create(reconciliation=one, business_date=business_date)
    return made


def prepare(
    *, sign_off_id: int, version: int | None, by: User, at: datetime, note: str = ""
) -> SignOff:
    """
    Keep the figures of the date as they stand, for another person to sign.

    :raises SignOffRefused: if they do not add up, or are not clean and no note says why.
    """
    check_actor(by)
    row = _read(sign_off_id, version)
    if row.status != SignOffStatus.OPEN:
        raise SignOffRefused(f"{row} {_stands(row)}.")
    sheet = _sheet_now(row, at)
    if said := faults(sheet):
        raise SignOffRefused(" ".join(said))
    note = note.replace("\x00", "").strip()
    if (unclean := exceptions(sheet)) and not note:
        raise SignOffRefused(f"Say in the note why it is to be signed so. {' '.join(unclean)}")

    def change() -> None:
        row.status = SignOffStatus.PREPARED
        row.prepared_by, row.prepared_at, row.note = by, at, note
        for column, figure in COUNTS.items():
            setattr(row, column, sheet[figure])

    return _write(row, SignOffAct.PREPARED, change, by=by, at=at, note=note, sheet=sheet)


def sign(
    *, sign_off_id: int, version: int | None, by: User, at: datetime, note: str = ""
) -> SignOff:
    """
    Sign the figures that another person prepared, and lock them.

    :raises SignOffRefused: if the signer prepared them, or they are not what stands any more.
    """
    check_actor(by)
    row = _read(sign_off_id, version)
    if row.status != SignOffStatus.PREPARED:
        raise SignOffRefused(f"{row} {_stands(row)}.")
    if row.prepared_by_id == by.pk:
        raise SignOffRefused(f"{row} was prepared by {by}; another person has to sign it.")
    if moved := changes(kept_sheet(row) or {}, _sheet_now(row, at)):
        said = ", ".join(one.label.lower() for one in moved)
        raise SignOffRefused(
            f"The figures are not those that {row.prepared_by} prepared: {said}. Send it back, "
            "and have it prepared again."
        )

    def change() -> None:
        row.status = SignOffStatus.SIGNED
        row.signed_by, row.signed_at = by, at

    return _write(row, SignOffAct.SIGNED, change, by=by, at=at, note=note.strip())


def send_back(
    *, sign_off_id: int, version: int | None, by: User, at: datetime, reason: str
) -> SignOff:
    """
    Take a prepared sheet back before it is signed: the preparer may, and whoever may sign.

    :raises SignOffRefused: if it is not prepared, or no reason is given.
    """
    return _take_back(
        sign_off_id, version, by, at, reason, SignOffStatus.PREPARED, SignOffAct.SENT_BACK
    )


def reopen(
    *, sign_off_id: int, version: int | None, by: User, at: datetime, reason: str
) -> SignOff:
    """
    Unlock a signed date, to be prepared and signed anew; what was signed stays in its history.

    :raises SignOffRefused: if it is not signed, or no reason is given.
    """
    return _take_back(
        sign_off_id, version, by, at, reason, SignOffStatus.SIGNED, SignOffAct.REOPENED
    )


def kept_sheet(row: SignOff) -> Sheet | None:
    """Return the sheet as it was prepared last; None while nothing is prepared."""
    if row.status == SignOffStatus.OPEN:
        return None
    last = row.events.filter(act=SignOffAct.PREPARED).order_by("-sequence").first()
    return last.sheet if last else None


def first_break_of_chain(row: SignOff) -> int | None:
    """Return the place of the first act whose digest is not what it should be; None if all are."""
    previous = ""
    for place, event in enumerate(row.events.order_by("sequence"), start=1):
        if event.sequence != place or event.digest != digest_of(event, previous):
            return place
        previous = event.digest
    return None


def digest_of(event: SignOffEvent, previous: str) -> str:
    """Return the SHA-256 over an act, its sheet and the digest of the act before it."""
    told = [
        previous, event.sign_off_id, event.sequence, event.act, event.by_id,
        event.at.astimezone(UTC).isoformat(), event.note, event.sheet,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _take_back(  # noqa: PLR0917  one call an act, each on a line
    sign_off_id: int,
    version: int | None,
    by: User,
    at: datetime,
    reason: str,
    wanted: SignOffStatus,
    act: SignOffAct,
) -> SignOff:
    check_actor(by)
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise SignOffRefused("Give a reason: it stays beside the figures for good.")
    row = _read(sign_off_id, version)
    if row.status != wanted:
        raise SignOffRefused(f"{row} {_stands(row)}.")

    def change() -> None:
        row.status, row.note = SignOffStatus.OPEN, ""
        row.prepared_by = row.prepared_at = row.signed_by = row.signed_at = None
        for column in COUNTS:
            setattr(row, column, None)

    return _write(row, act, change, by=by, at=at, note=reason)


def _read(sign_off_id: int, version: int | None) -> SignOff:
    joined = ("reconciliation__left_source", "reconciliation__right_source", "prepared_by")
    row = SignOff.objects.select_related(*joined).get(pk=sign_off_id)
    if version is not None and row.version != version:
        raise _moved(row)
    return row


def _moved(row: SignOff) -> SignOffRefused:
    last = row.events.select_related("by").last()
    what = f"{last.get_act_display().lower()} by {last.by}" if last else "changed"
    return SignOffRefused(f"{row} was {what} meanwhile: look at it again.")


def _stands(row: SignOff) -> str:
    return {
        SignOffStatus.OPEN: "is not prepared yet",
        SignOffStatus.PREPARED: f"is prepared by {row.prepared_by} and waits for a signature",
        SignOffStatus.SIGNED: "is signed and locked; a supervisor can re-open it with a reason",
    }[SignOffStatus(row.status)]


def _sheet_now(row: SignOff, at: datetime) -> Sheet:
    return sheet_of(reconciliation=row.reconciliation, business_date=row.business_date, at=at)


def _begun(one: Reconciliation, at: datetime) -> date:
    """Return the date that has begun at both sources; those before it have ended."""
    return min(today_of(one.left_source, at), today_of(one.right_source, at))


def _write(
    row: SignOff,
    act: SignOffAct,
    change: Callable[[], None],
    *,
    by: User,
    at: datetime,
    note: str,
    sheet: Sheet | None = None,
) -> SignOff:
    """Write a row that nobody changed since it was read, and its event, in one transaction."""
    change()
    values: dict[str, Any] = {
        name: getattr(row, name)
        for name in ("status", "prepared_by", "prepared_at", "note", "signed_by", "signed_at",
                     *COUNTS)
    }  # fmt: skip
    try:
        with transaction.atomic():
            same = SignOff.objects.filter(pk=row.pk, version=row.version)
            if not same.update(**values, version=row.version + 1):
                raise _moved(_read(row.pk, None))
            _append(row, act, by=by, at=at, note=note, sheet=sheet)
    except IntegrityError as collision:
        raise _moved(_read(row.pk, None)) from collision
    row.version += 1
    return row


def _append(
    row: SignOff, act: SignOffAct, *, by: User, at: datetime, note: str, sheet: Sheet | None
) -> None:
    last = row.events.order_by("-sequence").first()
    event = SignOffEvent(
        sign_off=row,
        sequence=last.sequence + 1 if last else 1,
        act=act,
        by=by,
        at=at,
        note=note,
        sheet=sheet,
    )
    event.digest = digest_of(event, last.digest if last else "")
    event.save(force_insert=True)
