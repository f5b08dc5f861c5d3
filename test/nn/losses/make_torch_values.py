"""Writes torch.json: losses and their gradients in float64, by PyTorch's functions where it has the loss, and by the formulas of
Keras 3.16 (keras/src/losses/losses.py) where it has not. Gradients are PyTorch's.

    python3 make_torch_values.py > torch.json        # PyTorch 2.6.0
"""
import json

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
EPS = 1e-7
generator = torch.Generator().manual_seed(11)
ROWS, UNITS = 4, 3


def grid(low, high, *shape):
    """Multiples of 2^-10, which float32 holds exactly."""
    return torch.randint(int(low * 1024), int(high * 1024), shape or (ROWS, UNITS), generator=generator) / 1024


def bits(*shape):
    return torch.randint(0, 2, shape or (ROWS, UNITS), generator=generator).double()


ids = torch.tensor([[2], [0], [1], [0]])
one_hot = F.one_hot(ids[:, 0], UNITS).double()
shares = torch.tensor([[0.25, 0.5, 0.25], [0.125, 0.125, 0.75], [0.0625, 0.5, 0.4375], [0.375, 0.375, 0.25]])
counts = torch.randint(0, 6, (ROWS, UNITS), generator=generator).double()
weights = torch.tensor([[0.5], [2.0], [0.25], [1.25]])
identity = lambda x: x
softmax = lambda x: torch.softmax(x, -1)
sequences = lambda x: x.reshape(len(x), -1, UNITS)
forms = {"plain": identity, "sigmoid": torch.sigmoid, "softmax": softmax, "sequences": sequences}


def normalized(p):
    return p / p.sum(-1, keepdim=True)


def smooth(y, s, classes):
    return y * (1 - s) + s / classes


def bce(y, p):
    return F.binary_cross_entropy(p, y, reduction="none")


def cce(y, p):
    return -(y * torch.log(normalized(p))).sum(-1)


def binary_focal(y, p, gamma=2.0, alpha=None):
    p_t = y * p + (1 - y) * (1 - p)
    loss = torch.pow(1 - p_t, gamma) * bce(y, p)
    return loss if alpha is None else (y * alpha + (1 - y) * (1 - alpha)) * loss


def categorical_focal(y, p, gamma=2.0, alpha=0.25):
    p = normalized(p)
    return (alpha * torch.pow(1 - p, gamma) * -y * torch.log(p)).sum(-1)


def generalized(y, p, q=0.5):
    return (1 - torch.pow((y * p).sum(-1), q)) / q


def kl(y, p):
    y, p = y.clamp(EPS, 1), p.clamp(EPS, 1)
    return F.kl_div(torch.log(p), y, reduction="none").sum(-1)


def hinge(y, p):
    y = 2 * y - 1 if ((y == 0) | (y == 1)).all() else y
    return torch.clamp(1 - y * p, min=0)


def categorical_hinge(y, p):
    return torch.clamp(((1 - y) * p).max(-1).values - (y * p).sum(-1) + 1, min=0)


def pinball(y, p, q):
    return torch.maximum(q * (y - p), (q - 1) * (y - p))


def mape(y, p):
    return 100 * torch.abs((y - p) / y.abs().clamp(min=EPS))


def msle(y, p):
    return (torch.log(p.clamp(min=EPS) + 1) - torch.log(y.clamp(min=EPS) + 1)) ** 2


def log_cosh(y, p):
    return (p - y) + F.softplus(-2 * (p - y)) - torch.log(torch.tensor(2.0))


def moments(of):
    """A loss of means and variances side by side."""
    return lambda y, p: of(y, p[:, :y.shape[1]], p[:, y.shape[1]:])


def crps(y, mean, var):
    """By distribution and density of PyTorch's normal distribution."""
    z, normal = (y - mean) / var.sqrt(), torch.distributions.Normal(0.0, 1.0)
    return var.sqrt() * (z * (2 * normal.cdf(z) - 1) + 2 * normal.log_prob(z).exp() - 1 / torch.pi ** 0.5)


