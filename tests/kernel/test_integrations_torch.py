"""PyTorch as people use it: loops in cells, in functions and classes, loggers, several optimizers, mistakes."""

from __future__ import annotations

import pytest
from trackbook.records import RunDetail

from .session import Notebook, values

torch = pytest.importorskip("torch")

DATA = """
import numpy as np
import torch
import trackbook
from sklearn.metrics import accuracy_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(1)
rng = np.random.default_rng(0)
numbers = rng.normal(size=(120, 4)).astype("float32")
labels = (numbers[:, 0] > 0).astype("int64")
X, y = torch.from_numpy(numbers[:80]), torch.from_numpy(labels[:80])
X_test, y_test = torch.from_numpy(numbers[80:]), labels[80:]
train_loader = DataLoader(TensorDataset(X, y), batch_size=16, shuffle=True)
loss_fn = nn.CrossEntropyLoss()
"""
NET = """
class Net(nn.Module):
    def __init__(self, hidden=8, dropout=0.0):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, 2))

    def forward(self, x):
        return self.layers(x)
"""
MODEL = """
torch.manual_seed(0)
lr = 0.01
model = Net(hidden=16)
opt = torch.optim.Adam(model.parameters(), lr=lr)
"""
LOOP = """
for epoch in range(3):
    total = 0.0
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item()
    trackbook.log_metric("loss", total, epoch)
"""
PREDICT = "accuracy_score(y_test, model(X_test).argmax(1).numpy())"


@pytest.fixture
def training(nb: Notebook) -> Notebook:
    """A notebook with data and a class of networks."""
    nb.run(DATA)
    nb.run(NET)
    return nb


def chosen(run: RunDetail) -> dict[str, object]:
    """Return the params that are no defaults of the optimizer."""
    defaults = run.models[0].details["default_params"] if run.models else []
    assert isinstance(defaults, list)
    return {key: value for key, value in run.params.items() if key not in defaults}


def series(nb: Notebook, run: RunDetail, key: str) -> list[int]:
    return sorted(point.step for point in nb.history(run, key))


def test_loop_in_a_cell_is_a_run(training: Notebook) -> None:
    training.run(MODEL)
    training.run(LOOP)

    run = training.only_run()
    assert chosen(run) == {
        "lr": 0.01, "optimizer": "Adam", "hidden": 16, "dropout": 0.0, "n_parameters": 114, "batch_size": 16,
        "loss": "CrossEntropyLoss", "epochs": 3,
    }  # fmt: skip
    assert {use.name: (use.kind, use.rows) for use in run.datasets} == {
        "X": ("torch.Tensor", 80), "y": ("torch.Tensor", 80),
    }  # fmt: skip
    assert series(training, run, "loss") == [0, 1, 2]
    model = run.models[0]
    assert (model.name, model.class_name, model.details["steps"]) == ("model", "__main__.Net", 15)


def test_data_have_the_fingerprints_of_their_arrays(training: Notebook) -> None:
    training.run(MODEL)
    training.run(LOOP)

    from trackbook.capture.fingerprint import fingerprint

    found = {use.name: use.fingerprint for use in training.only_run().datasets}
    assert found["X"] == fingerprint(training.variables["numbers"][:80])


def test_prediction_in_a_later_cell_is_of_the_loop(training: Notebook) -> None:
    training.run(MODEL)
    training.run(LOOP)
    training.run("with torch.no_grad():\n    pred = model(X_test).argmax(1).numpy()")
    training.run("accuracy_score(y_test, pred)")

    assert training.only_run().metrics.keys() == {"loss", "test.accuracy"}


def test_prediction_in_the_same_cell_is_of_the_loop(training: Notebook) -> None:
    training.run(MODEL + LOOP + PREDICT)

    assert training.only_run().metrics.keys() == {"loss", "test.accuracy"}


def test_another_learning_rate_is_another_run(training: Notebook) -> None:
    training.run(MODEL, cell="model")
    training.run(LOOP, cell="loop")
    training.edit("model", MODEL.replace("lr = 0.01", "lr = 0.5"))
    training.rerun("loop")
    training.run(PREDICT)

    first, second = training.runs()
    assert (first.params["lr"], second.params["lr"]) == (0.01, 0.5)
    assert "test.accuracy" in second.metrics
    assert "test.accuracy" not in first.metrics


def test_same_seed_again_is_a_repetition(training: Notebook) -> None:
    training.run(MODEL, cell="model")
    training.run(LOOP, cell="loop")
    training.rerun("model")
    training.rerun("loop")

    run = training.only_run()
    assert run.tags["repeated"] == "1"


def test_training_that_goes_on_is_a_run_that_says_so(training: Notebook) -> None:
    training.run(MODEL)
    training.run(LOOP, cell="loop")
    training.rerun("loop")

    first, second = training.runs()
    assert second.models[0].details["continues"] == first.run.name
    assert "nondeterministic" not in second.tags
    assert series(training, second, "loss") == [0, 1, 2]


