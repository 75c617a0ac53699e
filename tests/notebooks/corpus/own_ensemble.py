# An ensemble written by hand: inner fits inside an own fit, old mixin order
# %%
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.tree import DecisionTreeClassifier
X, y = make_classification(300, 8, random_state=17)
# %%
class Bag(ClassifierMixin, BaseEstimator):
    def __init__(self, base=None, n=5, seed=0):
        self.base = base
        self.n = n
        self.seed = seed
    def fit(self, X, y):
        r = np.random.RandomState(self.seed)
        self.classes_ = np.unique(y)
        self.members_ = []
        for _ in range(self.n):
            rows = r.choice(len(X), len(X))
            self.members_.append(clone(self.base).fit(X[rows], y[rows]))
        self.train_score_ = accuracy_score(y, self.predict(X))
        return self
    def predict_proba(self, X):
        return np.mean([m.predict_proba(X) for m in self.members_], axis=0)
    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
# %%
bag = Bag(DecisionTreeClassifier(max_depth=3, random_state=0))
bag.fit(X[:200], y[:200])
print(bag.train_score_, bag.score(X[200:], y[200:]), log_loss(y[200:], bag.predict_proba(X[200:])))
# %%
for n in (1, 3):
    b = Bag(LogisticRegression(), n=n).fit(X[:200], y[:200])
    print(n, accuracy_score(y[200:], b.predict(X[200:])))
# %%
class OldStyle(BaseEstimator, ClassifierMixin):
    def fit(self, X, y):
        self.majority_ = np.bincount(y).argmax()
        self.classes_ = np.unique(y)
        return self
    def predict(self, X):
        return np.full(len(X), self.majority_)
old = OldStyle().fit(X[:200], y[:200])
accuracy_score(y[200:], old.predict(X[200:]))
