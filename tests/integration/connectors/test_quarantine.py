import json
from datetime import timedelta

import pytest

from connectors.choices import DeliveryStatus, RejectStatus
from connectors.models import Delivery, RejectedRow
from connectors.services import discard, receive_file, replay
from connectors.services.quarantine import ReasonMissing, RejectNotOpen, StillWrong
from tests import factories
from trades.models import Trade

pytestmark = pytest.mark.django_db

LATER = factories.NOW + timedelta(hours=1)
FILE = (
    "Qty,TradeID,TradeDate,Symbol,BuySellIndicator,Note\n"
    "100,C1,03/04/2026,AAPL,B,fine\n"
    "many,C2,03/04/2026,AAPL,B,not fine\n"
)


@pytest.fixture
def reject(tmp_path):
    """Return the rejected row of a file whose columns come in an order of their own."""
    path = tmp_path / "c.csv"
    path.write_text(FILE.replace("Qty", "Quantity"))
    source = factories.source("custodian")
    delivery = receive_file(path=path, source=source, by=None, at=factories.NOW)
    return delivery.rejects.get()


class TestReplay:
    def test_a_fixed_row_is_loaded_in_a_delivery_of_its_own(self, reject, analyst):
        fixed = reject.raw.replace("many", "1,000").replace("1,000", '"1,000"')

        delivery = replay(reject_id=reject.pk, fixed=fixed, by=analyst, at=LATER)

        assert (delivery.status, delivery.rows_in, delivery.loaded) == ("LOADED", 1, 1)
        assert (delivery.replay_of, delivery.requested_by) == (reject.delivery, analyst)
        trade = Trade.objects.get(source_trade_id="C2")
        assert (trade.quantity, trade.raw["Note"]) == (1000, "not fine")
        reject.refresh_from_db()
        assert (reject.status, reject.fixed) == (RejectStatus.REPLAYED, fixed)
        assert (reject.decided_by, reject.decided_at) == (analyst, LATER)

    @pytest.mark.parametrize(
        ("fixed", "said"),
        [
            ("many,C2,03/04/2026,AAPL,B,x", "'many' is not a number"),
            ("1,C2", "has 2 fields where the header has 6"),
            ("", "this is 0"),
            ("1,C2,03/04/2026,AAPL,B,x\n2,C3,03/04/2026,AAPL,B,x", "this is 2"),
        ],
    )
    def test_a_row_that_is_still_wrong_changes_nothing(self, reject, analyst, fixed, said):
        with pytest.raises(StillWrong, match=said):
            replay(reject_id=reject.pk, fixed=fixed, by=analyst, at=LATER)

        reject.refresh_from_db()
        assert (reject.status, reject.fixed, reject.decided_by) == (RejectStatus.OPEN, "", None)
        assert Delivery.objects.count() == 1
        assert Trade.objects.count() == 1

    def test_is_done_once(self, reject, analyst):
        fixed = reject.raw.replace("many", "5")
        replay(reject_id=reject.pk, fixed=fixed, by=analyst, at=LATER)

        with pytest.raises(RejectNotOpen, match="already fixed and replayed"):
            replay(reject_id=reject.pk, fixed=fixed, by=analyst, at=LATER)

    def test_a_record_of_an_interface_is_fixed_as_json(self, analyst):
        feed = factories.feed(connector="json_api", settings={})
        first = factories.delivery(feed=feed, rejected=1, from_date=factories.TRADE_DATE,
                                   to_date=factories.TRADE_DATE)  # fmt: skip
        reject = factories.rejected_row(delivery=first, raw='{"trade_id": "T9"}')
        whole = {
            "trade_id": "T9",
            "trade_date": "2026-03-04",
            "symbol": "AAPL",
            "side": "B",
            "quantity": 5,
        }

        with pytest.raises(StillWrong, match="not JSON"):
            replay(reject_id=reject.pk, fixed="{", by=analyst, at=LATER)
        delivery = replay(reject_id=reject.pk, fixed=json.dumps(whole), by=analyst, at=LATER)

        assert delivery.loaded == 1
        assert Trade.objects.get().quantity == 5


class TestDiscard:
    def test_keeps_what_was_sent_and_why_it_was_left_out(self, reject, analyst):
        discard(reject_id=reject.pk, reason=" A test row of theirs. ", by=analyst, at=LATER)

        reject.refresh_from_db()
        assert (reject.status, reject.decision) == (RejectStatus.DISCARDED, "A test row of theirs.")
        assert reject.raw.startswith("many,")
        assert (reject.decided_by, reject.decided_at) == (analyst, LATER)

    def test_needs_a_reason(self, reject, analyst):
        with pytest.raises(ReasonMissing):
            discard(reject_id=reject.pk, reason="  ", by=analyst, at=LATER)

        assert RejectedRow.objects.get().status == RejectStatus.OPEN

    def test_a_discarded_row_is_not_replayed(self, reject, analyst):
        discard(reject_id=reject.pk, reason="no", by=analyst, at=LATER)

        with pytest.raises(RejectNotOpen, match="already discarded"):
            replay(reject_id=reject.pk, fixed="1", by=analyst, at=LATER)


def test_the_first_deliverys_counts_stay_what_they_were(reject, analyst):
    replay(reject_id=reject.pk, fixed=reject.raw.replace("many", "5"), by=analyst, at=LATER)

    first = reject.delivery
    first.refresh_from_db()
    assert (first.status, first.loaded, first.rejected) == (DeliveryStatus.LOADED, 1, 1)
