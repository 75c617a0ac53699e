# Parameters from a dict, argparse and a parameters cell; ParameterGrid loop
# %%
# parameters
n_neighbors = 4
weights = "uniform"
# %%
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--test-size", type=float, default=.25)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args([])
hp = {"n_neighbors": n_neighbors, "weights": weights}
vars(args)
# %%
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split, ParameterGrid
from sklearn.neighbors import KNeighborsClassifier
from sklearn.metrics import accuracy_score, top_k_accuracy_score
X, y = load_digits(n_class=6, return_X_y=True)
Xa, Xb, ya, yb = train_test_split(X, y, test_size=args.test_size, random_state=args.seed)
# %%
model = KNeighborsClassifier(**hp).fit(Xa, ya)
accuracy_score(yb, model.predict(Xb)), top_k_accuracy_score(yb, model.predict_proba(Xb), k=2)
# %%
best = (None, -1)
for params in ParameterGrid({"n_neighbors": [1, 3], "weights": ["uniform", "distance"]}):
    s = KNeighborsClassifier().set_params(**params).fit(Xa, ya).score(Xb, yb)
    if s > best[1]:
        best = (params, s)
best
# %%
import itertools
grid = [(k, w, KNeighborsClassifier(k, weights=w).fit(Xa, ya).score(Xb, yb)) for k, w in itertools.product([5, 7], ["uniform"])]
grid
