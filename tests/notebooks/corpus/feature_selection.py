# Feature selection: SelectKBest, RFE in a pipeline, forward selection by hand
# %%
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.feature_selection import SelectKBest, f_classif, RFE, SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from sklearn.pipeline import Pipeline
from sklearn.metrics import accuracy_score, roc_auc_score
data = load_breast_cancer()
X, y = data.data, data.target
Xtr, Xte, ytr, yte = X[:380], X[380:], y[:380], y[380:]
# %%
for k in [2, 5, 10]:
    sel = SelectKBest(f_classif, k=k).fit(Xtr, ytr)
    m = DecisionTreeClassifier(max_depth=3, random_state=0).fit(sel.transform(Xtr), ytr)
    print(k, accuracy_score(yte, m.predict(sel.transform(Xte))))
# %%
pipe = Pipeline([("rfe", RFE(DecisionTreeClassifier(random_state=0), n_features_to_select=5)),
                 ("clf", DecisionTreeClassifier(random_state=0, max_depth=4))])
pipe.fit(Xtr, ytr)
roc_auc_score(yte, pipe.predict_proba(Xte)[:, 1])
# %%
chosen = []
def try_with(cols):
    tree = DecisionTreeClassifier(max_depth=2, random_state=0)
    return accuracy_score(yte, tree.fit(Xtr[:, cols], ytr).predict(Xte[:, cols]))
for _ in range(2):
    best = max((j for j in range(6) if j not in chosen), key=lambda j: try_with(chosen + [j]))
    chosen.append(best)
print([data.feature_names[j] for j in chosen], try_with(chosen))
# %%
sfm = SelectFromModel(DecisionTreeClassifier(random_state=0)).fit(Xtr, ytr)
sfm.get_support().sum()
