# Custom estimators and transformers written in cells
# %%
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin, clone
from sklearn.utils.validation import check_X_y, check_array, check_is_fitted
# %%
class NearestCentroidish(ClassifierMixin, BaseEstimator):
    def __init__(self, power=2.0):
        self.power = power

    def fit(self, X, y):
        X, y = check_X_y(X, y)
        self.classes_ = np.unique(y)
        self.centers_ = np.array([X[y == c].mean(axis=0) for c in self.classes_])
        return self

    def predict(self, X):
        check_is_fitted(self)
        X = check_array(X)
        d = (np.abs(X[:, None, :] - self.centers_[None]) ** self.power).sum(axis=2)
        return self.classes_[d.argmin(axis=1)]
# %%
class ClipOutliers(TransformerMixin, BaseEstimator):
    def __init__(self, low=1, high=99):
        self.low = low
        self.high = high
    def fit(self, X, y=None):
        self.bounds_ = np.percentile(X, [self.low, self.high], axis=0)
        return self
    def transform(self, X):
        return np.clip(X, *self.bounds_)
# %%
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
X, y = load_wine(return_X_y=True)
Xtr, Xte, ytr, yte = train_test_split(X, y, random_state=4)
mine = NearestCentroidish()
mine.fit(Xtr, ytr)
mine.score(Xte, yte)
# %%
clip = ClipOutliers(5, 95).fit(Xtr)
pipe = make_pipeline(clip, StandardScaler(), clone(mine))
pipe.fit(Xtr, ytr)
print("with clipping:", pipe.score(Xte, yte))
# %%
for p in (1.0, 1.5, 3.0):
    m = NearestCentroidish(power=p).fit(Xtr, ytr)
    print(p, round(m.score(Xte, yte), 4))
# %%
class MeanRegressor(RegressorMixin, BaseEstimator):
    """predicts a quantile whatever comes"""
    def __init__(self, q=.5): self.q = q
    def fit(self, X, y):
        self.value_ = np.quantile(y, self.q); return self
    def predict(self, X): return np.full(len(X), self.value_)

from sklearn.metrics import mean_pinball_loss
r = MeanRegressor(q=.9).fit(Xtr, Xtr[:, 0])
mean_pinball_loss(Xte[:, 0], r.predict(Xte), alpha=.9)
# %%
cross_val_score(NearestCentroidish(), X, y, cv=4)
