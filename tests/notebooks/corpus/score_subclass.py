# Subclasses of library estimators: super().fit, extra score, __call__, properties
# %%
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.metrics import accuracy_score, mean_absolute_error
class VerboseForest(RandomForestClassifier):
    def fit(self, X, y, **kw):
        print("fitting on", X.shape)
        return super().fit(X, y, **kw)
    def __call__(self, X):
        return self.predict(X)
X, y = load_breast_cancer(return_X_y=True)
vf = VerboseForest(n_estimators=10, random_state=0).fit(X[:400], y[:400])
accuracy_score(y[400:], vf(X[400:]))
# %%
class Positive(LinearRegression):
    def predict(self, X):
        return np.maximum(super().predict(X), 0)
    def score(self, X, y, sample_weight=None):
        return -mean_absolute_error(y, self.predict(X))
Xd, yd = load_diabetes(return_X_y=True)
pos = Positive().fit(Xd[:300], yd[:300])
pos.score(Xd[300:], yd[300:])
# %%
weights = np.linspace(.1, 1, 300)
pos.fit(Xd[:300], yd[:300], sample_weight=weights)
pos.score(Xd[300:], yd[300:]), mean_absolute_error(yd[300:], pos.predict(Xd[300:]), sample_weight=np.linspace(1, 2, len(yd) - 300))
