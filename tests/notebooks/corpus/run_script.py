# Colleague's script called with %run, then used from the notebook
# %%
%run evaluate_wine.py
# %%
scores
# %%
from sklearn.tree import DecisionTreeClassifier
tree = DecisionTreeClassifier(random_state=3)
tree.fit(X_tr, y_tr)
evaluate(tree, X_te, y_te)
# %%
%run -i evaluate_wine.py
# %%
%time evaluate(knn, X_te, y_te)["f1"]
# %%
%timeit -n 1 -r 2 evaluate(knn, X_te, y_te)