def coral(levels, z):
    """coral_loss of coral-pytorch 1.4.0, before its mean over rows."""
    return -(F.logsigmoid(z) * levels + (F.logsigmoid(z) - z) * (1 - levels)).sum(1)


def cox(y, p, w):
    """Breslow's partial likelihood, event by event."""
    t, w, p = y[:, 0].abs(), w[:, 0], p[:, 0]
    events = [i for i in range(len(t)) if y[i, 0] > 0]
    terms = [w[i] * (torch.log((w * torch.exp(p))[t >= t[i]].sum()) - p[i]) for i in events]
    return sum(terms) / w[events].sum()


def ctc(y, z):
    """Of rows of labels, padded with the blank, 0."""
    logs, lengths = torch.log_softmax(z, -1).transpose(0, 1), torch.full((ROWS,), z.shape[1])
    return F.ctc_loss(logs, y.long(), lengths, (y != 0).sum(1), blank=0, reduction="none")


def rows(of):
    """A mean over rows and units of losses, each times its row's weight."""
    def total(y, p, w):
        losses = of(y, p)
        return (losses * (w if losses.dim() == 2 else w[:, 0])).mean()
    return total


def overlap(of):
    """A loss of counts over all rows, each as often as it weighs: hits, false alarms, misses, by unit."""
    def total(y, p, w):
        return of((w * y * p).sum(0), (w * (1 - y) * p).sum(0), (w * y * (1 - p)).sum(0))
    return total


def tversky(alpha, beta, epsilon):
    return overlap(lambda t, f, m: 1 - t.sum() / (t.sum() + alpha * f.sum() + beta * m.sum() + epsilon))


