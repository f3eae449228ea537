"""The ledger's rules, as pure functions of a row and the moment."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.deliver import ledger
from onevoice.domain.delivery import Accepted, Delivery, Later, Refused, Unknown
from onevoice.domain.intent import Intent
from onevoice.domain.moment import DAY, HOUR, MINUTE, SECOND
from tests.conftest import NOW

ROW = Delivery(
    send_key="k",
    piece="p",
    send="s",
    campaign="c",
    channel="email",
    person="x",
    anchor_kind="email",
    anchor_value="x@example.com",
    guard="g",
    state="submitting",
    expires_at=NOW + DAY,
    planned_at=NOW,
    updated_at=NOW,
    lease_until=NOW + ledger.LEASE,
)
TEXT = st.text(max_size=8)


def in_state(state: str, **changes: object) -> Delivery:
    """Return the row in another state."""
    return msgspec.structs.replace(ROW, state=state, **changes)


def test_nothing_leads_back_to_an_open_state_from_an_end() -> None:
    """Whatever follows a terminal state is terminal too, or an acceptance that proof brought."""
    after = {one for state in ledger.TERMINAL for one in ledger.NEXT.get(state, ())}

    assert after <= ledger.TERMINAL | {"accepted"}


def test_submitting_never_becomes_planned_by_time_alone() -> None:
    """A row whose worker died while sending is unknown, whenever one looks."""
    moves = [ledger.lapsed(ROW, NOW + after) for after in range(0, 10 * MINUTE, 5 * SECOND)]

    assert {"unknown"} == {move.state for move in moves if move}


def test_sweeper_waits_lease_and_margin() -> None:
    """One microsecond before lease and margin end the row is left alone."""
    end = ROW.lease_until + ledger.MARGIN

    assert (None, "unknown") == (ledger.lapsed(ROW, end - 1), ledger.lapsed(ROW, end).state)


def test_deadline_is_less_than_the_lease() -> None:
    """A call that keeps its deadline ends before its lease does."""
    assert ledger.DEADLINE < ledger.LEASE


@pytest.mark.parametrize(
    ("receipt", "state"),
    [(Accepted("1"), "accepted"), (Refused("no"), "rejected"), (Later("busy"), "planned"), (Unknown("?"), "unknown")],
)
def test_answers_lead_to_states(receipt: object, state: str) -> None:
    """Each answer has one state that follows, and the ledger allows it."""
    move = ledger.answered(ROW, receipt, NOW)  # type: ignore[arg-type]

    assert state == move.state
    ledger.check("submitting", move.state)


@given(st.integers(0, 60), TEXT)
def test_waits_grow_and_stay_bounded(attempts: int, key: str) -> None:
    """A temporary refusal waits between half and all of its step, at most an hour, always the same for one row."""
    row = in_state("submitting", attempts=attempts, send_key=key)
    step = min(HOUR, 30 * SECOND * 2 ** min(attempts, 16))

    assert step // 2 <= ledger.delay(row) <= step
    assert ledger.delay(row) == ledger.delay(row)


def test_marketing_is_never_sent_again_in_doubt() -> None:
    """Past the horizon an unknown marketing letter ends as unknown_final, and before it waits."""
    row = in_state("unknown", wake_at=NOW + MINUTE, reason="silence")

    assert None is ledger.resolved(row, NOW)
    assert ("unknown_final", "silence") == (
        (move := ledger.resolved(row, NOW + MINUTE)).state,
        move.reason,
    )


def test_transactional_is_sent_again_once() -> None:
    """An unknown transactional letter goes out once more, and not a third time."""
    row = in_state("unknown", purpose="transactional", wake_at=NOW)

    first = ledger.resolved(row, NOW)
    assert ("planned", True) == (first.state, first.resent)
    assert "unknown_final" == ledger.resolved(msgspec.structs.replace(row, resends=1), NOW).state


@pytest.mark.parametrize(
    ("proof", "state"), [(Accepted("1"), "accepted"), (Refused("no"), "rejected"), (Later("not there"), "planned")]
)
def test_proof_decides_at_once(proof: object, state: str) -> None:
    """What the channel can prove ends the doubt without waiting."""
    assert state == ledger.resolved(in_state("unknown", wake_at=NOW + DAY), NOW, proof=proof).state  # type: ignore[arg-type]


@pytest.mark.parametrize("before", ["accepted", "rejected", "withheld", "unknown_final"])
def test_what_ended_is_not_claimed(before: str) -> None:
    """An ended row refuses to be claimed, with both states named."""
    with pytest.raises(ledger.NotAMove, match=f"{before} cannot become claimed"):
        ledger.check(before, "claimed")  # type: ignore[arg-type]


def test_accepted_ends_past_its_horizon() -> None:
    """An accepted e-mail counts as ended once bounces can no longer come."""
    row = in_state("accepted", accepted_at=NOW)

    assert (False, True) == (ledger.is_terminal(row, NOW + 4 * DAY), ledger.is_terminal(row, NOW + 5 * DAY))


@given(TEXT, TEXT, TEXT, TEXT)
def test_send_key_is_injective(campaign: str, person: str, channel: str, step: str) -> None:
    """Moving a character from one part to the next gives another key."""
    key = Intent(campaign=campaign, person=person, channel=channel, step=step).send_key

    assert 64 == len(key)
    assert key != Intent(campaign=campaign + "x", person=person, channel=channel, step=step).send_key
    if person:
        moved = Intent(campaign=campaign + person[0], person=person[1:], channel=channel, step=step)
        assert key != moved.send_key