def test_unseeded_weights_are_named_as_the_cause(training: Notebook) -> None:
    unseeded = MODEL.replace("torch.manual_seed(0)", "")
    training.run(unseeded, cell="model")
    training.run(LOOP, cell="loop")
    training.rerun("model")
    training.rerun("loop")

    assert "torch.manual_seed" in training.last_run().tags["nondeterministic"]


def test_number_logged_before_the_first_step_is_of_its_run(training: Notebook) -> None:
    training.run(MODEL, cell="model")
    loop = (
        "for step in range(4):\n    loss = loss_fn(model(X), y)\n    trackbook.log_metric('loss', loss, step)\n"
        "    opt.zero_grad(); loss.backward(); opt.step()"
    )
    training.run(loop, cell="loop")
    training.edit("model", MODEL.replace("hidden=16", "hidden=4"))
    training.rerun("loop")

    first, second = training.runs()
    assert series(training, first, "loss") == series(training, second, "loss") == [0, 1, 2, 3]
    assert (first.params["hidden"], second.params["hidden"]) == (16, 4)


def test_magic_logs_to_the_run_of_the_loop(training: Notebook) -> None:
    training.run(MODEL)
    training.run(
        "for epoch in range(2):\n    for xb, yb in train_loader:\n        loss = loss_fn(model(xb), yb)\n"
        "        opt.zero_grad(); loss.backward(); opt.step()\n    %track metric loss=loss.item()"
    )

    assert len(training.history(training.only_run(), "loss")) == 2


TRAIN = """
def train(model, loader, epochs, lr=0.1):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    for epoch in range(epochs):
        running = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            optimizer.step()
            running += loss.item()
        scheduler.step()
        trackbook.log_metric("train_loss", running / len(loader), epoch)
    return model

def evaluate(model):
    with torch.no_grad():
        return accuracy_score(y_test, model(X_test).argmax(1))
"""


def test_training_in_a_function_is_followed_to_its_arguments(training: Notebook) -> None:
    training.run(TRAIN)
    training.run("net = train(Net(4), train_loader, epochs=2)\nevaluate(net)")

    run = training.only_run()
    expected = {"epochs": 2, "lr": 0.1, "momentum": 0.9, "hidden": 4, "scheduler": "StepLR", "scheduler.gamma": 0.5}
    assert expected.items() <= chosen(run).items()
    assert run.metrics.keys() == {"train_loss", "test.accuracy"}
    assert not {"running", "epoch"} & run.params.keys()


def test_loop_over_rates_makes_siblings_with_their_own_numbers(training: Notebook) -> None:
    training.run(TRAIN)
    training.run(
        "scores = []\nfor rate in [0.1, 0.5]:\n    torch.manual_seed(1)\n"
        "    m = train(Net(4), train_loader, epochs=2, lr=rate)\n    scores.append(evaluate(m))"
    )

    runs = training.children(training.tops()[0])
    assert [run.params["lr"] for run in runs] == [0.1, 0.5]
    assert [values(run)["test.accuracy"] for run in runs] == training.variables["scores"]
    assert [series(training, run, "train_loss") for run in runs] == [[0, 1], [0, 1]]


def test_loop_over_rates_in_the_cell_itself_makes_siblings(training: Notebook) -> None:
    training.run(
        "for rate in (0.1, 0.5):\n    net = Net()\n    opt = torch.optim.SGD(net.parameters(), lr=rate)\n"
        "    for epoch in range(2):\n        loss = loss_fn(net(X), y)\n"
        "        opt.zero_grad(); loss.backward(); opt.step()\n"
        "    print(accuracy_score(y_test, net(X_test).argmax(1)))"
    )

    runs = training.children(training.tops()[0])
    assert [(run.params["rate"], run.params["epochs"]) for run in runs] == [(0.1, 2), (0.5, 2)]
    assert all(run.metrics.keys() == {"test.accuracy"} for run in runs)
    assert all("epoch" not in run.params for run in runs)


TRAINER = """
class Trainer:
    def __init__(self, model, loader, lr=0.05):
        self.model, self.loader = model, loader
        self.opt = torch.optim.AdamW(model.parameters(), lr=lr)

    def step(self, xb, yb):
        self.opt.zero_grad()
        loss = loss_fn(self.model(xb), yb)
        loss.backward()
        self.opt.step()
        return loss.item()

    def fit(self, epochs):
        for epoch in range(epochs):
            for xb, yb in self.loader:
                last = self.step(xb, yb)
            trackbook.log_metric("loss", last, step=epoch)
"""


