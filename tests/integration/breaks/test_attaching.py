"""Files kept with a break."""

import hashlib

import pytest

from breaks.models import BreakAttachment
from breaks.services import work
from breaks.services.acting import StaleBreak
from breaks.services.attaching import LARGEST, attach, cleaned_name
from breaks.services.lifecycle import WorkRefused
from tests import factories


def keep(row, by, name="confirm.pdf", content=b"%PDF-1.7", version=None, **given):
    return attach(
        break_id=row.pk, version=version, name=name, content=content, by=by, at=factories.NOW,
        **given,
    )  # fmt: skip


def test_is_kept_whole_and_named_in_the_history(price_break, analyst, desk):
    content = bytes(range(256)) * 40

    kept = keep(price_break, analyst, content=content, content_type="application/pdf", version=1)

    kept.refresh_from_db()
    digest = hashlib.sha256(content).hexdigest()
    assert bytes(kept.content) == content
    assert (kept.name, kept.size, kept.digest) == ("confirm.pdf", 10_240, digest)
    event = price_break.events.last()
    assert (event.kind, event.by) == ("ATTACHED", analyst)
    assert event.detail == {
        "attachment": kept.pk, "name": "confirm.pdf", "size": 10_240, "digest": digest,
    }  # fmt: skip
    desk.check()


def test_an_ended_break_takes_files_too(price_break, analyst):
    work.resolve(
        break_id=price_break.pk, version=1, reason_code="BOOKED", by=analyst, at=factories.NOW
    )

    assert keep(price_break, analyst).trade_break == price_break


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\chen\\Confirm 3.pdf", "Confirm 3.pdf"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie x.txt"),
        ('say "hi" <b>.html', "say hi b.html"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        (" .hidden. ", "hidden"),
        ("Ümlaut résumé.docx", "Ümlaut résumé.docx"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("x" * 300, "x" * 120),
    ],
)
def test_a_name_loses_what_could_mislead(given, kept):
    assert cleaned_name(given) == kept


@pytest.mark.parametrize("given", ["", "...", "/", "\x00\u200b", "a/.."])
def test_a_file_without_a_name_is_refused(given):
    with pytest.raises(WorkRefused, match="rename it"):
        cleaned_name(given)


@pytest.mark.parametrize(
    ("content", "why"), [(b"", "is empty"), (b"x" * (LARGEST + 1), "at most 10 MB")]
)
def test_what_is_empty_or_too_large_is_not_kept(price_break, analyst, content, why):
    with pytest.raises(WorkRefused, match=why):
        keep(price_break, analyst, content=content)

    assert not BreakAttachment.objects.exists()
    assert price_break.events.count() == 1


def test_a_type_that_is_none_is_not_kept(price_break, analyst):
    kept = keep(price_break, analyst, content_type="text/html\r\nX: y")

    assert kept.content_type == "application/octet-stream"


def test_a_stale_one_leaves_no_file(price_break, analyst, other):
    work.comment(break_id=price_break.pk, version=1, text="x", by=other, at=factories.NOW)

    with pytest.raises(StaleBreak):
        keep(price_break, analyst, version=1)

    assert not BreakAttachment.objects.exists()


def test_whoever_is_not_active_attaches_nothing(price_break):
    with pytest.raises(WorkRefused, match="Sign in"):
        keep(price_break, factories.user(is_active=False))
