"""Training loops as other people write them, well ones, each to be run with a watcher or without."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import netsitter as ns
from netsitter.adapters.watch import Sitter
from netsitter.record.findings import Finding

SGD, Adam = torch.optim.SGD, torch.optim.Adam


def moons(rows: int = 256) -> tuple[Tensor, Tensor]:
    """Two half circles, standardised."""
    g = torch.Generator().manual_seed(0)
    angle, y = torch.rand(rows, generator=g) * torch.pi, torch.arange(rows) % 2
    x = torch.stack([angle.cos() + y, angle.sin() * (1 - 2 * y) + 0.5 * y], 1)
    x = x + 0.1 * torch.randn(rows, 2, generator=g)
    return (x - x.mean(0)) / x.std(0), y


def mlp(*, act: Callable[[], nn.Module] = nn.ReLU, drop: float = 0.0) -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 32), act(), nn.Dropout(drop), nn.Linear(32, 32), act(), nn.Linear(32, 2))


def grave(findings: list[Finding]) -> list[str]:
    return [finding.slug for finding in findings if finding.severity != "note"]


def loop(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    sitter: Any,
    *,
    epochs: int = 12,
    batch: int = 16,
    zero: Callable[[torch.optim.Optimizer], None] | None = lambda o: o.zero_grad(),
    loss_of: Callable[[Tensor], Tensor] = lambda loss: loss,
    every: int = 1,
) -> None:
    """The loop of the first tutorial. every: backward passes for one step. zero: how gradients are cleared."""
    x, y = moons()
    for epoch in range(epochs):
        for number, rows in enumerate(torch.randperm(len(x)).split(batch)):
            if zero is not None and number % every == 0:
                zero(optimizer)
            loss = F.cross_entropy(model(x[rows]), y[rows])
            (loss_of(loss) / every).backward()
            if number % every == every - 1:
                optimizer.step()
            if sitter is not None:
                sitter.note(loss=loss.item(), epoch=epoch)


USUAL = partial(Adam, lr=0.01)


def run(make: Callable[..., Any] = USUAL, build: Callable[[], nn.Module] = mlp, **more: Any) -> Sitter:
    torch.manual_seed(0)
    model = build()
    optimizer = make(model.parameters())
    with ns.watch(model, optimizer, show=False) as sitter:
        loop(model, optimizer, sitter, **more)
    assert sitter.not_checked == []
    return sitter


# loops of other people, each with and without


def plain(watch: Any) -> list[nn.Module]:
    model = mlp(drop=0.2)
    optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    with watch(model, optimizer) as sitter:
        loop(model, optimizer, sitter, epochs=6)
    return [model]


def normed(watch: Any) -> list[nn.Module]:
    """Pictures, batch norm, clipping, a schedule, scores in evaluation mode."""
    x, y = torch.randn(96, 1, 8, 8), torch.arange(96) % 2
    x[y == 1] += 0.5
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Dropout2d(0.1), nn.Flatten(), nn.Linear(288, 2)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)
    with watch(model, optimizer) as sitter:
        for epoch in range(5):
            model.train()
            for rows in torch.randperm(96).split(16):
                optimizer.zero_grad(set_to_none=False)
                F.cross_entropy(model(x[rows]), y[rows]).backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
            schedule.step()
            model.eval()
            with torch.no_grad():
                right = (model(x).argmax(1) == y).float().mean()
            if sitter is not None:
                sitter.note(val=right, epoch=epoch)
    return [model]


def lbfgs(watch: Any) -> list[nn.Module]:
    x, y = moons(64)
    model = mlp(act=nn.Tanh)
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=5)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    with watch(model, optimizer) as sitter:
        for _ in range(25):
            loss = optimizer.step(closure)
            if sitter is not None:
                sitter.note(loss=loss)
    return [model]


def accumulated(watch: Any) -> list[nn.Module]:
    model = mlp()
    optimizer = Adam(model.parameters(), lr=0.01)
    with watch(model, optimizer) as sitter:
        loop(model, optimizer, sitter, every=4)
    return [model]


def adversaries(watch: Any) -> list[nn.Module]:
    """Two networks against each other; each is watched by itself. The second backward reaches the first as well."""
    make = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
    judge = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    first, second = Adam(judge.parameters(), lr=0.01), Adam(make.parameters(), lr=0.01)
    x, _ = moons()
    with watch(judge, first) as of_judge, watch(make, second) as of_make:
        for epoch in range(8):
            for rows in torch.randperm(len(x)).split(32):
                first.zero_grad()
                fake = make(torch.randn(len(rows), 4))
                loss = F.softplus(-judge(x[rows])).mean() + F.softplus(judge(fake.detach())).mean()
                loss.backward()
                first.step()
                second.zero_grad()
                against = F.softplus(-judge(fake)).mean()
                against.backward()
                second.step()
                if of_judge is not None:
                    of_judge.note(loss=loss.item(), epoch=epoch)
                    of_make.note(loss=against.item(), epoch=epoch)
    return [make, judge]


def siamese(watch: Any) -> list[nn.Module]:
    x, y = moons()
    model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 4))
    optimizer = Adam(model.parameters(), lr=0.01)
    with watch(model, optimizer) as sitter:
        for epoch in range(6):
            for rows in torch.randperm(len(x)).split(32):
                left, right = rows.chunk(2)
                optimizer.zero_grad()
                far = (model(x[left]) - model(x[right])).square().sum(1)
                loss = torch.where(y[left] == y[right], far, F.relu(2 - far)).mean()
                loss.backward()
                optimizer.step()
                if sitter is not None:
                    sitter.note(loss=loss.item(), epoch=epoch)
    return [model]


class Words(nn.Module):
    """Tokens through an LSTM to two classes."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.lstm, self.out = nn.Embedding(10, 8), nn.LSTM(8, 16, batch_first=True), nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.lstm(self.embed(x))[0][:, -1])


