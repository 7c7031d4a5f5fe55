"""The doors to flows that most homes run for months without: their steps and forms are loaded with the first step."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, override

from homeassistant.config_entries import (
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
    SubentryFlowResult,
)

if TYPE_CHECKING:
    from .device_flow import FlexibleDeviceFlow
    from .feed_flow import FeedFlow
    from .options_flow import FlexMeasuresOptionsFlow
    from .s2_flow import S2DeviceFlow


class LateSubentryFlow(ConfigSubentryFlow):
    """Becomes the flow itself in its first step.

    Home Assistant makes a flow without waiting, keeps that object, and asks it for every step, so that neither its class
    can be loaded before nor another object can take its place.
    """

    @staticmethod
    @abstractmethod
    def _read() -> type[ConfigSubentryFlow]:
        """Import the flow; called where that holds up nobody."""

    async def _async_become(self) -> None:
        flow = await self.hass.async_add_import_executor_job(self._read)
        self.__class__ = flow  # type: ignore[assignment]
        flow.__init__(self)

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Begin to add."""
        await self._async_become()
        return await self.async_step_user(user_input)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Begin to change."""
        await self._async_become()
        return await self.async_step_reconfigure(user_input)


class LateFlexibleDeviceFlow(LateSubentryFlow):
    """Becomes the flow of flexible devices."""

    @staticmethod
    @override
    def _read() -> type[FlexibleDeviceFlow]:
        from .device_flow import FlexibleDeviceFlow  # noqa: PLC0415

        return FlexibleDeviceFlow


class LateFeedFlow(LateSubentryFlow):
    """Becomes the flow of feeds."""

    @staticmethod
    @override
    def _read() -> type[FeedFlow]:
        from .feed_flow import FeedFlow  # noqa: PLC0415

        return FeedFlow


class LateS2DeviceFlow(LateSubentryFlow):
    """Becomes the flow of S2 devices."""

    @staticmethod
    @override
    def _read() -> type[S2DeviceFlow]:
        from .s2_flow import S2DeviceFlow  # noqa: PLC0415

        return S2DeviceFlow


class LateOptionsFlow(OptionsFlow):
    """Becomes the flow of a site's options, in the same way."""

    @staticmethod
    def _read() -> type[FlexMeasuresOptionsFlow]:
        from .options_flow import FlexMeasuresOptionsFlow  # noqa: PLC0415

        return FlexMeasuresOptionsFlow

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Begin to show the options."""
        flow = await self.hass.async_add_import_executor_job(self._read)
        self.__class__ = flow  # type: ignore[assignment]
        return await self.async_step_init(user_input)
