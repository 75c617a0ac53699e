# Context managers, and one function that seeds everything
# %%
import warnings, contextlib, time, os, random
import numpy as np
warnings.filterwarnings("ignore")
from sklearn.neural_network import MLPClassifier
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
# %%
@contextlib.contextmanager
def timer(name):
    t0 = time.time()
    yield
    print(f"{name}: {time.time()-t0:.2f}s")

def seed_everything(seed=42):
    random.seed(seed)
    os.environ["PYTHONHASHSEED"] = str(seed)
    np.random.seed(seed)
seed_everything(7)
# %%
with timer("load"):
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X / 16., y, test_size=.2)
# %%
with timer("fit"):
    mlp = MLPClassifier((16,), max_iter=15)
    mlp.fit(X_train, y_train)
# %%
print(mlp.score(X_test, y_test))
