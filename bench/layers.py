"""Trains a network of images or sequences in PyTorch on one thread and prints seconds a step.

usage: python3 layers.py <cnn | LeNet-5 | LSTM | GRU> <steps> <steps before them that do not count>
"""

import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)
name, steps, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])



class Recurrent(nn.Module):
    """The last state of a recurrent layer, and what is read off it."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.out = layer(8, 32, batch_first=True), nn.Linear(32, 10)

    def forward(self, x):
        return self.out(self.layer(x)[0][:, -1])


networks = {
    "cnn": lambda: nn.Sequential(
        nn.Conv2d(1, 16, 3, padding="same"), nn.ReLU(), nn.Conv2d(16, 32, 3, padding="same"), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 10),
    ),
    "LeNet-5": lambda: nn.Sequential(
        nn.Conv2d(1, 6, 5, padding="same"), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    ),
    "LSTM": lambda: Recurrent(nn.LSTM),
    "GRU": lambda: Recurrent(nn.GRU),
}
shape = {"cnn": [1, 8, 8], "LeNet-5": [1, 28, 28]}.get(name, [24, 8])
model = networks[name]()
optimizer = torch.optim.Adam(model.parameters())
x = torch.rand(32, *shape) * 2 - 1
y = torch.arange(32) * 7 % 10


def train(count):
    for _ in range(count):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()


train(first)
start = time.perf_counter()
train(steps)
print((time.perf_counter() - start) / steps)
