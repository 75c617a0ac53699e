# No seed anywhere: shuffles and forests draw from the global generator
# %%
import numpy as np
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.metrics import accuracy_score
X, y = load_wine(return_X_y=True)
# %%
X_train, X_test, y_train, y_test = train_test_split(X, y)
rf = RandomForestClassifier(n_estimators=10)
rf.fit(X_train[:, :3], y_train)
print("accuracy:", accuracy_score(y_test, rf.predict(X_test[:, :3])))
# %% rerun: 2
# %% rerun: 2
# %%
import random
random.random(), np.random.rand()
# %%
idx = np.random.permutation(len(X))[:20]
rf.score(X[idx][:, :3], y[idx])
