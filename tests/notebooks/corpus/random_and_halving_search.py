# RandomizedSearchCV and HalvingGridSearchCV (experimental import)
# %%
from sklearn.experimental import enable_halving_search_cv  # noqa
from sklearn.model_selection import HalvingGridSearchCV, RandomizedSearchCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.datasets import make_classification
from scipy.stats import randint

X, y = make_classification(n_samples=300, n_features=10, n_informative=5, random_state=5)
# %%
search = RandomizedSearchCV(
    RandomForestClassifier(n_estimators=10, random_state=0),
    {"max_depth": randint(2, 8), "min_samples_leaf": [1, 2, 4]},
    n_iter=4, cv=3, random_state=0, scoring="roc_auc",
).fit(X[:200], y[:200])
search.best_params_
# %%
from sklearn.metrics import roc_auc_score
auc = roc_auc_score(y[200:], search.predict_proba(X[200:])[:, 1])
print("best cv", search.best_score_, "held out", auc)
# %%
halving = HalvingGridSearchCV(
    RandomForestClassifier(random_state=0), {"max_depth": [2, 4, None]},
    resource="n_estimators", max_resources=12, min_resources=4, cv=3, random_state=0,
)
halving.fit(X[:200], y[:200])
halving.score(X[200:], y[200:])
