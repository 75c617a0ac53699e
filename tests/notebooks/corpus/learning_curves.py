# learning_curve, validation_curve, and a growing training set by hand
# %%
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.model_selection import learning_curve, validation_curve
from sklearn.naive_bayes import GaussianNB
X, y = load_digits(n_class=5, return_X_y=True)
# %%
sizes, train_scores, test_scores = learning_curve(GaussianNB(), X, y, cv=3, train_sizes=[.3, .6, 1.])
test_scores.mean(axis=1)
# %%
tr, te = validation_curve(GaussianNB(), X, y, param_name="var_smoothing", param_range=[1e-9, 1e-2], cv=3)
te.mean(axis=1)
# %%
from sklearn.metrics import accuracy_score, error_rate if False else accuracy_score
# %% edit: 4
from sklearn.metrics import accuracy_score
curve = {}
for n in 50, 100, 200, 400:
    p = Perceptron(random_state=0).fit(X[:n], y[:n])
    curve[n] = accuracy_score(y[500:], p.predict(X[500:]))
curve
# %%
n = 10
while True:
    acc = Perceptron(random_state=0).fit(X[:n], y[:n]).score(X[500:], y[500:])
    if acc > .9 or n > 300:
        break
    n *= 2
n, acc
