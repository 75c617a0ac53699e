# Object lifetimes: finalizers, weak references and reference counts must be as without tracking
# %%
import gc, sys, weakref
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier
from sklearn.metrics import accuracy_score
X, y = load_iris(return_X_y=True)
class Loud:
    def __init__(self, name): self.name = name
    def __del__(self): print("bye", self.name)
# %%
a = Loud("a"); b = Loud("b")
# %%
del a
print("after del")
# %%
b = Loud("b2")
print("after rebinding")
# %%
tree = DecisionTreeClassifier(random_state=0).fit(X, y)
ref = weakref.ref(tree)
pred = tree.predict(X)
accuracy_score(y, pred)
# %%
del tree
ref() is None
# %%
class Model(DecisionTreeClassifier):
    def __del__(self): print("model gone")
def train():
    m = Model(random_state=0).fit(X, y)
    return m.score(X, y)
print(train(), "after train")
# %%
big = X.copy()
watch = weakref.ref(big)
before = sys.getrefcount(big)
m = DecisionTreeClassifier(max_depth=1, random_state=0).fit(big, y)
before, sys.getrefcount(big)
# %%
del big
watch() is None
# %%
def stream():
    try:
        yield 1
        yield 2
    finally:
        print("stream closed")
s = stream(); next(s)
# %%
del s
print("end")
# %%
import pandas as pd
frame = pd.DataFrame(X)
fref = weakref.ref(frame)
m.fit(frame, y)
del frame
fref() is None
