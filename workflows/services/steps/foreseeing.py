"""What a day foresees: which of its trades are likely to break, before they are compared."""

from workflows.choices import StepStatus
from workflows.models import PipelineStep
from workflows.services.steps.kinds import Outcome, Work


def score(_step: PipelineStep, work: Work) -> Outcome:
    """
    Score the trades whose other side has not come; without a model say so and go on.

    A model whose file was altered fails the step: somebody has to look at that.
    """
    # Only here, since a worker that scores nothing should not wait until pandas is loaded.
    from predictions.registry import ModelAbsent
    from predictions.services.scoring import score_waiting

    try:
        kept = score_waiting(at=work.now(), watcher=work.keep)
    except ModelAbsent as absent:
        return Outcome(StepStatus.SKIPPED, says=str(absent))
    counts = {"scored": kept.scored}
    counts |= {f"{band.lower()} risk": count for band, count in kept.bands.items() if count}
    return Outcome(StepStatus.SUCCEEDED, counts)
