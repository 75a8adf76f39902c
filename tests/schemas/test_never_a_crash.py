"""For any input the result is a record or a list of errors: nothing else is ever raised."""

import json
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas.catalogue import Catalogue
from schemas.derive.dictionary import dictionary_rows
from schemas.errors import JsonInvalid, RecordInvalid
from schemas.json_lines import lines_by_pointer
from schemas.json_text import parse_json
from schemas.parsing import dump_household, parse_household
from schemas.requirements import missing_items
from schemas.rules import warnings
from service.households.derived import derived_facts
from tests.examples import examples
from tests.schemas.records import TODAY
from tests.schemas.strategies import broken_households

CATALOGUE = Catalogue()
OFTEN = settings(max_examples=examples(300), deadline=None, suppress_health_check=list(HealthCheck))

NAMES = sorted({row.path.rpartition(".")[2].removesuffix("[]") for row in dictionary_rows()})
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(NAMES)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=8)
    ),
    max_leaves=30,
)


def parsed_or_refused(data: Any) -> dict[str, Any] | None:
    """Parse a record and derive all that is derived from one; None for one that is refused, with a message each."""
    try:
        content = parse_household(data, today=TODAY)
    except RecordInvalid as refused:
        for error in refused.errors:
            assert CATALOGUE.text(error.code, "vi", **error.params)
            assert error.pointer == "" or error.pointer.startswith("/")
        return None
    missing_items(content)
    warnings(content, today=TODAY)
    derived_facts(content)
    return content


@OFTEN
@given(JSON)
def test_any_json_is_parsed_or_refused(data: Any) -> None:
    parsed_or_refused(data)


@OFTEN
@given(broken_households())
def test_a_nearly_good_record_is_parsed_or_refused_and_what_is_accepted_comes_back_the_same(
    data: dict[str, Any],
) -> None:
    content = parsed_or_refused(data)
    if content is not None:
        assert parse_household(json.loads(json.dumps(dump_household(content))), today=TODAY) == content


@OFTEN
@given(st.binary(max_size=60) | st.text('{}[]",:\\u0123456789eE+-. \n\taNI', max_size=60).map(str.encode))
@example(b'{"a": 1e999}')
@example(b'"\\ud83d\\ude00\\ud83d"')
def test_any_bytes_are_json_or_refused(body: bytes) -> None:
    message = "read"
    try:
        parse_json(body)
    except JsonInvalid as refused:
        message = CATALOGUE.text(refused.code, "vi", **refused.params)
    assert message


@OFTEN
@given(JSON)
def test_every_place_of_a_json_text_has_a_line(data: Any) -> None:
    text = json.dumps(data, indent=1)
    lines = lines_by_pointer(text)
    assert lines[""] == 1
    assert max(lines.values()) <= text.count("\n") + 1
    if isinstance(data, dict):
        assert len({pointer for pointer in lines if pointer.count("/") == 1}) == len(data)
