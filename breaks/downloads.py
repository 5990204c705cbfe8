"""A kept file on its way out: always to be saved, whatever it says it is."""

from io import BytesIO

from django.http import FileResponse

from breaks.models import BreakAttachment


def as_download(kept: BreakAttachment) -> FileResponse:
    """Answer with a file in a way that no browser shows or runs it."""
    answer = FileResponse(
        BytesIO(bytes(kept.content)),
        as_attachment=True,
        filename=kept.name,
        content_type="application/octet-stream",
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
