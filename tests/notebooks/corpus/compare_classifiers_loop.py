# The classic: a dict of models, a loop, results.append
# %%
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=123)
scaler = StandardScaler()
X_train = scaler.fit_transform(X_train)
X_test = scaler.transform(X_test)
# %%
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from sklearn.ensemble import RandomForestClassifier, GradientBoostingClassifier
from sklearn.svm import SVC
from sklearn.naive_bayes import GaussianNB

models = {
    "Logistic": LogisticRegression(max_iter=1000),
    "Tree": DecisionTreeClassifier(random_state=0),
    "Forest": RandomForestClassifier(n_estimators=30, random_state=0),
    "GBM": GradientBoostingClassifier(n_estimators=20, random_state=0),
    "SVM": SVC(probability=False),
    "NB": GaussianNB(),
}
# %%
from sklearn.metrics import accuracy_score, precision_score, recall_score, f1_score
results = []
for name, clf in models.items():
    clf.fit(X_train, y_train)
    y_pred = clf.predict(X_test)
    results.append({
        "model": name,
        "accuracy": accuracy_score(y_test, y_pred),
        "precision": precision_score(y_test, y_pred),
        "recall": recall_score(y_test, y_pred),
        "f1": f1_score(y_test, y_pred),
    })
# %%
import pandas as pd
pd.DataFrame(results).set_index("model").sort_values("f1", ascending=False).round(4)
# %%
best = max(results, key=lambda r: r["f1"])
print(f"Best model is {best['model']} with F1={best['f1']:.3f}")
final_model = models[best["model"]]
# %%
assert accuracy_score(y_test, final_model.predict(X_test)) > 0.9
# %%
scores = {name: m.score(X_train, y_train) for name, m in models.items()}
scores
