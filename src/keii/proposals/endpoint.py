"""One question to an OpenAI-compatible endpoint: bounded in time, size and tries, and never led elsewhere."""

from __future__ import annotations

import http.client
import ipaddress
import os
import socket
import threading
import time
import urllib.parse
from collections.abc import Mapping

import msgspec

from keii.case.settings import Llm
from keii.errors import EndpointError, SettingsError, UsageError

_LARGEST = 1 << 20  # bytes of an answer: far above what a piece of text can yield
_AGAIN = frozenset({408, 429, 500, 502, 503, 504})  # may go better a moment later
_PAUSE = 0.5  # seconds before the second try, twice that before the third


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Answer(msgspec.Struct):
    choices: tuple[_Choice, ...]


class Endpoint:
    """An endpoint of ``case.toml``. A key is sent over TLS or to this machine only; redirects are not followed."""

    def __init__(self, settings: Llm, environment: Mapping[str, str] = os.environ) -> None:
        """Raise SettingsError for an address that cannot be used, UsageError where the key is missing."""
        self.settings = settings
        place = "case.toml, llm.base_url"
        try:
            parts = urllib.parse.urlsplit(settings.base_url)
            self._port = parts.port
        except ValueError as error:
            raise SettingsError(
                f"expected an address such as http://127.0.0.1:8080/v1 ({error})", place=place
            ) from error
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise SettingsError(f"expected http(s)://host/path, found {settings.base_url!r}", place=place)
        self._secure, self._host = parts.scheme == "https", parts.hostname
        self._path = parts.path.rstrip("/") + "/chat/completions"
        self._key = environment.get(settings.key_env, "").strip() if settings.key_env else ""
        if settings.key_env and not (self._key and self._key.isascii() and self._key.isprintable()):
            raise UsageError(f"expected a key in the environment variable {settings.key_env}")
        if self._key and not self._secure and not _is_here(self._host):
            raise SettingsError("a key is sent over https or to this machine only", place=place)

    def ask(self, system: str, text: str) -> str:
        """Return the content of the answer. Raises EndpointError after the last try, with what went wrong."""
        body = msgspec.json.encode(
            {
                "model": self.settings.model,
                "temperature": 0,
                "stream": False,
                "response_format": {"type": "json_object"},
                "messages": [{"role": "system", "content": system}, {"role": "user", "content": text}],
            }
        )
        for number in range(1, self.settings.tries + 1):
            try:
                return self._once(body)
            except _PassingError as error:
                if number == self.settings.tries:
                    tried = f" ({number} tries)" if number > 1 else ""
                    raise EndpointError(f"{error.message}{tried}", place=self.settings.base_url) from error
                time.sleep(min(_PAUSE * 2 ** (number - 1), 4))
        raise AssertionError("tries is at least 1")

    def _once(self, body: bytes) -> str:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self.settings.timeout)
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        late = threading.Event()
        timer: threading.Timer | None = None
        try:
            connection.connect()
            timer = threading.Timer(self.settings.timeout, _cut, (connection.sock, late))
            timer.daemon = True
            timer.start()
            connection.request("POST", self._path, body, headers)
            response = connection.getresponse()
            if response.status != 200:
                raise self._refusal(response.status)
            data = response.read(_LARGEST + 1)
        except (OSError, http.client.HTTPException) as error:
            raise self._broken(error, late=late.is_set()) from error
        finally:
            if timer is not None:
                timer.cancel()
            connection.close()
        if late.is_set():
            raise _PassingError(self._slow())
        return self._content(data)

    def _content(self, data: bytes) -> str:
        place = self.settings.base_url
        if len(data) > _LARGEST:
            raise EndpointError(f"the answer is larger than {_LARGEST:,} bytes", place=place)
        try:
            answer = msgspec.json.decode(data, type=_Answer)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise EndpointError(f"expected a chat completion, found something else ({error})", place=place) from error
        if not answer.choices or answer.choices[0].message.content is None:
            raise EndpointError("the answer holds no text", place=place)
        if answer.choices[0].finish_reason == "length":
            raise EndpointError("the model stopped before the end of its answer; a smaller piece may help", place=place)
        return answer.choices[0].message.content

    def _refusal(self, status: int) -> Exception:
        words = f"the endpoint answered {status} {http.client.responses.get(status, '')}".rstrip()
        if status in _AGAIN:
            return _PassingError(words)
        if 300 <= status < 400:
            words += "; redirects are not followed"
        return EndpointError(words, place=self.settings.base_url)

    def _broken(self, error: Exception, *, late: bool) -> Exception:
        if late or isinstance(error, TimeoutError):
            return _PassingError(self._slow())
        return _PassingError(f"the connection failed ({getattr(error, 'strerror', None) or type(error).__name__})")

    def _slow(self) -> str:
        return f"no whole answer within {self.settings.timeout:g} s"


class _PassingError(Exception):
    """Something that a further try may mend."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


def _cut(sock: socket.socket, late: threading.Event) -> None:
    """End a connection that drips: every read of it is within its timeout, the whole is not."""
    late.set()
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed in the meantime


def _is_here(host: str) -> bool:
    """Return whether a host name can only mean this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
