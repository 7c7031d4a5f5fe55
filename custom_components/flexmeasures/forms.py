"""What the flows share: problems that a form shows, lists of sensors to choose from, and entities that were chosen."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypedDict

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    CONF_EMAIL,
    CONF_PASSWORD,
    CONF_URL,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
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
