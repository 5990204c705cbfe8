"""The daily report: the same figures in every file, inert text, mailed once a person and date."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.urls import reverse

from reporting.formats import Report, as_csv, as_pdf, as_xlsx
from reporting.formats.report import COUNT, MONEY, TEXT, Section
from reporting.models import DailyReport, ReportSubscription
from reporting.selectors.daily import daily_report
from reporting.services.daily_reports import enclosures, issue_due_reports
from tests import factories
from tests.both_databases import on_both
from tests.concurrency import at_once
from trades.spreadsheet import restore
from workflows.models import Notification
from workflows.services.notifications import send_due

# A Thursday: the business date that ended last is Wednesday everywhere.
AT = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
HOSTILE = ["=1+1", "+cmd|'/c calc'!A0", "@SUM(A1)", "-2+3", "<b>&amp;", "a\x07b", "O'Neil; x", ""]


@pytest.fixture
def report():
    rows = [[text, str(at), f"{at}.5000000001"] for at, text in enumerate(HOSTILE)]
    return Report(
        "Daily report 2026-03-04", "As of now", "daily-report",
        [
            Section("Of [all]: kinds", [("Name", TEXT), ("Count", COUNT), ("Amount", MONEY)], rows),
            Section("Large", [("Break", COUNT), ("Amount", MONEY)],
                    [["1234567", "123456789012345678.1234567891"], ["", ""]]),
            Section("Nothing here", [("Name", TEXT)], []),
        ],
    )  # fmt: skip


def texts_of(pdf):
    """Return what a PDF that is not compressed draws, line by line."""
    texts = []
    for line in re.findall(rb"BT .*? ET", pdf, re.DOTALL):
        drawn = b"".join(re.findall(rb"\(((?:\\.|[^()\\])*)\) Tj", line))
        texts.append(re.sub(rb"\\(.)", rb"\1", drawn).decode("cp1252").strip())
    return texts


class TestFiles:
    def test_csv_holds_every_cell_and_no_formula(self, report):
        lines = list(csv.reader(io.StringIO(as_csv(report).decode("utf-8-sig"))))

        assert not [cell for line in lines for cell in line if cell[:1] in "=+@" and cell]
        for section in report.sections:
            at = next(n for n, line in enumerate(lines) if line == [section.title])
            for place, row in enumerate(section.rows):
                assert [restore(cell) for cell in lines[at + 2 + place]] == list(row)

    def test_xlsx_holds_numbers_as_numbers_and_text_as_text(self, report):
        from openpyxl import load_workbook

        book = load_workbook(io.BytesIO(as_xlsx(report)))
        sheet = book.worksheets[0]
        cells = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=6)]

        assert [cell.data_type for row in sheet.iter_rows(min_row=6) for cell in row[:1]].count(
            "f"
        ) == 0
        assert [row[0] or "" for row in cells] == [text.replace("\x07", "") for text in HOSTILE]
        assert [row[1] for row in cells] == list(range(len(HOSTILE)))
        assert all(isinstance(row[2], int | float) for row in cells)
        assert book.worksheets[1]["B6"].value == "123456789012345678.1234567891"

    def test_pdf_draws_every_figure(self, report):
        drawn = texts_of(as_pdf(report, compressed=False))

        assert {"Daily report 2026-03-04", "Of [all]: kinds", "Nothing."} <= set(drawn)
        for at in range(len(HOSTILE)):
            assert f"{at}.50" in drawn
        assert "1,234,567" in drawn
        assert "<b>&amp;" in drawn

    def test_pdf_is_the_same_to_the_byte(self, report):
        assert as_pdf(report) == as_pdf(report)

    def test_what_is_kept_is_what_was_made(self, report):
        again = Report.from_json(report.as_json())

        assert (as_csv(again), as_pdf(again)) == (as_csv(report), as_pdf(report))


@pytest.mark.django_db
class TestFigures:
    def test_every_file_of_a_report_says_the_same(self, supervisor):
        from openpyxl import load_workbook

        for n in range(5):
            factories.trade_break(
                severity=("HIGH", "LOW")[n % 2], exposure=f"{n}.5", opened_at=AT - timedelta(n)
            )
        factories.run(requested_at=AT - timedelta(hours=1), auto_matched=12)
        found = daily_report(user=supervisor, business_date=factories.TRADE_DATE, at=AT)

        lines = list(csv.reader(io.StringIO(as_csv(found).decode("utf-8-sig"))))
        book = load_workbook(io.BytesIO(as_xlsx(found)))
        drawn = texts_of(as_pdf(found, compressed=False))
        for section, sheet in zip(found.sections, book.worksheets, strict=True):
            start = lines.index([section.title]) + 2
            for place, row in enumerate(section.rows):
                in_csv = [restore(cell) for cell in lines[start + place]]
                cells = next(sheet.iter_rows(min_row=6 + place, max_row=6 + place))
                assert in_csv == list(row)
                for text, kind, cell in zip(row, section.kinds, cells, strict=False):
                    is_text = kind == TEXT or not text
                    assert (
                        (cell.value or "") == text
                        if is_text
                        else Decimal(str(cell.value)) == Decimal(text)
                    )
            for row in section.shown:
                assert {text for text, is_number in row if is_number and text} <= set(drawn)
        assert found.sections[0].rows[0] == ["Open breaks", "5"]

    def test_it_holds_what_its_reader_may_see(self, analyst, supervisor):
        factories.trade_break(team=factories.team(), exposure="77123.45")

        mine, all_of_it = (
            as_csv(daily_report(user=user, business_date=factories.TRADE_DATE, at=AT)).decode()
            for user in (analyst, supervisor)
        )

        assert "77123.45" not in mine
        assert "77123.45" in all_of_it


def subscribed(group="Analyst", **over):
    person = factories.user(group, email=f"p{factories.number()}@example.com")
    return ReportSubscription.objects.create(person=person, **over)


@pytest.mark.django_db
class TestMailing:
    def test_goes_out_once_with_its_files(self, settings):
        settings.EMAIL_HOST = "mail.example.com"
        one = subscribed(with_csv=True)

        assert len(issue_due_reports(at=AT)) == 1
        assert issue_due_reports(at=AT + timedelta(hours=1)) == []
        send_due(now=lambda: AT + timedelta(hours=1))

        assert len(mail.outbox) == 1
        sent = mail.outbox[0]
        assert sent.to == [one.person.email]
        assert [name for name, _, _ in sent.attachments] == [
            f"daily-report-2026-03-04.{kind}" for kind in ("pdf", "xlsx", "csv")
        ]
        assert "Open breaks: 0" in sent.body

    def test_a_second_attempt_holds_the_figures_of_the_first(self, settings):
        settings.EMAIL_HOST = "mail.example.com"
        subscribed()
        issue_due_reports(at=AT)
        notice = Notification.objects.get(kind="DAILY_REPORT")
        first = enclosures(notice)
        factories.trade_break()

        assert enclosures(notice)[0] == first[0]

    def test_without_a_mail_server_it_stands_in_the_inbox(self, settings):
        settings.EMAIL_HOST = ""
        subscribed()

        issue_due_reports(at=AT)

        notice = Notification.objects.get()
        assert (notice.status, notice.is_listed) == ("INBOX", True)
        assert notice.link == reverse(
            "admin:reporting_dailyreport_change", args=[DailyReport.objects.get().pk]
        )

    def test_who_left_or_is_turned_off_gets_none(self):
        subscribed(is_enabled=False)
        gone = subscribed().person
        gone.is_active = False
        gone.save()

        assert issue_due_reports(at=AT) == []

    @pytest.mark.parametrize(("on_weekends", "count"), [(False, 0), (True, 1)])
    def test_a_saturday_is_for_those_who_asked(self, on_weekends, count):
        subscribed(on_weekends=on_weekends)

        assert len(issue_due_reports(at=datetime(2026, 3, 8, 12, tzinfo=UTC))) == count

    def test_nobody_without_an_address_subscribes(self):
        row = ReportSubscription(person=factories.user("Analyst"))

        with pytest.raises(ValidationError, match="has no e-mail address"):
            row.full_clean()


@pytest.mark.django_db
class TestPages:
    def test_everybody_has_their_own(self, browser_as):
        mine, others = (subscribed().person for _ in range(2))
        issue_due_reports(at=AT)
        browser = browser_as(mine)
        theirs = DailyReport.objects.get(person=others)
        ours = DailyReport.objects.get(person=mine)

        for row, status in ((ours, 200), (theirs, 404)):
            page = reverse("admin:reporting_dailyreport_change", args=[row.pk])
            file = reverse("admin:reporting_report_file", args=[row.pk, "csv"])
            assert [browser.get(page).status_code, browser.get(file).status_code] == [status] * 2

    def test_as_of_now_is_shown_and_not_kept(self, browser_as, analyst):
        browser = browser_as(analyst)

        page = browser.get(reverse("admin:reporting_dailyreport_now"))
        answers = {
            name: browser.get(reverse("admin:reporting_report_now_file", args=[name])).status_code
            for name in ("pdf", "xlsx", "csv", "exe")
        }

        assert page.status_code == 200
        assert answers == {"pdf": 200, "xlsx": 200, "csv": 200, "exe": 404}
        assert not DailyReport.objects.exists()


def of_two_schedulers_at_once_one_makes_it() -> None:
    subscribed()

    made = at_once(*[lambda: issue_due_reports(at=AT)] * 4)

    assert sorted(len(one) for one in made) == [0, 0, 0, 1]
    assert Notification.objects.filter(kind="DAILY_REPORT").count() == 1


test_on_sqlite, test_on_postgres = on_both(of_two_schedulers_at_once_one_makes_it)
