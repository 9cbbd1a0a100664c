"""Bytes of a file leaving the house. Each audience's view asks access first; nothing else serves files."""

from django.conf import settings
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header

from submissions.files import path_of
from submissions.models import StoredFile

TYPES = {"pdf": "application/pdf", "zip": "application/zip"}
# A PDF may be shown in a frame of our own pages and can do nothing there.
PDF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


def serve(row: StoredFile, name: str, inline: bool = False) -> HttpResponseBase:
    """A stored file under a name that we choose, with a type that we force: pdf, zip or plain bytes.

    `inline` shows a PDF in the browser, unless something in it runs; everything else is saved. nginx sends the bytes
    when X_ACCEL_PREFIX is set.
    """
    kind = name.rpartition(".")[2].lower()
    inline = inline and kind == "pdf" and row.may_be_shown
    path = path_of(row.sha256)
    response: HttpResponseBase
    if settings.X_ACCEL_PREFIX:
        response = HttpResponse()
        response["X-Accel-Redirect"] = f"{settings.X_ACCEL_PREFIX.rstrip('/')}/{row.sha256[:2]}/{row.sha256}"
    else:
        try:
            response = FileResponse(path.open("rb"))
        except FileNotFoundError as error:
            raise Http404 from error
        response["Content-Length"] = str(row.size)
    response["Content-Type"] = TYPES.get(kind, "application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(not inline, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = PDF_POLICY if inline else FILE_POLICY
    response["X-Frame-Options"] = "SAMEORIGIN" if inline else "DENY"
    return response
