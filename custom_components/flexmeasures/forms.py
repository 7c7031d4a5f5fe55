"""What the flows share: problems that a form shows, lists of sensors to choose from, and entities that were chosen."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypedDict, override

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    CONF_EMAIL,
    CONF_PASSWORD,
    CONF_URL,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    ChooseSelector,
    ChooseSelectorChoiceConfig,
    ChooseSelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.helpers.translation import async_get_translations
import probatio

from .client import (
    Asset,
    AuthenticationError,
    CertificateError,
    ConnectionFailedError,
    FlexMeasuresError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    Sensor,
    ServerError,
    ServerTooOldError,
    UnexpectedResponseError,
    UnknownUserError,
    WrongPasswordError,
)
from .const import DOMAIN

BASE = "base"


class FormError(Exception):
    """A form cannot be accepted as it was filled in.

    Attributes:
        field: the field that the person should look at; ``base`` for the form as a whole.
        key: the translation key of the sentence.
        placeholders: what the sentence names.
    """

    def __init__(self, field: str, key: str, **placeholders: str) -> None:
        """Name the field and the sentence."""
        super().__init__(f"{field}: {key}")
        self.field = field
        self.key = key
        self.placeholders = placeholders


class FormTexts(TypedDict):
    """The part of a form that tells what is wrong with it."""

    errors: dict[str, str]
    description_placeholders: Mapping[str, str]


def form_texts(
    schema: probatio.Schema, *problems: FormError | None, **placeholders: str
) -> FormTexts:
    """Return the problems for a form of this schema, each at its field or, where there is no such field, on top."""
    errors: dict[str, str] = {}
    for problem in problems:
        if problem is not None:
            errors[problem.field if problem.field in schema.schema else BASE] = problem.key
            placeholders |= problem.placeholders
    return {"errors": errors, "description_placeholders": placeholders}


async def async_form_texts(
    hass: HomeAssistant,
    step: str,
    schema: probatio.Schema,
    *problems: FormError,
    **placeholders: str,
) -> FormTexts:
    """Return the problems for a form with sections.

    Home Assistant shows no error at a field of a section, only above the section. So such a problem stands there and
    names its field, once nothing outside of sections is wrong.

    Args:
        hass: knows the names of fields in its language.
        step: where the form's texts are, such as ``options.step.init``.
        schema: of the form.
        problems: at most one per field.
        placeholders: what the form's own texts name.
    """
    inside = {
        inner: name
        for name, part in schema.schema.items()
        if isinstance(part, section)
        for inner in part.schema.schema
    }
    outside = [problem for problem in problems if problem.field not in inside]
    if outside or not problems:
        return form_texts(schema, *outside, at="", **placeholders)
    problem = problems[0]
    name = inside[problem.field]
    texts = await async_get_translations(
        hass, hass.config.language, step.partition(".")[0], [DOMAIN]
    )
    label = texts.get(f"component.{DOMAIN}.{step}.sections.{name}.data.{problem.field}")
    return {
        "errors": {str(name): problem.key},
        "description_placeholders": {
            **placeholders,
            **problem.placeholders,
            "at": f"{label or problem.field}: ",
        },
    }


def flat(schema: probatio.Schema, form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was entered without the sections around it, and without what was left empty."""
    fields: dict[str, Any] = {}
    for key, value in form.items():
        fields |= value if isinstance(schema.schema.get(key), section) else {key: value}
    return {key: value for key, value in fields.items() if value is not None}


