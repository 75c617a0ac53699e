# Models in a dict, blended by hand
# %%
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler
from sklearn.pipeline import make_pipeline
from sklearn.metrics import accuracy_score, roc_auc_score
X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
# %%
models = {
    "lr": make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
    "dt": DecisionTreeClassifier(max_depth=4, random_state=1),
    "nb": GaussianNB(),
}
scores, probas = {}, []
for name, m in models.items():
    m.fit(X_train, y_train)
    p = m.predict_proba(X_test)[:, 1]
    probas.append(p)
    scores[name] = roc_auc_score(y_test, p)
scores
# %%
w = np.array([.5, .2, .3])
blend = np.average(np.array(probas), axis=0, weights=w)
roc_auc_score(y_test, blend), accuracy_score(y_test, blend > .5)
# %%
best = max(scores, key=scores.get)
final = models[best]
print(best, accuracy_score(y_test, final.predict(X_test)))
