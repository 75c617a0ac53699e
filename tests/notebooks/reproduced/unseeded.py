# Noise and a forest, neither with a seed
# nondeterministic: RandomForestClassifier(random_state=None)
# %%
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.datasets import load_iris
X, y = load_iris(return_X_y=True)
X = X + np.random.normal(0, .3, X.shape)
# %%
rf = RandomForestClassifier(20).fit(X, y)
rf.score(X, y)
