import pytest
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from recon_project.api.idempotency import checked, digest
from recon_project.api.problems import problem_details
from trades.api.problems import BadHeader, Stale


class Row(serializers.Serializer):
    day = serializers.DateField()


class Rows(serializers.Serializer):
    rows = Row(many=True)
    codes = serializers.ListField(child=serializers.IntegerField())


class TestProblemDetails:
    def test_says_where_each_wrong_value_is(self):
        asked = Rows(data={"rows": [{"day": "2026-03-04"}, {"day": "soon"}], "codes": [1, "x"]})
        assert not asked.is_valid()

        document = problem_details(ValidationError(asked.errors), {}).data

        assert document["status"] == 400
        assert document["type"] == "urn:problem:invalid-request"
        assert [(e["field"], e["code"]) for e in document["errors"]] == [
            ("rows.1.day", "invalid"),
            ("codes.1", "invalid"),
        ]

    def test_a_sentence_about_the_whole_has_no_field(self):
        document = problem_details(ValidationError({"non_field_errors": ["Not both."]}), {}).data

        assert document["errors"] == [{"field": "", "code": "invalid", "detail": "Not both."}]
        assert document["detail"] == "Not both."

    def test_carries_what_a_refusal_adds(self):
        document = problem_details(Stale("Look again.", changed_by="kim"), {}).data

        assert (document["status"], document["type"]) == (412, "urn:problem:stale")
        assert (document["changed_by"], document["errors"]) == ("kim", [])

    def test_leaves_our_own_faults_to_django(self):
        assert problem_details(KeyError("ours"), {}) is None


class TestDigest:
    def test_order_and_blanks_do_not_count(self):
        assert digest(b'{"a": 1, "b": [2]}') == digest(b'{"b":[2],"a":1}')

    @pytest.mark.parametrize("other", [b'{"a": 2}', b'{"a": "1"}', b'{"a": 1.0}', b"[1]", b""])
    def test_what_is_said_counts(self, other):
        assert digest(b'{"a": 1}') != digest(other)

    def test_digits_past_a_float_count(self):
        assert digest(b'{"a": 0.12345678901234567890}') != digest(b'{"a": 0.12345678901234567891}')

    def test_what_is_no_json_still_has_one(self):
        assert digest(b"\xff{") != digest(b"\xfe{")


@pytest.mark.parametrize("key", ["", "  ", "é", "a\tb", "k" * 256])
def test_refuses_a_key_that_is_none(key):
    with pytest.raises(BadHeader, match="Idempotency-Key"):
        checked(key)
