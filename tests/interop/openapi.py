"""Holds requests and replies against MongoDB's own description of the API (tests/fixtures/openapi-subset.json)."""

import copy
import json
import pathlib
import re

from openapi_schema_validator import OAS30ReadValidator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

PATH = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "openapi-subset.json"
VERSIONED = re.compile(r"application/vnd\.atlas\.(\d{4}-\d{2}-\d{2})\+json")


def load():
    document = json.loads(PATH.read_text())
    # The document says objects; every recorded error carries strings and numbers.
    document["components"]["schemas"]["ApiError"]["properties"]["parameters"]["items"] = {}
    # The document says LTS; a recorded Flex cluster is CONTINUOUS.
    document["components"]["schemas"]["FlexClusterDescription20241113"]["properties"]["versionReleaseSystem"][
        "enum"
    ] += ["CONTINUOUS"]
    # Python's `re` has no \p{…}; the letters and digits it means are \w without the underscore, which it also allows.
    group_name = document["components"]["schemas"]["Group"]["properties"]["name"]
    group_name["pattern"] = group_name["pattern"].replace(r"\p{L}\p{N}", r"\w")
    return document


DOCUMENT = load()
_REGISTRY = Registry().with_resource("urn:atlas", Resource(contents=DOCUMENT, specification=DRAFT202012))


def operations():
    """(operationId, method, path template) of every operation in the document."""
    for template, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            if "operationId" in operation:
                yield operation["operationId"], method.upper(), template


def _resolve(node):
    while "$ref" in node:
        target = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def _validate(schema, value, what):
    schema = json.loads(json.dumps(schema).replace('"#/components/', '"urn:atlas#/components/'))
    validator = OAS30ReadValidator(schema, registry=_REGISTRY, format_checker=oas30_format_checker)
    problems = [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(value)]
    assert not problems, f"{what} is not what the API's description says: {problems}"


def check_reply(operation_id, status, content_type, body):
    """A reply (its body as text) of an operation has a described status, media type and schema."""
    method, template = next((m, t) for o, m, t in operations() if o == operation_id)
    described = DOCUMENT["paths"][template][method.lower()]["responses"].get(str(status))
    what = f"{operation_id} {status}"
    if described is None:
        assert status >= 400, f"{what}: a success that the description does not have"
        return check_error(status, content_type, body)
    content = _resolve(described).get("content", {})
    if status >= 400:
        return check_error(status, content_type, body)
    if not content or all(media.get("schema", {}) == {} for media in content.values()):
        assert body in ("", "{}", "{ }"), f"{what}: a body where there is none: {body[:200]}"
        return None
    media = content_type.split(";")[0]
    assert media in content, f"{what}: Content-Type {content_type!r}, described {sorted(content)}"
    value = json.loads(body)
    _validate(content[media]["schema"], value, what)
    return value


def check_error(status, content_type, body, code="required"):
    assert content_type.split(";")[0] == "application/json", f"an error in {content_type!r}"
    value = json.loads(body)
    described = {"errorCode": "", **value} if code == "optional" else value
    _validate({"$ref": "#/components/schemas/ApiError"}, described, f"error {status}")
    assert value["error"] == status, f"{status} says {value['error']}"
    return value


def for_mock_server(examples, accept="application/vnd.atlas.2025-03-12+json"):
    """The document as a mock server must read it that cannot negotiate.

    The service answers a date with the newest version not after it, and takes plain application/json for a body; the
    document names each body under its own version only. So each is also put under the asked date and under plain JSON.
    `examples` has a body by operation for the mock server to answer with.
    """
    document = copy.deepcopy(DOCUMENT)
    for operation in (each for methods in document["paths"].values() for each in methods.values()):
        if "operationId" not in operation:
            continue
        content = operation.get("requestBody", {}).get("content", {})
        for media in [media for media in content if VERSIONED.fullmatch(media)]:
            content["application/json"] = content[media]
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            for media in [media for media in content if VERSIONED.fullmatch(media)]:
                if status.startswith("2") and operation["operationId"] in examples:
                    content[media]["example"] = examples[operation["operationId"]]
                content[accept] = content[media]
    return document