def test_trainer_class_is_one_run_with_its_data(training: Notebook) -> None:
    training.run(TRAINER)
    training.run("trainer = Trainer(nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2)), train_loader)")
    training.run("trainer.fit(epochs=2)")

    run = training.only_run()
    assert chosen(run)["layers"] == "Linear(4, 6), Tanh, Linear(6, 2)"
    assert (run.params["batch_size"], run.params["lr"], run.params["optimizer"]) == (16, 0.05, "AdamW")
    assert {use.name for use in run.datasets} == {"X", "y"}
    assert series(training, run, "loss") == [0, 1]


def test_generator_and_critic_are_one_run(training: Notebook) -> None:
    training.run(
        "G, D = nn.Linear(2, 4), nn.Linear(4, 1)\n"
        "opt_g, opt_d = torch.optim.Adam(G.parameters(), lr=1e-3), torch.optim.Adam(D.parameters(), lr=2e-3)\n"
        "for i in range(3):\n"
        "    z = torch.randn(8, 2)\n"
        "    d_loss = D(G(z).detach()).mean() - D(X[:8]).mean()\n"
        "    opt_d.zero_grad(); d_loss.backward(); opt_d.step()\n"
        "    g_loss = -D(G(z)).mean()\n"
        "    opt_g.zero_grad(); g_loss.backward(); opt_g.step()\n"
        "    trackbook.log_metrics({'d': d_loss.item(), 'g': g_loss.item()}, step=i)"
    )

    run = training.only_run()
    assert (run.params["lr"], run.params["opt_g.lr"]) == (2e-3, 1e-3)
    assert run.metrics.keys() == {"d", "g"}


def test_two_models_trained_one_after_the_other_are_two_runs(training: Notebook) -> None:
    training.run(
        "one, two = Net(4), Net(8)\n"
        "o1, o2 = torch.optim.SGD(one.parameters(), lr=0.1), torch.optim.SGD(two.parameters(), lr=0.2)\n"
        "for e in range(2):\n    o1.zero_grad(); loss_fn(one(X), y).backward(); o1.step()\n"
        "for e in range(2):\n    o2.zero_grad(); loss_fn(two(X), y).backward(); o2.step()"
    )

    assert sorted(run.params["hidden"] for run in training.runs() if run.params) == [4, 8]


def test_closure_of_lbfgs_and_bare_tensors_are_a_run(training: Notebook) -> None:
    training.run(
        "w = torch.zeros(4, requires_grad=True)\no = torch.optim.LBFGS([w], lr=0.5, max_iter=5)\n"
        "def closure():\n    o.zero_grad()\n    error = ((X @ w - y) ** 2).mean()\n    error.backward()\n"
        "    return error"
    )
    training.run("for step in range(3):\n    error = o.step(closure)\ntrackbook.log_metric('mse', error)")

    run = training.only_run()
    assert (run.params["optimizer"], run.params["max_iter"], run.params["steps"]) == ("LBFGS", 5, 3)
    assert (run.models[0].name, run.models[0].class_name) == ("w", "torch.Tensor")
    assert {use.name for use in run.datasets} == {"X", "y"}
    assert "mse" in run.metrics


def test_dataset_class_of_ones_own_is_described(training: Notebook) -> None:
    training.run(
        "class Table(torch.utils.data.Dataset):\n"
        "    def __init__(self, rows, target): self.rows, self.target = rows, target\n"
        "    def __len__(self): return len(self.rows)\n"
        "    def __getitem__(self, i): return self.rows[i], self.target[i]\n"
        "train_data, val_data = torch.utils.data.random_split(Table(numbers, labels), [100, 20])\n"
        "train_loader, val_loader = DataLoader(train_data, 10), DataLoader(val_data, 10)"
    )
    training.run(MODEL)
    training.run(
        "for epoch in range(2):\n"
        "    for xb, yb in train_loader:\n        opt.zero_grad(); loss_fn(model(xb), yb).backward(); opt.step()\n"
        "    with torch.no_grad():\n"
        "        val = sum(loss_fn(model(xb), yb).item() for xb, yb in val_loader)\n"
        "    trackbook.log_metric('val_loss', val, epoch)"
    )

    run = training.only_run()
    assert {("numbers", "train"), ("labels", "train")} <= {(use.name, str(use.role)) for use in run.datasets}
    assert {"validation"} <= {str(use.role) for use in run.datasets}
    assert run.params["batch_size"] == 10


def test_interrupted_loop_keeps_what_it_logged(training: Notebook) -> None:
    training.run(MODEL)
    training.fails(
        "for step in range(9):\n    opt.zero_grad(); loss = loss_fn(model(X), y); loss.backward(); opt.step()\n"
        "    trackbook.log_metric('loss', loss, step)\n    if step == 2: raise KeyboardInterrupt"
    )

    run = training.only_run()
    assert run.run.status == "KILLED"
    assert series(training, run, "loss") == [0, 1, 2]
    assert run.models[0].details["steps"] == 3


