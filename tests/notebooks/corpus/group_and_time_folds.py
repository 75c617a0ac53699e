# GroupKFold and TimeSeriesSplit by hand, errors kept per fold
# %%
import numpy as np
import pandas as pd
rng = np.random.RandomState(11)
days = pd.date_range("2024-01-01", periods=300, freq="D")
sales = pd.DataFrame({
    "day": days,
    "store": rng.choice(["A", "B", "C", "D", "E"], 300),
    "price": rng.uniform(1, 3, 300).round(2),
})
sales["sold"] = (100 - 20 * sales.price + 10 * np.sin(np.arange(300) / 7) + rng.normal(0, 3, 300)).round()
sales.tail(3)
# %%
def add_features(frame):
    out = frame.copy()
    out["dow"] = out["day"].dt.dayofweek
    out["lag7"] = out["sold"].shift(7)
    out["roll"] = out["sold"].shift(1).rolling(7).mean()
    return out.dropna()

data = add_features(sales)
X = data[["price", "dow", "lag7", "roll"]]
y = data["sold"]
# %%
from sklearn.model_selection import TimeSeriesSplit, GroupKFold
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import mean_absolute_error as mae, mean_absolute_percentage_error as mape

tscv = TimeSeriesSplit(n_splits=4)
maes = []
for train_idx, test_idx in tscv.split(X):
    gbr = GradientBoostingRegressor(n_estimators=25, random_state=0)
    gbr.fit(X.iloc[train_idx], y.iloc[train_idx])
    p = gbr.predict(X.iloc[test_idx])
    maes.append(mae(y.iloc[test_idx], p))
    print(len(train_idx), mape(y.iloc[test_idx], p))
print("mean MAE", np.mean(maes))
# %%
naive = mae(y.iloc[7:], y.shift(7).iloc[7:])
print("seasonal naive MAE:", naive)
# %%
from sklearn.linear_model import LinearRegression
rows = []
for fold, (a, b) in enumerate(GroupKFold(n_splits=5).split(X, y, groups=data["store"])):
    reg = LinearRegression().fit(X.values[a], y.values[a])
    rows.append((fold, reg.score(X.values[b], y.values[b])))
pd.DataFrame(rows, columns=["fold", "r2"])
