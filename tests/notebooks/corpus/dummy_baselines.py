# Baselines first: DummyClassifier and DummyRegressor
# %%
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.metrics import accuracy_score, mean_absolute_error
# %%
X, y = load_breast_cancer(return_X_y=True)
for strategy in ["most_frequent", "stratified", "uniform", "prior"]:
    d = DummyClassifier(strategy=strategy, random_state=0).fit(X, y)
    print(f"{strategy:>14}: {d.score(X, y):.3f}")
# %%
Xd, yd = load_diabetes(return_X_y=True)
base = DummyRegressor(strategy="mean").fit(Xd, yd)
med = DummyRegressor(strategy="median").fit(Xd, yd)
{"mean": mean_absolute_error(yd, base.predict(Xd)), "median": mean_absolute_error(yd, med.predict(Xd))}
# %%
print("always one:", accuracy_score(y, [1] * len(y)))
