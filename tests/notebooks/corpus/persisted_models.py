# Models pickled, joblib-dumped, deep-copied and cloned, then evaluated
# %%
import copy, pickle, joblib
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import accuracy_score
X, y = load_digits(n_class=5, return_X_y=True)
et = ExtraTreesClassifier(15, random_state=0).fit(X[:500], y[:500])
# %%
with open("model.pkl", "wb") as f:
    pickle.dump(et, f)
with open("model.pkl", "rb") as f:
    loaded = pickle.load(f)
print("pickled:", accuracy_score(y[500:], loaded.predict(X[500:])))
# %%
joblib.dump(et, "model.joblib")
again = joblib.load("model.joblib")
again.score(X[500:], y[500:])
# %%
twin = copy.deepcopy(et)
fresh = clone(et).set_params(max_depth=3)
fresh.fit(X[:500], y[:500])
print(twin.score(X[500:], y[500:]), fresh.score(X[500:], y[500:]))
# %%
del et, loaded
# %%
et.predict(X)
# %%
pickle.loads(pickle.dumps(accuracy_score)) is accuracy_score
