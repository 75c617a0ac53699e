# Colleague style: an Experiment class holds data, model and results; dataclass config
# %%
from dataclasses import dataclass, field, asdict
import logging
logging.basicConfig(level=logging.INFO, format="%(levelname)s:%(message)s", force=True)
log = logging.getLogger("train")
# %%
@dataclass
class Config:
    model: str = "tree"
    max_depth: int = 3
    test_size: float = 0.3
    seed: int = 0
    tags: list = field(default_factory=list)

cfg = Config(tags=["baseline"])
asdict(cfg)
# %%
from sklearn.datasets import load_wine
from sklearn.tree import DecisionTreeClassifier
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import train_test_split
from sklearn import metrics

class Experiment:
    registry = {"tree": DecisionTreeClassifier, "extra": lambda **k: ExtraTreesClassifier(n_estimators=10, **k)}

    def __init__(self, cfg):
        self.cfg = cfg
        self.results = {}

    def load(self):
        X, y = load_wine(return_X_y=True)
        self.split = train_test_split(X, y, test_size=self.cfg.test_size, random_state=self.cfg.seed)
        return self

    def run(self):
        X_tr, X_te, y_tr, y_te = self.split
        self.model = self.registry[self.cfg.model](max_depth=self.cfg.max_depth, random_state=self.cfg.seed)
        self.model.fit(X_tr, y_tr)
        pred = self.model.predict(X_te)
        for name in ("accuracy_score", "balanced_accuracy_score"):
            self.results[name] = getattr(metrics, name)(y_te, pred)
        self.results["f1"] = metrics.f1_score(y_te, pred, average="weighted")
        log.info("done %s", self.results)
        return self.results
# %%
exp = Experiment(cfg).load()
exp.run()
# %%
runs = [Experiment(Config(model=name, max_depth=d)).load().run() for name in ("tree", "extra") for d in (1, 5)]
max(r["f1"] for r in runs)
# %%
cfg.max_depth = 10
Experiment(cfg).load().run()["accuracy_score"]
