# Columns in the order of a set of texts
# nondeterministic: follows the order of hashes
# %%
import numpy as np
words = "alpha beta gamma delta epsilon zeta eta theta".split()
idx = {w: i for i, w in enumerate(set(words))}
# %%
from sklearn.linear_model import SGDRegressor
X = np.zeros((8, 8))
for i, w in enumerate(words):
    X[i, idx[w]] = 1
y = np.arange(8.)
m = SGDRegressor(random_state=0, max_iter=5, tol=None).fit(X[:, :4], y)
m.score(X[:, :4], y)
