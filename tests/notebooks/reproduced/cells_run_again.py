# A cell that counts up, run three times; another edited later
# %%
import numpy as np
from sklearn.datasets import load_iris
from sklearn.svm import SVC
from sklearn.metrics import accuracy_score
X, y = load_iris(return_X_y=True)
# %%
counter = 0
C = 1.0
# %%
counter += 1
C *= 2
X = X + 0.01 * counter
# %% rerun: 3
# %% rerun: 3
# %%
clf = SVC(C=C).fit(X, y)
acc = accuracy_score(y, clf.predict(X)); print(acc, C, counter)
# %% edit: 2
counter = 10
C = 0.01
# %% rerun: 4
