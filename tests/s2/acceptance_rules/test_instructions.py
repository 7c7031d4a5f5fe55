"""Rules A13 and A15 to A18: what a device is told, and what it is not."""

import pytest

from custom_components.flexmeasures.s2.events import ControlTypeDeactivated
from custom_components.flexmeasures.s2.messages import pebc, ppbc
from custom_components.flexmeasures.s2.messages.components import CommodityQuantity, ControlType
from custom_components.flexmeasures.s2.options import SessionOptions, SessionState
from custom_components.flexmeasures.s2.wire import MessageError

from ..devices import NOW, SECOND, active, described, instruction
from ..samples import fill_rate_description, power_constraints, power_profile, revoke


def envelope(
    *parts: pebc.PowerEnvelopeElement, constraints: str = "constraints"
) -> pebc.Instruction:
    """Return an instruction with one envelope."""
    whole = pebc.PowerEnvelope(
        id="envelope",
        commodity_quantity=CommodityQuantity.ELECTRIC_POWER_L1,
        power_envelope_elements=parts,
    )
    return pebc.Instruction(
        id="instruction-1",
        execution_time=NOW,
        power_constraints_id=constraints,
        power_envelopes=(whole,),
    )


def test_a13_nothing_is_told_to_a_device_that_follows_nothing() -> None:
    device = described()
    device.takes(device.session.select_control_type(ControlType.NO_SELECTION, NOW))
    assert device.events == (
        ControlTypeDeactivated(control_type=ControlType.FILL_RATE_BASED_CONTROL),
    )
    with pytest.raises(MessageError, match="no control type is active"):
        device.session.send_instruction(instruction(), NOW)
    device.answers_all()
    assert device.session.state is SessionState.IDENTIFIED

    undescribed = active()
    with pytest.raises(MessageError, match="no description is in force"):
        undescribed.session.send_instruction(instruction(), NOW)

    lost = described()
    lost.session.connection_lost()
    with pytest.raises(MessageError, match="no control type is active"):
        lost.session.send_instruction(instruction(), NOW)


def test_a13_nothing_is_told_about_what_was_revoked() -> None:
    device = active()
    description = fill_rate_description()
    device.says(description, revoke("FRBC.SystemDescription", description["message_id"]))

    with pytest.raises(MessageError, match="no description is in force"):
        device.session.send_instruction(instruction(), NOW)


@pytest.mark.parametrize("factor", [-0.1, 1.1, float("nan")])
def test_a15_a_factor_outside_of_its_range_is_not_sent(factor: float) -> None:
    device = described()

    with pytest.raises(MessageError) as caught:
        device.session.send_instruction(instruction(factor=factor), NOW)

    assert caught.value.path == "operation_mode_factor"
    assert device.session.instructions.get("instruction-1") is None


def test_a16_abnormal_conditions_need_the_users_consent() -> None:
    device = described()
    with pytest.raises(MessageError, match="abnormal conditions are not allowed"):
        device.session.send_instruction(instruction(abnormal=True), NOW)
    with pytest.raises(MessageError, match="reserved for abnormal conditions"):
        device.session.send_instruction(instruction(mode="boost"), NOW)

    allowed = described(SessionOptions(abnormal_conditions=True))
    boost = instruction(mode="boost", abnormal=True)
    (sent,) = allowed.takes(allowed.session.send_instruction(boost, NOW))
    assert sent["abnormal_condition"] is True


def test_a17_an_envelope_whose_limits_are_reversed_is_not_sent() -> None:
    device = active("POWER_ENVELOPE_BASED_CONTROL")
    device.says(power_constraints())
    part = pebc.PowerEnvelopeElement(duration=SECOND, upper_limit=-1, lower_limit=0)

    with pytest.raises(MessageError, match="lower_limit is above upper_limit"):
        device.session.send_instruction(envelope(part), NOW)
    parts = [pebc.PowerEnvelopeElement(duration=SECOND, upper_limit=0, lower_limit=0)] * 289
    with pytest.raises(MessageError):
        device.session.send_instruction(envelope(*parts), NOW)
    assert device.takes(device.session.send_instruction(envelope(*parts[:288]), NOW))


def test_a17_an_envelope_for_unknown_constraints_is_not_sent() -> None:
    device = active("POWER_ENVELOPE_BASED_CONTROL")

    with pytest.raises(MessageError, match="power_constraints_id is unknown"):
        device.session.send_instruction(envelope(), NOW)


def test_a18_only_sequences_that_were_described_are_scheduled() -> None:
    device = active("POWER_PROFILE_BASED_CONTROL")
    device.says(power_profile())

    def schedule(profile: str, part: str, sequence: str) -> ppbc.ScheduleInstruction:
        return ppbc.ScheduleInstruction(
            id="instruction-1",
            execution_time=NOW,
            power_profile_id=profile,
            sequence_container_id=part,
            power_sequence_id=sequence,
        )

    for names in (("no", "wash", "warm"), ("eco", "no", "warm"), ("eco", "wash", "no")):
        with pytest.raises(MessageError, match="is unknown"):
            device.session.send_instruction(schedule(*names), NOW)
    (sent,) = device.takes(device.session.send_instruction(schedule("eco", "wash", "warm"), NOW))
    assert sent["message_type"] == "PPBC.ScheduleInstruction"
