"""What entities show, and what people do with them."""

from homeassistant.core import HomeAssistant


def state_of(hass: HomeAssistant, entity_id: str) -> str:
    """Return an entity's state."""
    state = hass.states.get(entity_id)
    assert state, entity_id
    return state.state


async def act(
    hass: HomeAssistant, domain: str, action: str, entity_id: str, **data: object
) -> None:
    """Call an action on an entity and let everything settle."""
    await hass.services.async_call(domain, action, {"entity_id": entity_id, **data}, blocking=True)
    await hass.async_block_till_done(wait_background_tasks=True)
