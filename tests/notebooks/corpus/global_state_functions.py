# Functions that read and write globals, decorators, closures, a results registry
# %%
from sklearn.datasets import load_iris
from sklearn.svm import SVC
from sklearn.metrics import accuracy_score
import functools, collections
X, y = load_iris(return_X_y=True)
RESULTS = collections.defaultdict(list)
C = 1.0
current_model = None
# %%
def log(fn):
    @functools.wraps(fn)
    def inner(*args, **kwargs):
        value = fn(*args, **kwargs)
        RESULTS[fn.__name__].append(value)
        return value
    return inner

def train():
    global current_model
    current_model = SVC(C=C, gamma=GAMMA)
    current_model.fit(X[::2], y[::2])

@log
def evaluate():
    return accuracy_score(y[1::2], current_model.predict(X[1::2]))
# %%
train()
# %%
GAMMA = .5
train()
evaluate()
# %%
C = .001
train(); evaluate()
# %%
dict(RESULTS)
# %%
def make_trainer(kernel):
    calls = 0
    def go(c):
        nonlocal calls
        calls += 1
        return calls, SVC(kernel=kernel, C=c).fit(X[::2], y[::2]).score(X[1::2], y[1::2])
    return go
poly = make_trainer("poly")
[poly(c) for c in (.01, 1)]
# %%
del GAMMA
# %%
train()
# %%
exec("m = SVC(C=2).fit(X, y); exec_score = accuracy_score(y, m.predict(X))")
exec_score
