"""Networks as people write them, each with one thing wrong; named on the command line as FILE.py:NAME."""

from torch import nn


def one_dense(inputs, outputs):
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs, outputs))


def twenty_sigmoids(inputs, outputs):
    layers = [nn.Flatten(), nn.Linear(inputs, 100), nn.Sigmoid()]
    for _ in range(19):
        layers += [nn.Linear(100, 100), nn.Sigmoid()]
    return nn.Sequential(*layers, nn.Linear(100, outputs))


def normal_weights(inputs, outputs):
    net = nn.Sequential(
        nn.Flatten(), nn.Linear(inputs, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs)
    )
    for part in net:
        if isinstance(part, nn.Linear):
            nn.init.normal_(part.weight)
    return net


def soft(inputs, outputs):
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs, 50), nn.ReLU(), nn.Linear(50, outputs), nn.Softmax(dim=1))


def dead_units(inputs, outputs):
    net = nn.Sequential(nn.Flatten(), nn.Linear(inputs, 50), nn.ReLU(), nn.Linear(50, outputs))
    nn.init.constant_(net[1].bias, -10.0)
    return net
