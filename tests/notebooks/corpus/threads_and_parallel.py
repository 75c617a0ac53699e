# ThreadPoolExecutor and joblib threads around fit and score (threads)
# %%
from concurrent.futures import ThreadPoolExecutor
from joblib import Parallel, delayed
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier
from sklearn.metrics import roc_auc_score
X, y = make_classification(400, random_state=6)
# %%
def evaluate(depth):
    t = DecisionTreeClassifier(max_depth=depth, random_state=0)
    t.fit(X[:300], y[:300])
    return depth, roc_auc_score(y[300:], t.predict_proba(X[300:])[:, 1])
# %%
with ThreadPoolExecutor(1) as pool:
    for depth, auc in pool.map(evaluate, [1, 2, 3]):
        print(depth, auc)
# %%
Parallel(n_jobs=2, prefer="threads")(delayed(evaluate)(d) for d in (4, 5))
# %%
from sklearn.ensemble import RandomForestClassifier
rf = RandomForestClassifier(20, n_jobs=2, random_state=0).fit(X[:300], y[:300])
rf.score(X[300:], y[300:])
