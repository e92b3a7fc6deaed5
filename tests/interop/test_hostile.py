"""What no client should send: the emulator answers each with a refusal, in time, and goes on serving."""

import base64
import socket

import pytest
from wire import as_bytes, refused, request, status, wire

SETTINGS = '"providerSettings":{"backingProviderName":"AWS","regionName":"US_EAST_1"}'
LONG = "a" * 100_000


@pytest.fixture
def alive(emulator):
    """Whatever a test sent, a good request is answered after it."""
    yield emulator
    assert status(wire(emulator, request(emulator, "GET", "/serverless"))) < 500


BODIES = {
    "empty": "",
    "null": "null",
    "a list": "[]",
    "a number": "1",
    "a string": '"x"',
    "cut short": '{"name":"x",',
    "two values": "{}{}",
    "a trailing comma": '{"name":"x",}',
    "NaN": '{"name":NaN}',
    "deep lists": "[" * 200_000,
    "deep objects": '{"a":' * 200_000,
    "deep and closed": '{"name":"x","tags":' + "[" * 5_000 + "]" * 5_000 + "}",
    "not UTF-8": b'{"name":"\xff\xfe"}',
    "a lone surrogate": '{"name":"\\ud800",' + SETTINGS + "}",
    "a NUL": '{"name":"a\\u0000b",' + SETTINGS + "}",
    "a byte order mark": b'\xef\xbb\xbf{"name":"x"}',
    "a huge number": '{"name":1e999999,' + SETTINGS + "}",
    "a long integer": '{"name":' + "9" * 10_000 + "}",
    "name is null": '{"name":null,' + SETTINGS + "}",
    "name is a list": '{"name":["x"],' + SETTINGS + "}",
    "a long name": '{"name":"' + LONG + '",' + SETTINGS + "}",
    "an empty name": '{"name":"",' + SETTINGS + "}",
    "a name of emoji": '{"name":"\U0001f600",' + SETTINGS + "}",
    "settings is null": '{"name":"x","providerSettings":null}',
    "settings is a list": '{"name":"x","providerSettings":[]}',
    "settings is text": '{"name":"x","providerSettings":"AWS"}',
    "settings of numbers": '{"name":"x","providerSettings":{"backingProviderName":1,"regionName":2}}',
    "a long region": '{"name":"x","providerSettings":{"backingProviderName":"AWS","regionName":"' + LONG + '"}}',
    "tags is an object": '{"name":"x",' + SETTINGS + ',"tags":{"a":"b"}}',
    "tags of numbers": '{"name":"x",' + SETTINGS + ',"tags":[1,2]}',
    "tags without value": '{"name":"x",' + SETTINGS + ',"tags":[{"key":"a"}]}',
    "100,000 tags": '{"name":"x",' + SETTINGS + ',"tags":[' + ",".join(['{"key":"a","value":"b"}'] * 100_000) + "]}",
    "a long key": '{"' + LONG + '":1}',
    "900 kB of text": '{"name":"' + "a" * 900_000 + '"}',
}


@pytest.mark.parametrize("path", ["/serverless", "/flexClusters"])
@pytest.mark.parametrize("body", BODIES)
def test_a_bad_body(alive, path, body):
    refused(wire(alive, request(alive, path=path, body=as_bytes(BODIES[body]))))


@pytest.mark.parametrize("path", ["/serverless", "/api/oauth/token", "/_emulator/settings"])
def test_a_body_of_20_megabytes(alive, path):
    reply = wire(alive, request(alive, path=path, body=b" " * 20_000_000))
    assert status(reply) == 413, reply[:300]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": None},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/vnd.atlas.9999-99-99+json"},
        {"Content-Type": b"\xff\xfe"},
        {"Accept": "text/html"},
        {"Accept": "application/vnd.atlas.2025-13-99+json"},
        {"Accept": "application/vnd.atlas.99999-01-01+json"},
        {"Accept": "application/vnd.atlas.+json"},
        {"Accept": "," * 5_000},
        {"Accept": b"\xff"},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer " + "x" * 20_000},
        {"Authorization": b"Bearer \xff"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Digest"},
        {"Authorization": 'Digest username="'},
        {"Authorization": "Digest username=,realm=,nonce=,uri=,response=,qop=,nc=,cnonce="},
        {
            "Authorization": 'Digest username="a", realm="MMS Public API", nonce="n", uri="/", response="r", qop=auth, '
            'nc=zzzzzzzz, cnonce="c"'
        },
        {
            "Authorization": 'Digest username="a", realm="x", nonce="n", uri="/", response="r", qop=auth-int, '
            'nc=00000001, cnonce="c", algorithm=SHA-512'
        },
        {"Authorization": 'Digest username="\u20ac", nonce="' + "n" * 9_000 + '"'},
        {"Authorization": "Digest " + ",".join(f'k{n}="v"' for n in range(500))},
        {"X-Long": LONG},
        {"Content-Length": "-1"},
        {"Content-Length": "99999999999999999999"},
        {"Content-Length": "abc"},
        {"Transfer-Encoding": "chunked", "Content-Length": None},
        {"Transfer-Encoding": "gzip", "Content-Length": None},
        {"Content-Encoding": "gzip"},
    ],
    ids=lambda headers: "; ".join(f"{k} {str(v)[:40]}" for k, v in headers.items()),
)
def test_odd_headers(alive, headers):
    data = request(alive, body=b'{"name":', headers=headers)
    if headers.get("Transfer-Encoding") == "chunked":
        data += b"\r\nZZ\r\nnot a chunk\r\n"
    refused(wire(alive, data))


