# Messy: cells run out of order, edited and run again
# %%
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score, mean_squared_error
from sklearn.model_selection import train_test_split
# %%
alpha = 1.0
# %%
X, y = load_diabetes(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
# %%
model = Ridge(alpha=alpha)
model.fit(X_train, y_train)
# %%
r2_score(y_test, model.predict(X_test))
# %% edit: 2
alpha = 0.1
# %% rerun: 5
# %% rerun: 4
# %% rerun: 5
# %% edit: 2
alpha = 0.01
# %% rerun: 4
# %%
X_train = X_train[['bmi', 's5', 'bp']]
X_test = X_test[['bmi', 's5', 'bp']]
# %% rerun: 5
# %% rerun: 4
# %% rerun: 5
# %%
mse = mean_squared_error(y_test, model.predict(X_test))
print(f"{mse=:.2f}")
# %% edit: 2
alpha = 1.0
# %% rerun: 3
# %% rerun: 4
# %% rerun: 5
