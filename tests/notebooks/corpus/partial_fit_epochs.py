# Online learning: partial_fit with a metric per epoch, minibatches
# %%
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.preprocessing import MinMaxScaler
X, y = load_digits(return_X_y=True)
X = MinMaxScaler().fit_transform(X)
Xtr, Xte, ytr, yte = X[:1200], X[1200:], y[:1200], y[1200:]
# %%
clf = SGDClassifier(loss="log_loss", random_state=0, alpha=1e-4)
history = []
for epoch in range(5):
    clf.partial_fit(Xtr, ytr, classes=np.unique(y))
    val = accuracy_score(yte, clf.predict(Xte))
    history.append(val)
    print(f"epoch {epoch}: {val:.4f} loss {log_loss(yte, clf.predict_proba(Xte)):.4f}")
# %%
from sklearn.naive_bayes import MultinomialNB
nb = MultinomialNB()
for i in range(0, 1200, 300):
    nb.partial_fit(Xtr[i:i+300], ytr[i:i+300], classes=range(10))
nb.score(Xte, yte)
# %%
from sklearn.neural_network import MLPClassifier
mlp = MLPClassifier(hidden_layer_sizes=(16,), random_state=0)
curve = []
for e in range(3):
    mlp.partial_fit(Xtr, ytr, classes=np.unique(ytr))
    curve.append((e, mlp.loss_, mlp.score(Xte, yte)))
curve