def test_many_headers(alive):
    refused(wire(alive, request(alive, body=b"{", headers={f"X-{n}": "v" for n in range(2_000)})))


@pytest.mark.parametrize("method", ["PUT", "TRACE", "CONNECT", "post", "FOO", "A" * 5_000])
@pytest.mark.parametrize("path", ["/serverless", "/serverless/x", "/flexClusters", "/api/oauth/token"])
def test_a_wrong_method(alive, method, path):
    refused(wire(alive, request(alive, method, path)))


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD"])
def test_a_harmless_method(alive, method):
    assert status(wire(alive, request(alive, method, "/serverless"))) < 500


@pytest.mark.parametrize(
    "path",
    [
        "/serverless/%00", "/serverless/%2e%2e", "/serverless/../../..", "/serverless/%FF%FE", "/serverless/%zz",
        "/serverless/a/b/c", "/serverless/" + "n" * 60_000, "/api/atlas/v2/groups/%20",
        "/api/atlas/v2/groups/" + "f" * 5_000,
        "/api/atlas/v3/groups", "/api", "/serverless/\u20ac", "nonsense", "*", "http://127.0.0.1/api",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_odd_path(alive, method, path):
    refused(wire(alive, request(alive, method, path)))


@pytest.mark.parametrize("path", ["/serverless", "/flexClusters", "/api/atlas/v2/groups", "/api/atlas/v2/rateLimits"])
@pytest.mark.parametrize(
    "query",
    [
        "pageNum=0", "pageNum=-1", "pageNum=abc", "pageNum=", "pageNum=1.5", "pageNum=99999999999999999999",
        "pageNum=9223372036854775807", "pageNum=4294967295&itemsPerPage=500",
        "pageNum=18446744073709551615&itemsPerPage=500", "itemsPerPage=0", "itemsPerPage=501", "itemsPerPage=-5",
        "includeCount=maybe", "envelope=maybe", "pretty=%FF", "pageNum=1&pageNum=2", "&&&=", "%00=%00",
        "a=" + "b" * 20_000,
    ],
)  # fmt: skip
def test_an_odd_query(alive, path, query):
    assert status(wire(alive, request(alive, "GET", f"{path}?{query}"))) < 500


@pytest.mark.parametrize("endpoint", ["/api/oauth/token", "/api/oauth/revoke"])
@pytest.mark.parametrize(
    "authorization",
    [None, "Basic", "Basic !!!", "Basic " + base64.b64encode(b"no colon").decode(), "Bearer x", b"Basic \xff"],
)
@pytest.mark.parametrize(
    "body", ["", "grant_type", "grant_type=password", "grant_type=%FF", "{}", "token=" + "t" * 100_000, "&=&=", "\x00"]
)
def test_a_bad_token_request(alive, endpoint, authorization, body):
    headers = {"Authorization": authorization, "Content-Type": "application/x-www-form-urlencoded"}
    refused(wire(alive, request(alive, "POST", endpoint, body.encode(), headers)))


NOT_HTTP = {
    "no path": b"GET\r\n\r\n",
    "HTTP 9.9": b"GET / HTTP/9.9\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "zeros": b"\x00" * 4_096,
    "a bad header": b"GET / HTTP/1.1\r\nA B: c\r\n\r\n",
    "one long line": b"A" * 1_000_000,
}


@pytest.mark.parametrize("data", NOT_HTTP)
def test_what_is_not_http(alive, data):
    wire(alive, NOT_HTTP[data])


def test_connections_left_open_do_not_keep_others_waiting(alive):
    host, port = alive.url.removeprefix("http://").split(":")
    half = request(alive, body=b"{" * 100)[:-50]
    idle = [socket.create_connection((host, int(port)), timeout=10) for _ in range(100)]
    try:
        for connection in idle:
            connection.sendall(half)
        assert wire(alive, request(alive, "GET", "/serverless")).startswith(b"HTTP/1.1 200")
    finally:
        for connection in idle:
            connection.close()


def test_two_requests_in_one_packet(alive):
    one = request(alive, "GET", "/serverless", headers={"Connection": "keep-alive"})
    reply = wire(alive, one + request(alive, "GET", "/serverless"))
    assert reply.count(b"HTTP/1.1 200 OK") == 2, reply[:500]
