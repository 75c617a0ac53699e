# Nested cross-validation and a search inside a loop
# %%
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.linear_model import RidgeClassifierCV, LogisticRegressionCV
import numpy as np
X, y = load_iris(return_X_y=True)
pipe = make_pipeline(StandardScaler(), SVC())
grid = {"svc__C": [.1, 1], "svc__gamma": ["scale", .1]}
# %%
nested = []
for trial in range(2):
    inner = KFold(3, shuffle=True, random_state=trial)
    outer = KFold(3, shuffle=True, random_state=trial)
    search = GridSearchCV(pipe, grid, cv=inner)
    search.fit(X, y)
    nested.append((search.best_score_, cross_val_score(search, X, y, cv=outer).mean()))
nested
# %%
print("difference: {:.4f}".format(np.mean([a - b for a, b in nested])))
# %%
rcv = RidgeClassifierCV(alphas=[.1, 1, 10]).fit(X, y)
rcv.alpha_, rcv.score(X, y)
# %%
multi = GridSearchCV(SVC(), {"C": [1, 5]}, scoring={"acc": "accuracy", "f1": "f1_macro"}, refit="acc", cv=3)
multi.fit(X, y)
multi.cv_results_["mean_test_f1"]
