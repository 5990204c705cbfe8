"""Ask a desk for its health over HTTP: as `python -m recon_project.probe [PORT]` in a container."""

import http.client
import os
import sys
from collections.abc import Sequence

HEALTH = "/api/v1/health"


def is_healthy(host: str, port: int, *, allowed_hosts: Sequence[str] = ()) -> bool:
    """Tell whether health answers 200; the first full name of `allowed_hosts` is asked for."""
    named = [name for name in allowed_hosts if name[:1] not in ("", "*", ".")]
    request = http.client.HTTPConnection(host, port, timeout=4)
    try:
        request.request("GET", HEALTH, headers={"Host": named[0] if named else "localhost"})
        return request.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False  # nobody there, or not up yet
    finally:
        request.close()


if __name__ == "__main__":
    allowed = [name.strip() for name in os.environ.get("ALLOWED_HOSTS", "").split(",")]
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    sys.exit(not is_healthy("127.0.0.1", port, allowed_hosts=allowed))
