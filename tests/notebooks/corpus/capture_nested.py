# Training under %%capture, display() calls, rich outputs
# %%
%%capture
from sklearn.datasets import make_moons
from sklearn.tree import DecisionTreeClassifier
from sklearn.metrics import accuracy_score
import pandas as pd
X, y = make_moons(300, noise=.25, random_state=0)
# %%
%%capture cap --no-stderr
tree = DecisionTreeClassifier(max_depth=4, random_state=0).fit(X[:200], y[:200])
print("inside", accuracy_score(y[200:], tree.predict(X[200:])))
# %%
cap.show()
# %%
display(tree)
from IPython.display import HTML, Markdown, display, clear_output
display(HTML("<b>bold</b>"), Markdown("*it*"))
# %%
for d in range(1, 4):
    clear_output(wait=True)
    t = DecisionTreeClassifier(max_depth=d, random_state=0).fit(X[:200], y[:200])
    print(d, t.score(X[200:], y[200:]))
# %%
handle = display("waiting", display_id="progress-1")
handle.update("done")
# %%
pd.DataFrame({"d": [1, 2], "s": [accuracy_score(y[200:], tree.predict(X[200:]))] * 2}).style.format({"s": "{:.2f}"}).to_string()
# %%
_
# %%
Out[9]; In[2]
