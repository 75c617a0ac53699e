# Dates, time zones, lags, and the time of day printed
# %%
import pandas as pd, numpy as np
from datetime import datetime, timedelta
start = datetime(2023, 1, 1)
idx = pd.date_range(start, periods=120, freq="D", tz="Europe/Berlin")
s = pd.Series(np.sin(np.arange(120) / 7) * 10 + 20, index=idx, name="temp")
# %%
feat = pd.DataFrame({"t": s})
for l in (1, 2, 7):
    feat[f"lag{l}"] = feat.t.shift(l)
feat["month"] = feat.index.month
feat["weekend"] = (feat.index.dayofweek >= 5).astype(int)
feat = feat.dropna()
cut = feat.index[int(len(feat) * .8)]
train, test = feat[feat.index < cut], feat[feat.index >= cut]
# %%
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mean_absolute_percentage_error as mape
rf = RandomForestRegressor(50, random_state=3).fit(train.drop(columns="t"), train.t)
pred = pd.Series(rf.predict(test.drop(columns="t")), index=test.index)
print(datetime.now().strftime("%H:%M"), mape(test.t, pred))
