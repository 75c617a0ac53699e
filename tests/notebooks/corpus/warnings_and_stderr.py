# Warnings of all kinds: shown once, filtered, from the library, to stderr, from metrics
# %%
import sys, warnings
import numpy as np
from sklearn.linear_model import LogisticRegression, Lasso
from sklearn.metrics import precision_score, f1_score, r2_score
from sklearn.exceptions import ConvergenceWarning
X = np.random.RandomState(0).normal(size=(80, 4)); y = (X[:, 0] > 0).astype(int)
print("to stderr", file=sys.stderr)
# %%
def noisy():
    warnings.warn("careful now", UserWarning)
    return 1
noisy(); noisy()
# %%
noisy()
# %%
lr = LogisticRegression(max_iter=1).fit(X, y)
lr.score(X, y)
# %%
precision_score(y, np.zeros(80, dtype=int))
# %%
f1_score([0, 0], [0, 0])
# %%
r2_score([1.0], [2.0])
# %%
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    lasso = Lasso(alpha=1e-6, max_iter=2).fit(X, y)
# %%
warnings.simplefilter("error")
LogisticRegression(max_iter=1).fit(X, y)
# %%
warnings.resetwarnings()
np.array([1.0]) / np.array([0.0])
# %%
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    precision_score(y, np.zeros(80, dtype=int))
[str(w.message)[:40] for w in caught]
# %%
LogisticRegression().fit([[1.0], [2.0]], [0, 0])
