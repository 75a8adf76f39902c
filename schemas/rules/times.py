"""Rules about time: what has happened is not dated in the future, and a consent ends after it began."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from schemas.partial_date import PartialDate
from schemas.rules.people import people
from schemas.rules.rule import VIETNAM, Content, Trouble, elements


def not_in_the_future(content: Content, today: date) -> Iterator[Trouble]:
    """What has happened is not dated in the future; a day is allowed for clocks that are ahead."""
    for path, person in people(content):
        birth = person.get("birth_date")
        if isinstance(birth, PartialDate) and birth.earliest > today:
            yield (*path, "birth_date"), "birth-date.future", {}
    tomorrow = today + timedelta(days=1)
    captured = content.get("captured_at")
    if isinstance(captured, datetime) and captured.astimezone(VIETNAM).date() > tomorrow:
        yield ("captured_at",), "time.future", {}
    if isinstance(content.get("commune_as_of"), date) and content["commune_as_of"] > tomorrow:
        yield ("commune_as_of",), "time.future", {}
    if isinstance(content.get("poverty_date"), date) and content["poverty_date"] > tomorrow:
        yield ("poverty_date",), "time.future", {}
    for index, consent in enumerate(elements(content, "consents")):
        for name in ("granted_at", "withdrawn_at"):
            moment = consent.get(name)
            if isinstance(moment, datetime) and moment.astimezone(VIETNAM).date() > tomorrow:
                yield ("consents", index, name), "time.future", {}


def consents(content: Content, _: date) -> Iterator[Trouble]:
    """A purpose has one standing consent, which ends after it began; a basis of consent has one (Law 91/2025)."""
    standing: set[str] = set()
    for index, consent in enumerate(elements(content, "consents")):
        granted, withdrawn, purpose = consent.get("granted_at"), consent.get("withdrawn_at"), consent.get("purpose")
        if withdrawn is None and purpose is not None:
            if purpose in standing:
                yield ("consents", index, "purpose"), "consent.purpose-twice", {}
            standing.add(purpose)
        if granted is not None and withdrawn is not None and withdrawn < granted:
            yield ("consents", index, "withdrawn_at"), "consent.withdrawn-before-granted", {}
    if content.get("legal_basis") == "consent" and "registration" not in standing:
        yield ("consents",), "consent.registration-missing", {}
