# get_scorer, make_scorer and check_scoring called by hand; custom scorer in a search
# %%
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import get_scorer, make_scorer, fbeta_score, mean_squared_error, check_scoring, f1_score
from sklearn.tree import DecisionTreeClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
X, y = load_breast_cancer(return_X_y=True)
tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X[:400], y[:400])
# %%
auc = get_scorer("roc_auc")
auc(tree, X[400:], y[400:])
# %%
ftwo = make_scorer(fbeta_score, beta=2)
print("F2", ftwo(tree, X[400:], y[400:]))
# %%
check_scoring(tree)(tree, X[400:], y[400:])
# %%
def profit(y_true, y_pred):
    return float((y_pred == 1) @ (y_true == 1)) - 3.0 * float((y_pred == 1) @ (y_true == 0))
gs = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [2, 3]}, scoring=make_scorer(profit), cv=3)
gs.fit(X[:400], y[:400])
gs.best_score_
# %%
def harmonic(est, X, y):
    return f1_score(y, est.predict(X))
cross_val_score(tree, X, y, cv=3, scoring=harmonic)
# %%
{name: get_scorer(name)(tree, X[400:], y[400:]) for name in ["accuracy", "f1", "neg_log_loss"]}
