"""A whole treatment: what is wrong is found, cured and looked at again; what is well is left alone."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn

from netsitter.curing.race import Race, best_of
from netsitter.curing.side import Side, grouped, whole_rows
from netsitter.curing.treat import Treatment
from netsitter.record.cures import Effect, cure_of
from netsitter.record.findings import Remedy, Surgery

from .programs import clouds, net, program

pytestmark = pytest.mark.slow


def treated(sick, **options):
    treatment = Treatment(sick, **options)
    return treatment, list(treatment.rounds())


def final(program, seed=7):
    side = Side([program], seed)
    side.advance(whole_rows(program))
    return side.scores()[0]


def test_a_well_program_is_left_as_it_is():
    treatment, rounds = treated(program())
    assert rounds == []
    assert treatment.arm.program.remedies == ()
    assert treatment.cost == 0


def test_two_faults_are_cured_in_turn_and_the_program_then_learns():
    soft = program(partial(net, out=nn.Softmax(dim=1)), lr=1e-6)
    treatment, rounds = treated(soft)
    slugs = {found.tried[found.kept].finding[1] for found in rounds if found.kept is not None}
    assert {"output-loss-mismatch"} <= slugs
    assert len(treatment.arm.program.remedies) >= 2
    assert not [finding for finding in treatment.left if finding.severity != "note"]
    assert final(soft) < 0.5 < 0.95 < final(treatment.arm.program)
    assert 0 < treatment.cost <= treatment.most


def test_a_program_that_fails_at_once_is_cured_from_its_failure():
    broken = program(lambda: nn.Linear(6, 1))  # one output for five classes: the loss raises
    treatment, rounds = treated(broken)
    kept = rounds[0].tried[rounds[0].kept]
    assert set(kept.effect.before) == {None}
    assert kept.changed == ("`net`: 1 outputs -> 5",)
    assert final(treatment.arm.program) > 0.9


def test_faults_of_the_data_are_told_and_not_covered_up():
    x, y = clouds()
    mixed = y[torch.randperm(len(y), generator=torch.Generator().manual_seed(0))]
    treatment, rounds = treated(program(data=(x, mixed)))
    assert treatment.arm.program.remedies == ()
    assert "shuffled-labels" in {finding.slug for finding in treatment.left}
    assert all(found.kept is None for found in rounds)


def test_the_cost_stays_within_what_was_told():
    long = program(lr=1e-6, epochs=1_000)
    treatment, _ = treated(long, share=0.7)
    assert treatment.most == pytest.approx(0.7, abs=1e-3)
    assert 0 < treatment.cost <= treatment.most


def test_what_a_run_has_found_is_taken_up_without_another_look():
    sick = program(lr=1e-6)
    first = Treatment(sick)
    first._look()
    treatment, rounds = treated(sick, findings=first.left, start=first.start)
    assert [finding.slug for finding in rounds[0].findings] == [f.slug for f in first.left if f.severity != "note"]
    assert treatment.arm.program.plan.optim.lr > 1e-3


def test_programs_of_one_shape_share_a_cohort_and_give_the_numbers_that_they_give_alone():
    one = program(optimizer="sgd")
    other = one.with_remedy(Remedy("Lower it.", {"optim.lr": 0.02}))
    bent = one.with_remedy(Remedy("Bend.", surgery=(Surgery("swap", to="tanh"),)))
    assert list(grouped([one, other, bent])) == [[0, 1], [2]]
    together = Side([one, other], 5)
    together.advance(400)
    for place, alone in enumerate((one, other)):
        side = Side([alone], 5)
        side.advance(400)
        assert together.scores()[place] == pytest.approx(side.scores()[0], abs=0.03)
        assert together.losses()[place] == pytest.approx(side.losses()[0], abs=2e-3)


def test_a_side_goes_on_where_it_stopped_and_ends_as_if_it_had_not():
    cut, whole = Side([program()], 3), Side([program()], 3)
    for rows in (100, 900, whole_rows(program())):
        cut.advance(rows)
    whole.advance(whole_rows(program()))
    assert cut.losses() == whole.losses()


def test_a_loss_that_fails_later_ends_its_side_and_nothing_else():
    late = program(lambda: nn.Sequential(nn.Linear(6, 5), nn.Hardtanh(0.0, 1.0)), loss=_fails_above)
    race = Race((1, 2, 3), 10**9)
    base, arm = race.enter([program(), late])
    race.advance([base, arm], 2_000)
    assert not base.failed
    assert "too large" in arm.failed
    assert race.compared(arm, base, race.seeds, 2_000).before == (None, None, None)


def _fails_above(outputs, targets):
    if float(outputs.detach().max()) > 0.9:
        raise ValueError("too large")
    return nn.functional.cross_entropy(outputs, targets)


def test_of_remedies_that_help_the_first_is_kept_unless_another_is_clearly_better():
    def helps(*after):
        return Effect((0.1,) * 3, after, sum(after) / 3 - 0.1, 0.1, 0.05, 0.01)

    assert best_of({0: helps(0.8, 0.8, 0.8), 1: helps(0.81, 0.81, 0.81)}) == 0
    assert best_of({0: helps(0.8, 0.8, 0.8), 1: helps(0.9, 0.9, 0.9)}) == 1
    assert best_of({0: helps(0.8, 0.8, 0.8), 1: helps(0.99, 0.99, 0.79)}) == 0
    assert best_of({}) is None


def test_the_facts_of_a_cure_come_back_from_json(tmp_path):
    import json

    import netsitter as ns

    cured = ns.cure(net=net, data=clouds(), loss=nn.CrossEntropyLoss(), optimizer=torch.optim.SGD, lr=1e-6, batch=20,
                    epochs=10, show=False)  # fmt: skip
    again = cure_of(json.loads(json.dumps(cured.facts.as_json())))
    assert again == cured.facts or again.as_json() == cured.facts.as_json()
    assert again.kept[0].effect == cured.facts.kept[0].effect


def test_rare_classes_are_cured_by_weights_and_judged_by_class():
    chance = torch.Generator().manual_seed(0)
    y = (torch.rand(1_500, generator=chance) < 0.05).long()
    x = torch.randn(1_500, 6, generator=chance) + 0.9 * y[:, None]
    treatment, rounds = treated(program(lambda: nn.Linear(6, 2), (x, y), epochs=20))
    kept = rounds[0].tried[rounds[0].kept]
    assert kept.finding[1] == "imbalanced-classes"
    assert kept.effect.by_class
    assert kept.effect.mean > 0.1
    assert "imbalanced-classes" not in {finding.slug for finding in treatment.left}


def test_a_program_that_diverges_beside_one_that_learns_is_worth_nothing_and_hurts_nobody():
    one = program(optimizer="sgd")
    wild = one.with_remedy(Remedy("Raise it.", {"optim.lr": 1e9}))
    side = Side([one, wild], 5)
    side.advance(whole_rows(one))
    scores = side.scores()
    assert scores[0] > 0.9
    assert scores[1] is None or scores[1] < 0.5


def test_a_program_that_went_further_is_compared_where_both_have_been():
    race = Race((1, 2, 3), 10**9)
    base, arm = race.enter([program(lr=0.01), program(lr=0.01)])
    race.advance([base], 400)
    race.advance([base], whole_rows(base.program))
    effects, share = race.run(base, [arm], allowance=10**9, first=0.05)
    assert share == 400 / whole_rows(base.program) or share == 1.0
    assert effects[0].mean == 0.0, "the same program, after the same rows"
