import numpy as np
SCALE = 3.0
def features(x):
    return np.c_[x, x ** 2 / SCALE]
class Model:
    def fit(self, X, y):
        self.w, *_ = np.linalg.lstsq(X, y, rcond=None)
        return self
    def predict(self, X):
        return X @ self.w
