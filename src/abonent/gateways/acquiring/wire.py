"""Questions over HTTPS: what waits how long, what may be asked again, what counts as an answer."""

import json
from collections.abc import Mapping
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from abonent.gateways.acquiring.port import AcquirerRefused, AcquirerSilent

CONNECT_SECONDS, READ_SECONDS = 5, 20
LARGEST_ANSWER = 1 << 20
_ONCE = urllib3.Retry(0, redirect=0, raise_on_redirect=False)
# reading a state twice changes nothing
_AGAIN = urllib3.Retry(
    2, redirect=0, allowed_methods=None, status_forcelist=(502, 503, 504), backoff_factor=0.2,
    raise_on_status=False, respect_retry_after_header=False, raise_on_redirect=False,
)  # fmt: skip


class Wire:
    """One acquirer's address. Certificates are checked; `ca_file` names authorities the system does not know."""

    def __init__(self, url: str, *, ca_file: str = "", read_seconds: float = READ_SECONDS) -> None:
        self._url = url.rstrip("/")
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds),
            **({"ca_certs": ca_file} if ca_file else {}),
        )

    def ask(self, method: str, body: Mapping[str, Any], *, again: bool = False) -> dict[str, Any]:
        """
        POST a question and return the answer's object. With `again` it is repeated when no answer comes.

        Raises AcquirerSilent (nobody knows what was done), AcquirerRefused (the question itself is refused).
        """
        try:
            response = self._pool.request(
                "POST",
                f"{self._url}/{method}",
                body=json.dumps(body, ensure_ascii=False).encode(),
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                retries=_AGAIN if again else _ONCE,
                preload_content=False,
            )
            try:
                data = response.read(LARGEST_ANSWER + 1, decode_content=True)
            finally:
                response.close()
        except (HTTPError, OSError) as error:
            # the error's own text would name the address, and in it nothing secret; the kind is enough
            raise AcquirerSilent(type(error).__name__) from None
        if 400 <= response.status < 500 and response.status not in (408, 425, 429):
            raise AcquirerRefused(f"http_{response.status}")
        if response.status != 200:
            raise AcquirerSilent(f"http_{response.status}")
        return _object(data)


def _object(data: bytes) -> dict[str, Any]:
    if len(data) > LARGEST_ANSWER:
        raise AcquirerSilent("too_long")
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        raise AcquirerSilent("not_json") from None
    if not isinstance(answer, dict):
        raise AcquirerSilent("not_an_object")
    return answer
