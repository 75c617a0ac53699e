# Objects that notice being looked at: properties that print, odd equality, iterators kept across cells
# %%
import itertools, threading
class Nosy:
    def __init__(self): self.looks = 0
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        print("someone asked for", name)
        return None
    def __eq__(self, other):
        print("compared"); return False
    def __hash__(self):
        print("hashed"); return 1
    def __len__(self):
        print("measured"); return 3
    def __bool__(self):
        raise RuntimeError("not a bool")
    def __reduce__(self):
        print("pickled"); raise TypeError("never pickle me")
    @property
    def expensive(self):
        print("computing"); self.looks += 1; return self.looks
    def __repr__(self):
        print("printed"); return "<Nosy>"
nosy = Nosy()
box = [nosy, {"n": nosy}]
# %%
other = nosy
nosy.looks
# %%
box.append(1); box[1]["k"] = nosy
nosy.expensive
# %%
numbers = (n * n for n in itertools.count())
lines = iter(["a", "b", "c"])
pairs = zip(range(3), "xyz")
lock = threading.Lock()
handle = open("log.txt", "w+")
next(numbers), next(lines), next(pairs)
# %%
handle.write("hello"); handle.seek(0); handle.read(2)
# %%
next(numbers), next(lines), next(pairs), handle.read(1), handle.tell(), lock.locked()
# %%
class Lazy:
    @property
    def data(self):
        if not hasattr(self, "_data"):
            print("loading")
            self._data = [1, 2, 3]
        return self._data
lazy = Lazy()
vars(lazy)
# %%
use = lambda: len(lazy.data)
vars(lazy), use(), vars(lazy)
# %%
class Meta(type):
    def __getattribute__(cls, name):
        if name == "secret": print("class looked at")
        return super().__getattribute__(name)
class Guarded(metaclass=Meta):
    secret = 1
    __slots__ = ("a",)
g = Guarded(); g.a = [1]
Guarded.secret
# %%
import numpy as np
class Tagged(np.ndarray):
    def __array_finalize__(self, obj):
        self.tag = getattr(obj, "tag", "new")
t = np.arange(4).view(Tagged); t.tag = "mine"
u = t[1:]
u[0] = 99
t.tag, t.tolist(), u.tag
# %%
class Estimator:
    calls = []
    def fit(self, X, y):
        self.calls.append("fit"); return self
    def predict(self, X):
        self.calls.append("predict"); return [0] * len(X)
    def get_params(self, deep=True):
        self.calls.append("get_params"); return {}
e = Estimator().fit([[1]], [1])
from sklearn.metrics import accuracy_score
accuracy_score([0], e.predict([[1]])), Estimator.calls
# %%
del nosy, other
box[0].looks