def nested(schema: probatio.Schema, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return values for a form, those of its sections inside these."""
    form = dict(fields)
    for name, part in schema.schema.items():
        if isinstance(part, section):
            form[str(name)] = {
                str(key): form.pop(str(key)) for key in part.schema.schema if key in form
            }
    return form


@contextmanager
def errors_for_forms() -> Iterator[None]:
    """Turn client errors into what a form shows.

    Raises:
        FormError: the client raised a FlexMeasuresError.
    """
    try:
        yield
    except FlexMeasuresError as error:
        raise form_error(error) from error


def form_error(error: FlexMeasuresError) -> FormError:
    """Return the sentence for an error, at the field that most likely causes it."""
    match error:
        case InvalidInputError():
            return FormError(error.field, "refused", message=error.reason)
        case CertificateError():
            return FormError(CONF_VERIFY_SSL, "certificate")
        case RequestTimeoutError():
            return FormError(CONF_URL, "timeout")
        case ConnectionFailedError():
            return FormError(CONF_URL, "cannot_connect")
        case ServerTooOldError():
            return FormError(
                CONF_URL, "server_too_old", version=error.version or "?", minimum=error.minimum
            )
        case UnexpectedResponseError():
            return FormError(CONF_URL, "not_flexmeasures")
        case WrongPasswordError():
            return FormError(CONF_PASSWORD, "wrong_password")
        case UnknownUserError():
            return FormError(CONF_EMAIL, "unknown_user")
        case AuthenticationError():
            return FormError(CONF_EMAIL, "user_not_accepted")
        case PermissionDeniedError():
            return FormError(BASE, "no_permission")
        case NotFoundError():
            return FormError(BASE, "not_found")
        case RateLimitedError():
            return FormError(BASE, "rate_limited")
        case ServerError():
            return FormError(BASE, "server_error", status=str(error.status))
        case _:
            return FormError(BASE, "refused", message=str(error))


def refuse_empty(values: Mapping[str, object], *fields: str) -> None:
    """Refuse texts without anything in them.

    Raises:
        FormError: names the first empty field.
    """
    for field in fields:
        if not str(values[field]).strip():
            raise FormError(field, "empty")


def dropdown(
    options: Iterable[SelectOptionDict], translation_key: str | None = None
) -> SelectSelector:
    """Return a selector of one of the options; the key translates the labels of options that are not data."""
    config = SelectSelectorConfig(options=list(options), mode=SelectSelectorMode.DROPDOWN)
    if translation_key is not None:
        config["translation_key"] = translation_key
    return SelectSelector(config)


def number(unit: str | None = None) -> NumberSelector:
    """Return a box for a number.

    It has no bounds: Home Assistant's own sentence about a number out of bounds is English and technical.
    """
    config = NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any")
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


class ValueSelector(ChooseSelector):
    """A number, or an entity that tells it.

    Home Assistant's page puts a value that is suggested into the first choice, so the choice that suits it comes first.
    """

    def __init__(self, unit: str | None, suggested: float | str | None) -> None:
        """Offer a number in the unit and entities that tell numbers."""
        tellers = EntitySelectorConfig(domain=["sensor", "number", "input_number"])
        # Written out: what is entered cannot be checked against selectors that are objects.
        choices: dict[str, ChooseSelectorChoiceConfig] = {
            "number": {"selector": number(unit).serialize()["selector"]},
            "entity": {"selector": EntitySelector(tellers).serialize()["selector"]},
        }
        if isinstance(suggested, str):
            choices = dict(reversed(choices.items()))
        super().__init__(ChooseSelectorConfig(choices=choices, translation_key="value"))

    @override
    def __call__(self, data: object) -> float | str | None:
        """Return the number or the entity; None where the page sends a choice without a value."""
        if isinstance(data, dict) and data.get(data.get("active_choice")) in (None, ""):
            return None
        value: float | str = super().__call__(data)
        return value


def sensor_options(
    sensors: Iterable[Sensor], assets: Mapping[int, Asset]
) -> list[SelectOptionDict]:
    """Return one option per sensor, labelled and sorted by asset, sensor and unit."""
    labels = {
        str(sensor.id): f"{_name_of_asset(sensor, assets)}: {sensor.name} ({sensor.unit})"
        for sensor in sensors
    }
    return [
        SelectOptionDict(value=value, label=label)
        for value, label in sorted(labels.items(), key=lambda item: item[1].casefold())
    ]


def known_entity_id(hass: HomeAssistant, entity: str) -> str | None:
    """Return the entity id of an entity that exists, also while it is unavailable."""
    registry = er.async_get(hass)
    entity_id = er.async_resolve_entity_id(registry, entity)
    if entity_id is None or (
        hass.states.get(entity_id) is None and entity_id not in registry.entities
    ):
        return None
    return entity_id


def unit_of_entity(hass: HomeAssistant, entity_id: str) -> str | None:
    """Return the unit in which the entity speaks; the registry remembers it while there is no state."""
    state = hass.states.get(entity_id)
    if state is not None and (unit := state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)):
        return str(unit)
    registered = er.async_get(hass).async_get(entity_id)
    return registered.unit_of_measurement if registered else None


def lasting_id(hass: HomeAssistant, entity: str) -> str:
    """Return the registry id, which survives a new entity id; the entity id where there is none."""
    registered = er.async_get(hass).async_get(entity)
    return registered.id if registered else entity


def _name_of_asset(sensor: Sensor, assets: Mapping[int, Asset]) -> str:
    asset = assets.get(sensor.asset_id)
    return asset.name if asset else f"#{sensor.asset_id}"
