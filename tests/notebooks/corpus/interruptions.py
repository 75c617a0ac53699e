# Interrupted training, SystemExit, chained exceptions, %tb
# %%
from sklearn.datasets import load_wine
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score
X, y = load_wine(return_X_y=True)
clf = SGDClassifier(random_state=0)
# %%
for epoch in range(10):
    clf.partial_fit(X, y, classes=[0, 1, 2])
    print(epoch, accuracy_score(y, clf.predict(X)))
    if epoch == 2:
        raise KeyboardInterrupt
# %%
clf.score(X, y)
# %%
raise SystemExit("Stop right there!")
# %%
%tb
# %%
class DataError(Exception):
    """raised by our loader"""

def load(path):
    try:
        open(path)
    except FileNotFoundError as error:
        raise DataError(f"no data at {path}") from error

load("missing.csv")
# %%
try:
    load("other.csv")
except DataError:
    {}["while handling"]
# %%
def deep(n):
    return deep(n - 1) if n else accuracy_score([1], [1, 0])
deep(5)
# %%
try:
    clf.fit(X, y[:5])
finally:
    print("cleaning up")
# %%
raise ExceptionGroup("several", [ValueError("one"), TypeError("two")])
# %%
accuracy_score(y, clf.predict(X), normalize="maybe")
