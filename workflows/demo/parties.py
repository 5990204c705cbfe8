"""The demo's counterparties, as different systems spell them, and our accounts."""

from dataclasses import dataclass
from functools import cached_property

from stdnum.iso7064 import mod_97_10


@dataclass(frozen=True)
class Party:
    """A counterparty: its legal name first, then spellings in use; and its initials."""

    number: int
    spellings: tuple[str, ...]
    initials: str
    bic: str

    @property
    def name(self) -> str:
        return self.spellings[0]

    @cached_property
    def lei(self) -> str:
        """The legal entity identifier with its two check digits (ISO 17442)."""
        base = f"5493{self.number:04d}DEMO{self.number * 7919:06d}"
        return base + mod_97_10.calc_check_digits(base)


@dataclass(frozen=True)
class Book:
    """One of our accounts: our code, and the one the custodian and prime broker use."""

    code: str
    name: str
    elsewhere: str

    @property
    def needs_alias(self) -> bool:
        """Tell whether the other code is more than ours with zeros put in."""
        squeezed = "-".join(part.lstrip("0") for part in self.elsewhere.split("-"))
        return squeezed != self.code


_PARTIES = (
    ("HPS", "HARPUS33", "Harrow & Pike Securities LLC", "HARROW AND PIKE SECURITIES, L.L.C.",
     "Harrow & Pike Sec. LLC", "Harrow Pike Securities"),
    ("BWB", "BWBKDEFF", "Brandt Weiss Bank AG", "BRANDT WEISS BANK AKTIENGESELLSCHAFT",
     "Brandt-Weiss Bank", "Brandt Weiss Bk AG"),
    ("CGM", "CALLUS3N", "Calloway Global Markets Inc", "Calloway Global Markets, Inc.",
     "CALLOWAY GLOBAL MKTS INC", "Calloway Global Markets Incorporated"),
    ("DIP", "DIPRGB2L", "Dunstan International plc", "DUNSTAN INTL PLC",
     "Dunstan International Public Limited Company", "Dunstan Int'l"),
    ("ESA", "ESARFRPP", "Estrelle Société Anonyme", "Estrelle SA", "ESTRELLE S.A.",
     "Estrelle Societe Anonyme"),
    ("FKS", "FKSSJPJT", "Fujikawa Shoken KK", "FUJIKAWA SHOKEN K.K.",
     "Fujikawa Shoken Kabushiki Kaisha", "Fujikawa Shoken"),
    ("GTC", "GTCOUS44", "Greystone Trust Company", "Greystone Trust Co.", "GREYSTONE TRUST CO",
     "The Greystone Trust Company"),
    ("HBG", "HBGRNL2A", "Haverbrook Group NV", "HAVERBROOK GROUP N.V.", "Haverbrook Grp NV",
     "Haverbrook Group"),
    ("KCP", "KCPLUS66", "Kingsley Capital Partners LP", "Kingsley Capital Partners, L.P.",
     "KINGSLEY CAP PARTNERS LP", "Kingsley Capital Ptnrs"),
    ("LMB", "LMBKCHZZ", "Lindt & Maurer Bank AG", "LINDT UND MAURER BANK AG",
     "Lindt + Maurer Bank", "Lindt & Maurer Bank"),
    ("MFS", "MFSVUS5S", "Monteith Financial Services Corp",
     "MONTEITH FINANCIAL SERVICES CORPORATION", "Monteith Fin. Svcs. Corp.",
     "Monteith Financial Services"),
    ("NOB", "NOBKSESS", "Nordhavn Bank AB", "NORDHAVN BANK AKTIEBOLAG", "Nordhavn Bank (publ) AB",
     "Nordhavn Bank"),
    ("ORM", "ORMLCATT", "Osprey Rock Markets Ltd", "Osprey Rock Markets Limited",
     "OSPREY ROCK MKTS LTD.", "Osprey Rock Markets"),
    ("PSG", "PSGPSGSG", "Palmyra Securities Pte Ltd", "PALMYRA SECURITIES PTE. LTD.",
     "Palmyra Secs Pte Ltd", "Palmyra Securities Private Limited"),
    ("TVB", "TVBKGB2L", "Trevelyan Brothers Ltd", "TREVELYAN BROS LTD", "Trevelyan Bros. Limited",
     "Trevelyan Brothers"),
)  # fmt: skip

PARTIES = tuple(
    Party(number=at, initials=initials, bic=bic, spellings=tuple(spellings))
    for at, (initials, bic, *spellings) in enumerate(_PARTIES, start=1)
)

ACCOUNTS = (
    Book("GEQ-1", "Global equity", "GEQ-0001"),
    Book("GEQ-2", "Global equity, income", "GEQ-0002"),
    Book("USEQ-1", "US large companies", "0471120-01"),
    Book("USEQ-2", "US small companies", "0471120-02"),
    Book("EUEQ-1", "European equity", "0471133-01"),
    Book("UKEQ-1", "UK equity", "UKEQ-0001"),
    Book("JPEQ-1", "Japanese equity", "0471147-01"),
    Book("FI-1", "Investment-grade credit", "FI-0001"),
    Book("FI-2", "High yield", "0471188-01"),
    Book("MA-1", "Multi-asset", "MA-0001"),
    Book("OVL-1", "Currency overlay", "0471201-01"),
    Book("DIG-1", "Digital assets", "DIG-0001"),
)
