"""The endpoint: bounded in time, size and tries; a key goes nowhere but to the host that was named."""

from __future__ import annotations

import socket
import time

import pytest

from keii.case.settings import Llm
from keii.errors import EndpointError, SettingsError, UsageError
from keii.model import Document
from keii.proposals import Endpoint, propose
from tests.proposals.fake import Handler, completion, drips, says, sends, serving

PAPER = Document(source="s-1", name="post.txt", text="412 files were read.\n" * 200)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (sends(b"x" * (2 << 20)), "larger than"),
        (sends(b"<html>"), "chat completion"),
        (sends(b'{"choices": []}'), "no text"),
        (sends(b'{"choices": [{"message": {"content": null}}]}'), "no text"),
        (sends(completion('{"claims": [', "length")), "before the end"),
        (sends(b"secret words of the server", 401), "401 Unauthorized"),
        (sends(b"", 302, Location="http://192.0.2.1/"), "redirects are not followed"),
        (sends(b"\xff\xfe"), "chat completion"),
    ],
)
def test_an_answer_that_cannot_be_used_is_told_with_the_place(reply, told: str) -> None:  # type: ignore[no-untyped-def]
    with serving(reply) as server, pytest.raises(EndpointError, match=told) as failed:
        Endpoint(server.settings(tries=3)).ask("s", "t")
    assert str(failed.value).startswith(server.url)
    assert "secret" not in str(failed.value)
    assert len(server.asked) == 1


def test_a_server_error_is_tried_again_as_often_as_told_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keii.proposals.endpoint._PAUSE", 0.01)
    with serving(sends(b"", 500)) as server, pytest.raises(EndpointError, match=r"500 .*\(3 tries\)"):
        Endpoint(server.settings(tries=3)).ask("s", "t")
    assert len(server.asked) == 3


def test_a_second_try_may_succeed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keii.proposals.endpoint._PAUSE", 0.01)

    def reply(handler: Handler) -> None:
        (sends(b"", 503) if len(handler.asked) == 1 else says())(handler)

    with serving(reply) as server:
        assert Endpoint(server.settings(tries=2)).ask("s", "t") == '{"claims": []}'


@pytest.mark.parametrize("reply", [lambda _: time.sleep(1.5), drips(1.5)], ids=["silent", "drips"])
def test_a_slow_answer_is_cut_off(reply) -> None:  # type: ignore[no-untyped-def]
    with serving(reply) as server:
        began = time.monotonic()
        with pytest.raises(EndpointError, match=r"no whole answer within 0\.4 s"):
            Endpoint(server.settings(timeout=0.4)).ask("s", "t")
        assert time.monotonic() - began < 1.2


def test_nobody_there_ends_after_three_pieces_and_says_how_many_were_not_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Llm(base_url=f"http://127.0.0.1:{port}/v1", model="m", tries=1, piece=500)
    found = propose([PAPER], (), Endpoint(settings))
    assert len(found.failures) == 3
    assert found.unasked == found.pieces - 3 > 0
    assert "connection failed" in found.failures[0].reason


def test_the_key_comes_from_the_environment_and_stands_in_the_header_only() -> None:
    with serving(says()) as server:
        Endpoint(server.settings(key_env="KEII_TEST_KEY"), {"KEII_TEST_KEY": " sk-1\n"}).ask("s", "t")
        Endpoint(server.settings(), {"KEII_TEST_KEY": "sk-1"}).ask("s", "t")
    assert server.heads[0]["Authorization"] == "Bearer sk-1"
    assert "Authorization" not in server.heads[1]
    assert "sk-1" not in repr(server.asked)


@pytest.mark.parametrize(
    "url",
    ["ftp://host/v1", "host:80/v1", "http://", "http://user:pw@host/v1", "http://h:99999/v1", "http://h/v1?key=1"],
)
def test_an_address_that_cannot_be_used_is_told(url: str) -> None:
    with pytest.raises(SettingsError, match="base_url"):
        Endpoint(Llm(base_url=url, model="m"), {})


def test_a_key_is_not_sent_in_the_clear_to_another_machine() -> None:
    with pytest.raises(SettingsError, match="https"):
        Endpoint(Llm(base_url="http://llm.example.com/v1", model="m", key_env="K"), {"K": "sk"})
    Endpoint(Llm(base_url="https://llm.example.com/v1", model="m", key_env="K"), {"K": "sk"})


@pytest.mark.parametrize("key", ["", "sk-\n1", "鍵"])
def test_a_key_that_is_missing_or_no_header_is_told_by_the_name_of_its_variable(key: str) -> None:
    with pytest.raises(UsageError, match="KEII_TEST_KEY"):
        Endpoint(Llm(base_url="http://127.0.0.1/v1", model="m", key_env="KEII_TEST_KEY"), {"KEII_TEST_KEY": key})
