"""Orders to the emulator itself that make no sense: refused or taken, and it goes on serving."""

import pytest
from wire import request, status, wire

ORDERS = [
    ("POST", "faults"), ("PATCH", "settings"), ("POST", "scenario"), ("PUT", "calendar"), ("POST", "clock"),
    ("POST", "projects"), ("POST", "identities"), ("POST", "organizations"), ("POST", "tokens"), ("POST", "instances"),
    ("DELETE", "faults/x"), ("GET", "requests?since=-1"),
]  # fmt: skip
ODD_ORDERS = [
    "", "null", "[]", "{", '"x"', "-1", "1e308", '{"kind":"nonsense"}', '{"kind":"status","status":99999}',
    '{"kind":"status","status":-1,"times":-1}', '{"kind":"status","body":5,"headers":{"a b":"c\\r\\nd"}}',
    '{"kind":"delay","delay":1e308}', '{"kind":"html","method":7}', '{"provisioning_seconds":1e308}',
    '{"provisioning_seconds":-1}', '{"token_lifetime_seconds":1e308}', '{"calendar":"9999-99-99"}',
    '{"request_log":-1}',
    '{"clusters_per_project":1e30}', '{"rate_limit_sizes":{"x":{"capacity":-1,"refill":0,"seconds":0}}}',
    '{"advance":1e308}', '{"now":"9999-12-31T23:59:59Z"}', '{"now":-1e300}',
    '{"settings":{"nonsense":1},"faults":[1,null]}',
    '{"name":"\\u0000","group_id":5,"state":"x"}',
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ORDERS)
@pytest.mark.parametrize("order", ODD_ORDERS)
def test_a_wrong_order(emulator, method, path, order):
    assert status(wire(emulator, request(emulator, method, f"/_emulator/{path}", order.encode()))) < 500
    assert status(wire(emulator, request(emulator, "GET", "/_emulator/state"))) == 200
