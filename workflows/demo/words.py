"""Words the demo makes its invented issuers of; any likeness to a company is chance."""

PLACES = (
    "Ashgrove", "Bellmoor", "Calderon", "Dunmarsh", "Everline", "Fenwright", "Glasshouse",
    "Harrowgate", "Ironvale", "Juniper", "Kestrel", "Larkfield", "Meridian", "Northmoor",
    "Oakhaven", "Pemberton", "Quarrystone", "Redfern", "Silverbrook", "Thornbury", "Umberline",
    "Verity", "Westmarch", "Yarrow", "Zephyrine", "Aldermere", "Brightwater", "Copperline",
    "Driftwood", "Eastlake", "Foxglove", "Granite", "Hollowell", "Indigo", "Jasper", "Kingsmead",
    "Lantern", "Mosswood", "Nightingale", "Orchard", "Pinecrest", "Quillon", "Ravenscar",
    "Stonebridge", "Tidewater", "Upland", "Valemont", "Windrush", "Yewtree", "Zenith",
)  # fmt: skip
TRADES = (
    "Robotics", "Biosciences", "Energy", "Foods", "Logistics", "Materials", "Semiconductors",
    "Software", "Insurance", "Retail", "Media", "Aerospace", "Water", "Mining", "Rail",
    "Pharma", "Optics", "Networks", "Chemicals", "Motors",
)  # fmt: skip
LEGAL_FORM = {
    "US": "Inc", "CA": "Ltd", "GB": "plc", "DE": "AG", "FR": "SA", "NL": "NV", "CH": "AG",
    "JP": "KK",
}  # fmt: skip
