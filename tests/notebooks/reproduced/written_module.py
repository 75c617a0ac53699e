# A module that a cell writes
# %%
%%writefile prep.py
import pandas as pd
def prep(df, k):
    return df.assign(z=df.a * k)
# %%
import pandas as pd
from prep import prep
df = prep(pd.DataFrame({"a": range(20), "b": [i % 3 for i in range(20)]}), 4)
# %%
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
km = KMeans(3, n_init=3, random_state=0).fit(df)
silhouette_score(df, km.labels_)
