import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from trades.api.preconditions import etag, version_named
from trades.api.preferences import wants_to_wait
from trades.api.problems import BadHeader, VersionNeeded


def request(**headers: str) -> Request:
    return Request(APIRequestFactory().post("/", headers=headers))


class TestIfMatch:
    @pytest.mark.parametrize("given", ['"7"', "7", 'W/"7"', ' "7" '])
    def test_names_a_version(self, given):
        assert version_named(request(**{"If-Match": given}), required=True) == 7

    def test_reads_what_a_read_wrote(self):
        assert version_named(request(**{"If-Match": etag(3)}), required=True) == 3

    def test_a_star_is_any_version(self):
        assert version_named(request(**{"If-Match": "*"}), required=True) is None

    @pytest.mark.parametrize("given", ['"1", "2"', "abc", '"-1"', '""', "1.0", "9" * 30])
    def test_refuses_what_is_no_version(self, given):
        with pytest.raises(BadHeader, match="one version"):
            version_named(request(**{"If-Match": given}), required=False)

    def test_asks_for_it_only_where_it_matters(self):
        assert version_named(request(), required=False) is None
        with pytest.raises(VersionNeeded, match="If-Match"):
            version_named(request(), required=True)


class TestPrefer:
    @pytest.mark.parametrize(
        "given",
        ["wait", "wait=30", "Wait = 30", "return=minimal, wait", "handling=lenient; wait=5"],
    )
    def test_the_caller_waits(self, given):
        assert wants_to_wait(request(Prefer=given))

    @pytest.mark.parametrize("given", ["", "respond-async", "waiting", "wait=soon", "nowait"])
    def test_the_caller_does_not(self, given):
        assert not wants_to_wait(request(Prefer=given))
