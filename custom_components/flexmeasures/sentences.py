"""Sentences for people in the home's language, outside of errors: for notifications and voices."""

from collections.abc import Callable

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.translation import async_get_translations

from .const import DOMAIN

type Sentence = Callable[[HomeAssistantError], str]


async def async_sentences(hass: HomeAssistant) -> Sentence:
    """Return what turns an error, raised or not, into its sentence; Home Assistant itself only does that in English."""
    texts = await async_get_translations(hass, hass.config.language, "exceptions", [DOMAIN])

    def sentence(error: HomeAssistantError) -> str:
        text = texts.get(f"component.{DOMAIN}.exceptions.{error.translation_key}.message")
        if text is None:  # somebody else's error
            return str(error)
        return text.format(**(error.translation_placeholders or {}))

    return sentence
