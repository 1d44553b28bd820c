"""Dropout by key: the right share, the same mask for the same key, alone or lifted."""

from __future__ import annotations

import torch

from netsitter.nn.dropout import KeyedDropout, uniform


def keyed(rate: float, key: int, number: int = 0) -> KeyedDropout:
    dropout = KeyedDropout(rate, number)
    dropout.keyed = True
    dropout.key.fill_(key)
    return dropout


def test_uniform_numbers_fill_the_unit_interval_evenly_and_do_not_hang_together():
    noise = uniform(torch.tensor(12345), torch.empty(400, 500))
    assert noise.min() >= 0
    assert noise.max() < 1
    counts = torch.histc(noise, 20, 0, 1) / noise.numel()
    assert (counts - 0.05).abs().max() < 0.002
    columns = noise - noise.mean()
    for shifted in (columns.roll(1, 0), columns.roll(1, 1)):
        assert (columns * shifted).mean().abs() / columns.var() < 0.01


def test_neighbouring_keys_and_layers_give_unrelated_masks():
    x = torch.ones(100, 100)
    masks = [keyed(0.5, key, number)(x) > 0 for key, number in ((1, 0), (2, 0), (1, 1), (2**62, 0))]
    for i, one in enumerate(masks):
        for other in masks[:i]:
            assert abs((one == other).float().mean() - 0.5) < 0.02


def test_the_share_is_dropped_and_the_rest_scaled_so_that_the_mean_stays():
    out = keyed(0.3, 7)(torch.ones(300, 300))
    assert abs((out == 0).float().mean() - 0.3) < 0.01
    assert torch.allclose(out[out > 0], torch.tensor(1 / 0.7))
    assert abs(out.mean() - 1) < 0.02


def test_the_same_key_gives_the_same_mask_and_a_lifted_layer_that_of_each_trial():
    x = torch.randn(3, 8, 5, generator=torch.Generator().manual_seed(0))
    rates, keys = torch.tensor([0.1, 0.5, 0.9]), torch.tensor([5, 6, 2**61])
    layer = keyed(0.0, 0)

    def one(rate, key, x_BH):
        return torch.func.functional_call(layer, {"rate": rate, "key": key}, (x_BH,))

    lifted = torch.vmap(one)(rates, keys, x)
    for trial in range(3):
        alone = keyed(float(rates[trial]), int(keys[trial]))(x[trial])
        assert torch.equal(lifted[trial], alone)


def test_without_a_key_or_in_evaluation_it_is_the_dropout_of_pytorch():
    x = torch.ones(4, 6)
    assert torch.equal(keyed(0.5, 1).eval()(x), x)
    dropout = KeyedDropout(0.5)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        ours = dropout(x)
        torch.manual_seed(3)
        assert torch.equal(ours, torch.nn.functional.dropout(x, 0.5))


def test_it_adds_nothing_to_a_saved_network():
    assert not KeyedDropout(0.5).state_dict()


def test_the_mask_of_a_layer_is_no_shifted_copy_of_anothers():
    x = torch.ones(1, 20_000)
    masks = [(keyed(0.5, 99, number)(x) > 0)[0] for number in range(4)]
    for i, one in enumerate(masks):
        for other in masks[:i]:
            for shift in range(6):
                assert abs((one[shift:] == other[: len(other) - shift]).float().mean() - 0.5) < 0.03


def test_deep_nets_with_dropout_train():
    from netsitter.nn.build import build
    from netsitter.plan.sections import NetPlan

    net = build(NetPlan(kind="mlp", sizes=(6,) * 5, norm="none", init="he", dropout=0.3), example=(4,), outputs=2)
    layers = [part for part in net.modules() if isinstance(part, KeyedDropout)]
    assert len(layers) == 5
    for layer in layers:
        layer.keyed = True
        layer.key.fill_(2**63 - 1)
    assert net.train()(torch.randn(8, 4)).isfinite().all()
