# A data class and a trainer class whose model is changed in place
# %%
import numpy as np
import pandas as pd
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier
from sklearn.metrics import accuracy_score, f1_score
# %%
class Dataset:
    def __init__(self, seed=0):
        self.seed = seed
        data = load_wine(as_frame=True)
        self.X, self.y = data.data, data.target
    def split(self, test_size=0.3):
        return train_test_split(self.X, self.y, test_size=test_size, random_state=self.seed)

class Trainer:
    def __init__(self, model):
        self.model = model
        self.history = []
    def fit(self, X, y):
        self.model.fit(X, y)
        return self
    def evaluate(self, X, y):
        p = self.model.predict(X)
        res = {"acc": accuracy_score(y, p), "f1": f1_score(y, p, average="macro")}
        self.history.append(res)
        return res
# %%
ds = Dataset(seed=1)
Xtr, Xte, ytr, yte = ds.split()
# %%
t = Trainer(DecisionTreeClassifier(max_depth=3, random_state=0))
t.fit(Xtr, ytr)
t.evaluate(Xte, yte)
# %%
t.model.max_depth = 5
t.fit(Xtr, ytr).evaluate(Xte, yte)
# %%
pd.DataFrame(t.history)
