# Shell lines that make the data
# %%
!mkdir -p raw && printf 'x,y\n1,2\n2,4.1\n3,6.2\n4,7.9\n' > raw/points.csv
!ls raw
# %%
import pandas as pd
d = pd.read_csv('raw/points.csv')
# %%
lines = !wc -l raw/points.csv
n = int(lines[0].split()[0])
# %%
from sklearn.linear_model import LinearRegression
m = LinearRegression().fit(d[['x']], d.y)
print(n, m.score(d[['x']], d.y))
