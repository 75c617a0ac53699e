# An old tutorial pasted in: removed functions and arguments raise, then are replaced
# %%
%matplotlib inline
from sklearn.datasets import load_boston
boston = load_boston()
# %% edit: 1
%matplotlib inline
from sklearn.datasets import load_diabetes
boston = load_diabetes()
# %%
import pandas as pd
import numpy as np
bos = pd.DataFrame(boston.data)
bos.columns = boston.feature_names
bos['PRICE'] = boston.target
bos = bos.append({'age': 0}, ignore_index=True)
# %%
from sklearn.cross_validation import train_test_split
# %% edit: 3
from sklearn.model_selection import train_test_split
X = bos.drop('PRICE', axis = 1)
Y = bos['PRICE']
X_train, X_test, Y_train, Y_test = train_test_split(X, Y, test_size = 0.33, random_state = 5)
print(X_train.shape, Y_test.shape)
# %%
from sklearn.linear_model import LinearRegression
lm = LinearRegression(normalize=True)
lm.fit(X_train, Y_train)
# %% edit: 4
from sklearn.linear_model import LinearRegression
lm = LinearRegression()
lm.fit(X_train, Y_train)
Y_pred = lm.predict(X_test)
# %%
from sklearn.metrics import mean_squared_error
print('RMSE', mean_squared_error(Y_test, Y_pred, squared=False))
# %% edit: 5
from sklearn.metrics import mean_squared_error
mse = mean_squared_error(Y_test, Y_pred)
print('MSE', mse, 'RMSE', np.sqrt(mse))
# %%
from sklearn.metrics import plot_confusion_matrix
# %%
Y_cls = (Y > np.float(150)).astype(np.int)
# %% edit: 7
Y_cls = (Y > float(150)).astype(int)
from sklearn.ensemble import RandomForestClassifier
rfc = RandomForestClassifier(n_estimators=10, max_features='auto', random_state=0)
rfc.fit(X, Y_cls)
# %% edit: 7
Y_cls = (Y > float(150)).astype(int)
from sklearn.ensemble import RandomForestClassifier
rfc = RandomForestClassifier(n_estimators=10, random_state=0)
rfc.fit(X[:300], Y_cls[:300])
from sklearn import metrics
print("Accuracy:", metrics.accuracy_score(Y_cls[300:], rfc.predict(X[300:])))
# %%
import sklearn.externals.joblib as jl
