"""
A business date's pipeline in a process that kills itself at a named function.

``python -m tests.functional.workflows.killed_day STEPS [MODULE:FUNCTION]``, where STEPS are some
of ``files,day,dump``; LATER is how many leases ago the one before was killed.
"""

import json
import os
import shutil
import sys
from datetime import timedelta

from tests.functional.workflows.killed import DAY, EXAMPLES, business, main


def files() -> None:
    """Put the example files where their feeds look, and enable what compares them."""
    from django.conf import settings

    from workflows.services.starting import reconciliation_between

    for code in ("oms", "custodian"):
        folder = settings.FEED_ROOT / code
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(EXAMPLES / f"{code}.csv", folder)
    reconciliation_between(source1="oms", source2="custodian")


def day() -> None:
    from django.utils import timezone

    from workflows.services import daily

    # The lease of a killed pipeline, and of what it was at, has run out by then.
    at = timezone.now() + timedelta(minutes=5) * int(os.environ.get("LATER", "0"))
    run = daily.request_pipeline(business_date=DAY, by=None, at=at)
    daily.run_pipeline(pipeline_id=run.pk, at=at)


def dump() -> None:
    """Print what the database says of the business and of the pipeline."""
    from connectors.models import Delivery
    from workflows.models import PipelineRun, PipelineStep

    found = business()
    found["deliveries"] = Delivery.objects.values_list("name", "status", "rows_in", "loaded")
    found["pipelines"] = PipelineRun.objects.values_list("business_date", "status", "error")
    found["steps"] = PipelineStep.objects.values_list(
        "position", "kind", "subject", "status", "says", "counts"
    )
    rows = {name: sorted(map(str, values)) for name, values in found.items()}
    sys.stdout.write(json.dumps(rows))


STEPS = {"files": files, "day": day, "dump": dump}

if __name__ == "__main__":
    main(STEPS)
