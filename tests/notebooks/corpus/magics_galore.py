# Magics everywhere: %%time, %time, %timeit, %%capture, shell escapes, %%writefile
# %%
%matplotlib inline
%precision 3
import numpy as np
# %%
%%time
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
X, y = load_digits(return_X_y=True)
clf = KNeighborsClassifier(3)
clf.fit(X[:1000], y[:1000])
# %%
%time clf.score(X[1000:1200], y[1000:1200])
# %%
%timeit -n 1 -r 1 clf.predict(X[1000:1100])
# %%
%%capture out
print("hidden")
acc = clf.score(X[1200:1400], y[1200:1400])
print("acc", acc)
# %%
out.stdout
# %%
%%writefile settings.py
n_neighbors = 5
weights = "distance"
# %%
!ls *.py
files = !echo a b c
files
# %%
import settings
knn = KNeighborsClassifier(settings.n_neighbors, weights=settings.weights).fit(X[:1000], y[:1000])
from sklearn.metrics import accuracy_score
result = %time accuracy_score(y[1000:1200], knn.predict(X[1000:1200]))
# %%
result
# %%
%%timeit -n 1 -r 2
accuracy_score(y[1000:1050], knn.predict(X[1000:1050]))
# %%
%%bash
echo "from bash"
# %%
%pwd?
# %%
%whos int
# %%
%nosuchmagic
