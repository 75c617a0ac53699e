# The working folder changes on the way
# %%
import os
os.chdir("proj")
# %%
import pandas as pd
d = pd.read_csv("data/d.csv")
# %%
%cd data
from sklearn.linear_model import LinearRegression
LinearRegression().fit(d[["a"]], d.b).score(d[["a"]], d.b)
# %%
e = pd.read_csv("d.csv")
m = LinearRegression().fit(e[["b"]], e.a)
m.score(e[["b"]], e.a)