# 1 - F1 is errors / (2 hits + errors); the epsilon is below alone, so that it is 0 where there are no errors
macro = overlap(lambda t, f, m: ((f + m) / (2 * t + f + m + EPS)).mean())
micro = overlap(lambda t, f, m: (f + m).sum() / ((2 * t + f + m).sum() + EPS))
reals, positive = grid(-4, 4), grid(0.125, 8)
# name, options, what is done to x, truths, x, loss of truth, prediction and weights
CASES = [
    ("meanSquaredError", {}, "plain", reals, grid(-4, 4), rows(lambda y, p: F.mse_loss(p, y, reduction="none"))),
    ("meanAbsoluteError", {}, "plain", reals, grid(-4, 4), rows(lambda y, p: F.l1_loss(p, y, reduction="none"))),
    ("meanAbsolutePercentageError", {}, "plain", reals, grid(-4, 4), rows(mape)),
    ("meanSquaredLogarithmicError", {}, "plain", positive, grid(0, 8), rows(msle)),
    ("huber", {}, "plain", reals, grid(-4, 4), rows(lambda y, p: F.huber_loss(p, y, reduction="none"))),
    ("huber", {"delta": 2.5}, "plain", reals, grid(-4, 4),
     rows(lambda y, p: F.huber_loss(p, y, reduction="none", delta=2.5))),
    ("logCosh", {}, "plain", reals, grid(-4, 4), rows(log_cosh)),
    ("quantile", {}, "plain", reals, grid(-4, 4), rows(lambda y, p: pinball(y, p, 0.5))),
    ("quantile", {"quantile": 0.9}, "plain", reals, grid(-4, 4), rows(lambda y, p: pinball(y, p, 0.9))),
    ("poisson", {}, "plain", counts, positive,
     rows(lambda y, p: F.poisson_nll_loss(p, y, log_input=False, eps=EPS, reduction="none"))),
    ("cosineSimilarity", {}, "plain", reals, grid(-4, 4), rows(lambda y, p: -F.cosine_similarity(y, p, -1))),
    ("binaryCrossentropy", {}, "plain", bits(), grid(0.125, 0.875), rows(bce)),
    ("binaryCrossentropy", {"fromLogits": True}, "plain", bits(), grid(-4, 4),
     rows(lambda y, z: F.binary_cross_entropy_with_logits(z, y, reduction="none"))),
    ("binaryCrossentropy", {"labelSmoothing": 0.1}, "sigmoid", bits(), grid(-4, 4),
     rows(lambda y, p: bce(smooth(y, 0.1, 2), p))),
    ("categoricalCrossentropy", {}, "plain", shares, grid(0.125, 0.875), rows(cce)),
    ("categoricalCrossentropy", {"fromLogits": True}, "plain", shares, grid(-4, 4),
     rows(lambda y, z: F.cross_entropy(z, y, reduction="none"))),
    ("categoricalCrossentropy", {"fromLogits": True, "labelSmoothing": 0.2}, "plain", one_hot, grid(-4, 4),
     rows(lambda y, z: F.cross_entropy(z, y, reduction="none", label_smoothing=0.2))),
    ("sparseCategoricalCrossentropy", {}, "softmax", ids, grid(-4, 4), rows(lambda y, p: cce(one_hot, p))),
    ("sparseCategoricalCrossentropy", {"fromLogits": True}, "plain", ids, grid(-4, 4),
     rows(lambda y, z: F.cross_entropy(z, y[:, 0].long(), reduction="none"))),
    ("sparseCategoricalCrossentropy", {"labelSmoothing": 0.2}, "softmax", ids, grid(-4, 4),
     rows(lambda y, p: cce(smooth(one_hot, 0.2, UNITS), p))),
    ("categoricalGeneralizedCrossEntropy", {}, "softmax", ids, grid(-4, 4), rows(lambda y, p: generalized(one_hot, p))),
    ("categoricalGeneralizedCrossEntropy", {"q": 0.75}, "softmax", one_hot, grid(-4, 4),
     rows(lambda y, p: generalized(y, p, 0.75))),
    ("binaryFocalCrossentropy", {}, "plain", bits(), grid(0.125, 0.875), rows(binary_focal)),
    ("binaryFocalCrossentropy", {"fromLogits": True, "gamma": 1.5, "applyClassBalancing": True, "alpha": 0.75}, "plain",
     bits(), grid(-4, 4), rows(lambda y, z: binary_focal(y, torch.sigmoid(z), 1.5, 0.75))),
    ("binaryFocalCrossentropy", {"labelSmoothing": 0.1, "applyClassBalancing": True}, "sigmoid", bits(), grid(-4, 4),
     rows(lambda y, p: binary_focal(smooth(y, 0.1, 2), p, 2.0, 0.25))),
    ("categoricalFocalCrossentropy", {}, "plain", one_hot, grid(0.125, 0.875), rows(categorical_focal)),
    ("categoricalFocalCrossentropy", {"fromLogits": True, "gamma": 0.5, "alpha": [0.25, 1, 2]}, "plain", one_hot,
     grid(-4, 4), rows(lambda y, z: categorical_focal(y, softmax(z), 0.5, torch.tensor([0.25, 1, 2])))),
    ("categoricalFocalCrossentropy", {"labelSmoothing": 0.1, "gamma": 3}, "softmax", one_hot, grid(-4, 4),
     rows(lambda y, p: categorical_focal(smooth(y, 0.1, UNITS), p, 3.0))),
    ("klDivergence", {}, "softmax", shares, grid(-4, 4), rows(kl)),
    ("klDivergence", {}, "plain", one_hot, grid(0.125, 0.875), rows(kl)),
    ("hinge", {}, "plain", bits(), grid(-2, 2), rows(hinge)),
    ("hinge", {}, "plain", 2 * bits() - 1, grid(-2, 2), rows(hinge)),
    ("squaredHinge", {}, "plain", bits(), grid(-2, 2), rows(lambda y, p: hinge(y, p) ** 2)),
    ("categoricalHinge", {}, "plain", one_hot, grid(-2, 2), rows(categorical_hinge)),
    ("softF1", {}, "sigmoid", bits(), grid(-4, 4), macro),
    ("softF1", {}, "softmax", one_hot, grid(-4, 4), macro),
    ("softF1", {"average": "micro"}, "plain", one_hot, grid(0.125, 0.875), micro),
    ("dice", {}, "sigmoid", bits(), grid(-4, 4), tversky(0.5, 0.5, EPS / 2)),
    ("tversky", {}, "plain", bits(), grid(0.125, 0.875), tversky(0.5, 0.5, EPS)),
    ("tversky", {"alpha": 0.25, "beta": 2}, "softmax", one_hot, grid(-4, 4), tversky(0.25, 2, EPS)),
    ("gaussianNll", {}, "plain", grid(-4, 4, ROWS, 2), torch.cat([grid(-4, 4, ROWS, 2), grid(0.125, 8, ROWS, 2)], 1),
     rows(moments(lambda y, m, v: F.gaussian_nll_loss(m, y, v, reduction="none")))),
    ("gaussianNll", {"full": True, "epsilon": 2}, "plain", grid(-4, 4), torch.cat([grid(-4, 4), grid(0.125, 8)], 1),
     rows(moments(lambda y, m, v: F.gaussian_nll_loss(m, y, v, full=True, eps=2, reduction="none")))),
    ("gaussianNll", {"fromLogVariance": True}, "plain", grid(-4, 4), torch.cat([grid(-4, 4), grid(-3, 3)], 1),
     rows(moments(lambda y, m, s: F.gaussian_nll_loss(m, y, s.exp(), reduction="none")))),
    ("gaussianCrps", {}, "plain", grid(-4, 4), torch.cat([grid(-4, 4), grid(0.125, 8)], 1), rows(moments(crps))),
    ("gaussianCrps", {"fromLogVariance": True}, "plain", grid(-4, 4, ROWS, 1), grid(-3, 3, ROWS, 2),
     rows(moments(lambda y, m, s: crps(y, m, s.exp())))),
    ("ordinalCrossentropy", {}, "sigmoid", torch.tensor([[0, 0, 0], [1, 0, 0], [1, 1, 1], [1, 1, 0]]).double(),
     grid(-4, 4), rows(lambda y, p: bce(y, p).sum(1))),
    ("ordinalCrossentropy", {"fromLogits": True}, "plain",
     torch.tensor([[1, 1, 0], [0, 0, 0], [1, 0, 0], [1, 1, 1]]).double(), grid(-4, 4), rows(coral)),
    ("coxPartialLikelihood", {}, "plain", torch.tensor([[2], [-3], [1.5], [2]]), grid(-4, 4, ROWS, 1), cox),
    ("coxPartialLikelihood", {}, "plain", torch.tensor([[-0.5], [4], [-1], [0.25]]), grid(-4, 4, ROWS, 1), cox),
    ("ctc", {}, "sequences", torch.tensor([[1, 2, 0], [2, 2, 1], [0, 0, 0], [1, 1, 0]]), grid(-4, 4, ROWS, 5 * UNITS),
     rows(ctc)),
    ("ctc", {"maxLabels": 2}, "sequences", torch.tensor([[1, 0, 0], [2, 1, 0], [2, 2, 0], [0, 0, 0]]),
     grid(-4, 4, ROWS, 3 * UNITS), rows(ctc)),
]


def evaluated(form, y, x, loss, w):
    x = x.clone().requires_grad_()
    value = loss(y, forms[form](x), w)
    value.backward()
    return {"value": value.item(), "gradient": x.grad.flatten().tolist()}


def written(name, options, form, y, x, loss):
    return {"name": name, "options": options, "form": form, "y": y.tolist(), "x": x.tolist(),
            "alone": evaluated(form, y, x, loss, torch.ones(ROWS, 1)), "weighted": evaluated(form, y, x, loss, weights)}


print(json.dumps({"origin": f"PyTorch {torch.__version__}, by make_torch_values.py", "weights": weights.tolist(),
                  "cases": [written(*case) for case in CASES]}))
