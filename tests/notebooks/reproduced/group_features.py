# Features by group, a plot between, %%time around the fit
# %%
import pandas as pd
import matplotlib.pyplot as plt
%matplotlib inline
df = pd.read_csv("sales.csv", parse_dates=["day"])
df.head()
# %%
df["dow"] = df["day"].dt.dayofweek
df["mean_store"] = df.groupby("store")["amount"].transform("mean")
df["lag1"] = df.groupby("store")["amount"].shift(1)
df = df.dropna()
# %%
df.groupby("store").amount.mean().plot(kind="bar")
plt.show()
# %%
%%time
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error
X = df[["dow", "mean_store", "lag1", "promo"]]
y = df["amount"]
lr = LinearRegression().fit(X, y)
mae = mean_absolute_error(y, lr.predict(X))
# %%
print(f"MAE: {mae:.3f}")