def sequences(watch: Any) -> list[nn.Module]:
    x = torch.randint(0, 10, (128, 6))
    y = (x[:, -1] > 4).long()
    model = Words()
    optimizer = Adam(model.parameters(), lr=0.02)
    with watch(model, optimizer) as sitter:
        for epoch in range(8):
            for rows in torch.randperm(128).split(16):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x[rows]), y[rows])
                loss.backward()
                optimizer.step()
                if sitter is not None:
                    sitter.note(loss=loss.item(), epoch=epoch)
    return [model]


def by_hand(watch: Any) -> list[nn.Module]:
    """Gradients that are asked for and put into place; nothing is added, so nothing can be kept."""
    x, y = moons()
    model = mlp()
    optimizer = Adam(model.parameters(), lr=0.01)
    with watch(model, optimizer) as sitter:
        for _ in range(40):
            loss = F.cross_entropy(model(x), y)
            for p, grad in zip(model.parameters(), torch.autograd.grad(loss, list(model.parameters())), strict=True):
                p.grad = grad
            optimizer.step()
            if sitter is not None:
                sitter.note(loss=loss.item())
    return [model]


def halves(watch: Any) -> list[nn.Module]:
    """One network, an optimiser for each half."""
    model = mlp()
    first, second = Adam(model[0].parameters(), lr=0.01), SGD(model[3:].parameters(), lr=0.05)
    x, y = moons()
    with watch(model, first) as sitter:
        for epoch in range(6):
            for rows in torch.randperm(len(x)).split(32):
                model.zero_grad()
                loss = F.cross_entropy(model(x[rows]), y[rows])
                loss.backward()
                first.step()
                second.step()
                if sitter is not None:
                    sitter.note(loss=loss.item(), epoch=epoch)
    return [model]


def sparse(watch: Any) -> list[nn.Module]:
    model = nn.Sequential(nn.Embedding(10, 4, sparse=True), nn.Flatten(), nn.Linear(12, 2))
    x, y = torch.randint(0, 10, (64, 3)), torch.arange(64) % 2
    optimizer = SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer):
        for rows in torch.arange(64).repeat(4).split(8):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    return [model]


WELL = (plain, normed, lbfgs, accumulated, adversaries, siamese, sequences, by_hand, halves, sparse)
