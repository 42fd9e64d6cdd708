"""The document of the API: whole, and true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from sipagent.ops.api_routes import V1

from .fits import check_shape, operation
from .script import CALL
from .served import CALLS, EVENTS, served_api
from .told import HOSTILE, OFFERED, told

PAGE = Path("docs/api.md").read_text(encoding="utf-8")


async def test_every_route_is_in_the_document_with_its_role_and_answers(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        status, document = await running.asks("GET", f"{V1}/openapi.json")
        assert (status, document["openapi"]) == (200, "3.1.0")
        served = {
            (route.method, route.path) for route in running.api.routes() if route.path != EVENTS
        }
        described = {
            (method.upper(), path)
            for path, methods in document["paths"].items()
            for method in methods
        }
        assert served == described - {("GET", EVENTS)}
        ids = [
            each["operationId"]
            for methods in document["paths"].values()
            for each in methods.values()
        ]
        assert len(set(ids)) == len(ids)
        roles = {(each.method.lower(), each.whole_path): each.role for each in running.api.table()}
        for path, methods in document["paths"].items():
            for method, each in methods.items():
                assert f"`{roles[method, path]}`" in each["description"]
                assert {"401", "403", "429"} <= each["responses"].keys()


async def test_every_schema_is_one_and_every_reference_leads_somewhere(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        document = running.api.document
        for schema in document["components"]["schemas"].values():
            Draft202012Validator.check_schema(schema)
        references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
        assert references <= document["components"]["schemas"].keys()


async def test_a_call_with_everything_fits_its_schema(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        for facts in (CALL[:-1], CALL[-1:]):
            running.api.heard("w", told(*facts))
            assert (await running.asks("GET", f"{CALLS}/c"))[0] == 200
            assert (await running.asks("GET", CALLS))[0] == 200


async def test_hostile_text_comes_out_as_it_went_in(tmp_path: Path) -> None:
    offered = type(OFFERED)("incoming", HOSTILE, HOSTILE, HOSTILE)
    async with served_api(tmp_path) as running:
        running.api.heard("w", told(offered))
        _, shown = await running.asks("GET", f"{CALLS}/c")
        assert (shown["caller"], shown["sip_call_id"]) == (HOSTILE, HOSTILE)


def _method(curl: str) -> str:
    """Return the method of a request by curl."""
    named = re.search(r"-X (\w+)", curl)
    if named is not None:
        return named[1]
    return "POST" if "-d " in curl else "GET"


@pytest.mark.parametrize(
    ("method", "path"),
    re.findall(r"`(GET|POST|PUT|DELETE) (/api/v1/[^`? ]*)", PAGE)
    + [
        (_method(line), path)
        for line, path in re.findall(
            r"^(?:\$ )?(curl [^\n]*?(?:\\\n[^\n]*?)?http://127\.0\.0\.1:8080(/api/v1/\S*))",
            PAGE,
            re.MULTILINE,
        )
    ],
)
async def test_every_request_on_the_page_is_one_of_the_documents(
    tmp_path: Path, method: str, path: str
) -> None:
    async with served_api(tmp_path) as running:
        assert operation(running.api.document, method, path)


def shapes() -> list[str]:
    """Return what the page says the keys of a call are."""
    section = PAGE.split("## Calls")[1].split("## ")[0]
    cells = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    return [key for cell in cells for key in re.findall(r"`(\w+)`", cell)]


async def test_every_key_of_a_call_is_on_the_page(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        shown: dict[str, Any] = running.api.document["components"]["schemas"]["CallShown"]
        assert set(shapes()) == shown["properties"].keys()
        with pytest.raises(Exception, match="is a required property"):
            check_shape(running.api.document, "CallShown", {})
