"""Trains a convolutional network in PyTorch on one thread and prints seconds a step.

usage: python3 layers.py <cnn | LeNet-5> <steps>
"""

import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)
name, steps = sys.argv[1], int(sys.argv[2])

networks = {
    "cnn": lambda: nn.Sequential(
        nn.Conv2d(1, 16, 3, padding="same"), nn.ReLU(), nn.Conv2d(16, 32, 3, padding="same"), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 10),
    ),
    "LeNet-5": lambda: nn.Sequential(
        nn.Conv2d(1, 6, 5, padding="same"), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    ),
}
size = {"cnn": 8, "LeNet-5": 28}[name]
model = networks[name]()
optimizer = torch.optim.Adam(model.parameters())
x = torch.rand(32, 1, size, size) * 2 - 1
y = torch.arange(32) * 7 % 10


def train(count):
    for _ in range(count):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()


train(10)
start = time.perf_counter()
train(steps)
print((time.perf_counter() - start) / steps)