def test_loop_that_raises_fails(training: Notebook) -> None:
    training.run(MODEL)
    training.fails(LOOP.replace("total += loss.item()", "total += loss.item()\n        model(xb[:, :2])"))

    assert training.only_run().run.status == "FAILED"


def test_run_that_was_started_takes_the_training(training: Notebook) -> None:
    training.run(MODEL)
    training.run("with trackbook.start_run('mine'):\n" + "".join(f"    {line}\n" for line in LOOP.splitlines()))

    run = training.only_run()
    assert (run.run.name, run.params["optimizer"], run.metrics.keys()) == ("mine", "Adam", {"loss"})


def test_frozen_layers_and_groups_are_told(training: Notebook) -> None:
    training.run(MODEL)
    training.run("for p in model.layers[0].parameters(): p.requires_grad = False")
    training.run(
        "opt = torch.optim.SGD([{'params': model.layers[3].parameters()}, "
        "{'params': model.layers[0].parameters(), 'lr': 0.5}], lr=0.1)\n"
        "for step in range(2):\n    opt.zero_grad(); loss_fn(model(X), y).backward(); opt.step()"
    )

    run = training.only_run()
    assert (run.params["group_1.lr"], run.models[0].details["n_trained"]) == (0.5, 34)


# What does not change


def test_reading_a_model_does_not_change_it(training: Notebook) -> None:
    training.run(MODEL)
    training.run(PREDICT)

    last = training.last_execution()
    assert (last.writes, last.maybe) == ((), ())


def test_training_changes_the_model_and_its_optimizer_only(training: Notebook) -> None:
    training.run(MODEL)
    training.run("opt.zero_grad(); loss_fn(model(X), y).backward(); opt.step()")

    last = training.last_execution()
    assert {"model", "opt"} <= {*last.writes}
    assert not {"X", "y", "loss_fn", "train_loader"} & {*last.writes, *last.maybe}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, while it compiles
def test_compiled_steps_work_as_without_trackbook(training: Notebook) -> None:
    training.run(MODEL)
    training.run(
        "step = torch.compile(lambda: opt.step(), backend='eager')\nbefore = model.layers[0].weight.sum().item()\n"
        "for turn in range(3):\n    opt.zero_grad(); loss_fn(model(X), y).backward(); step()\n"
        "after = model.layers[0].weight.sum().item()"
    )

    assert training.variables["before"] != training.variables["after"]
    assert training.only_run().params["optimizer"] == "Adam"


def test_torch_is_as_it_was_when_trackbook_is_unloaded(training: Notebook) -> None:
    training.run(MODEL + LOOP)

    training.run("%unload_ext trackbook")

    code = torch.optim.Optimizer._optimizer_step_code
    assert not vars(code)
    assert not code.__code__.co_consts or all(not callable(each) for each in code.__code__.co_consts)


# Loggers


def test_logger_of_a_library_logs_to_the_run_of_its_model(training: Notebook) -> None:
    training.run(
        "class Trainer:\n"
        "    def __init__(self, logger, max_epochs): self.logger, self.max_epochs = logger, max_epochs\n"
        "    def fit(self, model):\n"
        "        self.logger.log_hyperparams({'model': {'width': 3}, 'max_epochs': self.max_epochs})\n"
        "        opt = torch.optim.Adam(model.parameters(), lr=0.01)\n"
        "        for epoch in range(self.max_epochs):\n"
        "            loss = loss_fn(model(X), y)\n"
        "            opt.zero_grad(); loss.backward(); opt.step()\n"
        "            self.logger.log_metrics({'loss': loss.item()}, step=epoch)\n"
        "        self.logger.finalize('success')"
    )
    training.run("net = Net(4)\nTrainer(trackbook.TrackbookLogger(), max_epochs=2).fit(net)")

    run = training.only_run()
    assert {"model.width": 3, "max_epochs": 2, "hidden": 4}.items() <= run.params.items()
    assert series(training, run, "loss") == [0, 1]


def test_what_is_written_for_tensorboard_is_logged(training: Notebook) -> None:
    pytest.importorskip("torch.utils.tensorboard")
    training.run(MODEL)
    training.run(
        "from torch.utils.tensorboard import SummaryWriter\nwriter = SummaryWriter('logs')\n"
        "for step in range(3):\n    loss = loss_fn(model(X), y)\n"
        "    opt.zero_grad(); loss.backward(); opt.step()\n"
        "    writer.add_scalar('loss/train', loss, step)\n"
        "writer.add_scalars('accuracy', {'a': 0.5, 'b': 0.25}, 3)\nwriter.close()"
    )

    run = training.only_run()
    assert series(training, run, "loss/train") == [0, 1, 2]
    assert values(run)["accuracy/b"] == 0.25
