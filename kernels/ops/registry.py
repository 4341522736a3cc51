"""Every kind of operation, by name. Its position here is its opcode in a compiled driver."""

from .by_id import BiasById, DenseById
from .dense import Copy, Dense
from .embedding import Gather, MeanBag
from .group_losses import GroupLoss, listwise, pairwise
from .losses import EntireLoss, RowLoss, bce, mse
from .mixture import Mixture
from .softmax import Softmax

KINDS = {
    "gather": Gather,
    "bag": MeanBag,
    "copy": Copy,
    "dense": Dense,
    "bias_by_id": BiasById,
    "dense_by_id": DenseById,
    "softmax": Softmax,
    "mixture": Mixture,
    "bce": RowLoss(bce),
    "mse": RowLoss(mse),
    "bce_entire": EntireLoss,
    "pairwise": GroupLoss(pairwise),
    "listwise": GroupLoss(listwise),
}
OPCODES = {name: code for code, name in enumerate(KINDS)}
