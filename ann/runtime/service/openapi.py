"""The service described for programs: OpenAPI 3.1, for the network that is served."""

import importlib.metadata

from ann.runtime.service.asking import MAX_BUDGET, MAX_DEADLINE_MS, RECEIVE_SECONDS

_REFUSALS = {
    "400": "the body holds no such image, or a header no such number",
    "401": "the bearer token is missing or another",
    "408": f"the body did not come within {RECEIVE_SECONDS} seconds",
    "413": "the body is too large",
    "415": "the network does not take bodies of this type",
    "500": "the engine failed",
    "503": "too many requests wait, or too many connections are open; Retry-After says when",
}


def document(served, max_bytes: int) -> dict:
    """The OpenAPI document of a `Served` network, with the shapes and types that it takes."""
    manifest = served.predictor.manifest
    headers = [
        _header("Deadline-Ms", MAX_DEADLINE_MS, "Milliseconds until the answer is wanted."),
        _header("Budget-Macs", MAX_BUDGET, "Multiply-accumulates to spend for an image."),
        {
            "name": "X-Request-Id",
            "in": "header",
            "description": "Comes back with the answer and stands in the log.",
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
        },
    ]
    one = _bodies(served.formats, _lists(manifest["input"]), max_bytes)
    image_list = {"type": "array", "minItems": 1, "items": _lists(manifest["input"])}
    several = _bodies(served.batch_formats, image_list, max_bytes)
    answers = {
        "type": "object",
        "required": ["answers"],
        "properties": {"answers": {"type": "array", "items": _ref("Answer")}},
    }
    status = {
        "type": "object",
        "properties": {"status": {"enum": ["ready", "overloaded"]}},
    }
    stream = {
        "type": "string",
        "description": "Server-sent events: `answer`, one per exit, each an Answer; `end`.",
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{manifest['model']}: anytime answers",
            "version": importlib.metadata.version("ann-keras"),
            "description": "Images in, the best answer by the deadline out.",
        },
        "paths": {
            "/predict": _post("The best answer by the deadline.", headers, one, _ref("Answer")),
            "/predict/batch": _post("Answers to several images.", headers, several, answers),
            "/refine": _post(
                "Every exit's answer as it comes.", headers, one, stream, "text/event-stream"
            ),
            "/": _get("The network: its input, classes, exits, and what it accepts."),
            "/health": _get("The process is alive.", status),
            "/ready": _get("200 if more requests are welcome, else 503.", status, {"503": status}),
            "/metrics": _get("Counters.", {"type": "string"}, content_type="text/plain"),
            "/openapi.json": _get("This document."),
        },
        "components": {
            "schemas": {"Answer": _answer(manifest, served), "Error": _ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "What is allowed and what came."}},
}


def _answer(manifest, served):
    exits, classes = len(manifest["exits"]), manifest["num_classes"]
    named = {"class_name": {"enum": list(served.class_names)}} if served.class_names else {}
    properties = {
        "exit": {"type": "integer", "minimum": 0, "maximum": exits - 1},
        "name": {"enum": [exit["name"] for exit in manifest["exits"]]},
        "class": {"type": "integer", "minimum": 0, "maximum": classes - 1},
        **named,
        "probabilities": _array({"type": "number", "minimum": 0, "maximum": 1}, classes),
        "macs": {
            "type": ["integer", "null"],
            "description": "Multiply-accumulates spent, where they are known.",
        },
        "late": {
            "type": "boolean",
            "description": "Whether the answer came after its deadline, or exceeds the budget.",
        },
        "seconds": {"type": "number", "description": "From the request's headers to the answer."},
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def _lists(taken):
    schema = {"type": "number"}
    if taken["dtype"] == "uint8":
        schema = {"type": "integer", "minimum": 0, "maximum": 255}
    for size in reversed(taken["shape"]):
        schema = _array(schema, size)
    return schema


def _array(items, size):
    return {"type": "array", "items": items, "minItems": size, "maxItems": size}


def _bodies(formats, json_schema, max_bytes):
    made = {}
    for content_type, format in formats.items():
        size = format.max_bytes or max_bytes
        made[content_type] = {"schema": {"maxLength": size}}
    made["application/json"] = {"schema": json_schema}
    return {"required": True, "content": made}


def _header(name, most, description):
    schema = {"type": "number", "minimum": 0, "maximum": most}
    return {"name": name, "in": "header", "description": description, "schema": schema}


def _post(summary, headers, body, schema, content_type="application/json"):
    refusals = {code: _response(text, _ref("Error")) for code, text in _REFUSALS.items()}
    good = {"200": _response(summary, schema, content_type)}
    return {
        "post": {
            "summary": summary,
            "parameters": headers,
            "requestBody": body,
            "responses": {**good, **refusals},
        }
    }


def _get(summary, schema=None, others=None, content_type="application/json"):
    schema = schema or {"type": "object"}
    responses = {"200": _response(summary, schema, content_type)}
    for code, other in (others or {}).items():
        responses[code] = _response(summary, other)
    return {"get": {"summary": summary, "responses": responses}}


def _response(description, schema, content_type="application/json"):
    return {"description": description, "content": {content_type: {"schema": schema}}}


def _ref(name):
    return {"$ref": f"#/components/schemas/{name}"}
