# Metrics inside prints, asserts, dict values, constructors, ternaries, default arguments
# %%
import pandas as pd, numpy as np
from sklearn.datasets import load_wine
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss, recall_score
from sklearn.model_selection import train_test_split
X, y = load_wine(return_X_y=True, as_frame=True)
a, b, c, d = train_test_split(X, y, random_state=8, test_size=.4)
clf = RidgeClassifier(alpha=2).fit(a, c)
# %%
print("acc: %.3f | f1: %.3f" % (accuracy_score(d, clf.predict(b)), f1_score(d, clf.predict(b), average="macro")))
# %%
assert (s := accuracy_score(d, clf.predict(b))) > .5, "too bad"
s
# %%
pd.DataFrame({"metric": ["acc", "f1"], "value": [accuracy_score(d, clf.predict(b)), f1_score(d, clf.predict(b), average="micro")]})
# %%
verdict = "good" if accuracy_score(d, clf.predict(b)) > .9 else "bad"
verdict
# %%
def report(model, X, y, base=accuracy_score(c, clf.predict(a))):
    now = accuracy_score(y, model.predict(X))
    return {"train": base, "test": now, "gap": base - now}
report(clf, b, d)
# %%
board = pd.DataFrame(columns=["alpha", "acc"])
for alpha in np.logspace(-1, 2, 4):
    model = RidgeClassifier(alpha=alpha)
    model.fit(a, c)
    board.loc[len(board)] = [alpha, accuracy_score(d, model.predict(b))]
board
# %%
print(*(f"{avg}={recall_score(d, clf.predict(b), average=avg):.4f}" for avg in ("macro", "weighted")), sep="\n")
# %%
"{0:.1%} correct, {1} wrong".format(accuracy_score(d, clf.predict(b)), int(len(d) - accuracy_score(d, clf.predict(b), normalize=False)))
# %%
class Report:
    def __init__(self, model): self.model = model
    @property
    def accuracy(self): return accuracy_score(d, self.model.predict(b))
    def __repr__(self): return f"<Report {self.accuracy:.3f}>"
Report(clf)
