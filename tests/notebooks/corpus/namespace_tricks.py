# The namespace itself: %reset, globals(), run_cell, shadowed builtins, underscore names, %who
# %%
%load_ext autoreload
%autoreload 2
import sys
x = 1
_private = 2
len_of = len
# %%
x + 1
# %%
_ + 1, Out[3], In[2][:8]
# %%
sorted(k for k in globals() if not k.startswith("_"))
# %%
globals()["made"] = 5
locals().update(also=6)
made + also
# %%
get_ipython().run_cell("from_run_cell = 7\nprint('ran')")
from_run_cell
# %%
%who
# %%
list = [1, 2]
type(list), sum(list)
# %%
del list
list("ab")
# %%
ip = get_ipython()
ip.ev("x * 3"), ip.user_ns is globals(), type(ip.user_ns) is dict
# %%
class print:
    def __init__(self, *a): sys.stdout.write("shadowed\n")
print("hello")
# %%
del print
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score
d = DummyClassifier().fit([[0], [1], [2]], [0, 1, 1])
accuracy_score([0, 1, 1], d.predict([[0], [1], [2]]))
# %%
sorted(sys.modules["__main__"].__dict__) == sorted(globals()), sys.displayhook.__class__.__name__, sys.gettrace(), sys.excepthook.__name__
# %%
%reset -f
# %%
x
# %%
%who
# %%
from sklearn.dummy import DummyClassifier
again = DummyClassifier(strategy="uniform", random_state=0).fit([[0], [1]], [0, 1])
again.score([[0], [1]], [0, 1])
# %%
import builtins
sorted(set(dir(builtins)) - set(dir(object)))[:3], len([n for n in dir(builtins) if n.islower()])
# %%
import inspect
len(inspect.stack())
