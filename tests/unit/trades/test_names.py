import pytest

from trades.names import party_key


@pytest.mark.parametrize(
    "spellings",
    [
        ("Goldman, Sachs & Co. LLC", "GOLDMAN SACHS AND CO", "Goldman Sachs"),
        ("J.P. Morgan Securities plc", "JP MORGAN SECURITIES PLC", "jp morgan securities, plc."),
        ("UBS AG", "U.B.S. A.G.", "ubs"),
        ("Société Générale S.A.", "SOCIETE GENERALE"),
    ],
)
def test_spellings_of_one_name_share_a_key(spellings):
    assert len({party_key(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Barclays Bank PLC", "Barclays Bank Ireland PLC"),
        ("Goldman Sachs International", "Goldman Sachs & Co. LLC"),
        ("Morgan Stanley & Co. International plc", "Morgan Stanley & Co. LLC"),
    ],
)
def test_different_entities_keep_different_keys(one, other):
    assert party_key(one) != party_key(other)


@pytest.mark.parametrize("nobody", ["", "-", "N/A", "none", "Unknown", "..."])
def test_a_name_that_names_nobody_has_no_key(nobody):
    assert party_key(nobody) == ""


@pytest.mark.parametrize("name", ["AG", "Co", "Limited"])
def test_a_name_that_is_a_legal_form_keeps_itself(name):
    assert party_key(name) == name.lower()
