"""What a statement does to a value, as its text tells."""

from __future__ import annotations

import pytest
from trackbook.lineage.changing import Effect, effect_on, makes_plain

MODULES = {"train_test_split": "sklearn.model_selection", "np": "numpy", "plt": "matplotlib.pyplot", "mend": "helpers"}
MODULES |= {"xgb": "xgboost", "lgb": "lightgbm"}


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("df = read()", Effect.MAKES),
        ("df, y = read()", Effect.MAKES),
        ("def df(): ...", Effect.MAKES),
        ("import pandas as df", Effect.MAKES),
        ("df['a'] = 1", Effect.CHANGES),
        ("df.a = 1", Effect.CHANGES),
        ("del df['a']", Effect.CHANGES),
        ("df.loc[0, 'a'] += 1", Effect.CHANGES),
        ("df.drop(columns='a', inplace=True)", Effect.CHANGES),
        ("df.append(3)", Effect.CHANGES),
        ("df.fit(X, y)", Effect.CHANGES),
        ("mend(df)", Effect.MAY_CHANGE),
        ("thing.mend(df)", Effect.MAY_CHANGE),
        ("mend([df, other])", Effect.MAY_CHANGE),
        ("mend(*df)", Effect.MAY_CHANGE),
        ("df.mend()", Effect.MAY_CHANGE),
        ("np.random.shuffle(df)", Effect.CHANGES),
        ("mend()", Effect.MAY_CHANGE),
        ("!python mend.py", Effect.MAKES),
        ("A, B = train_test_split(df)", Effect.READS),
        ("np.mean(df)", Effect.READS),
        ("plt.plot(df['a'], df.b)", Effect.READS),
        ("model.fit(df, y)", Effect.READS),
        ("p = Model().fit(df, y).predict(df)", Effect.READS),
        ("df.head()", Effect.READS),
        ("df.drop(columns='a')", Effect.READS),
        ("print(len(df))", Effect.READS),
        ("mask = df > 3", Effect.READS),
        ("mend(df > 3)", Effect.READS),
        ("results.append(df)", Effect.READS),
        ("df.groupby('a').mean()", Effect.READS),
        ("rest = all.index.difference(df)", Effect.READS),
        ("names = df.select_dtypes('number').columns.tolist()", Effect.READS),
        ("bst = xgb.train({}, df, 5, evals=[(df, 'train')])", Effect.READS),
        ("bst = xgb.train({}, d, evals_result=df)", Effect.CHANGES),
        ("bst = lgb.train({}, d, callbacks=[lgb.record_evaluation(df)])", Effect.CHANGES),
    ],
)
def test_effect_of_a_statement(text: str, effect: Effect) -> None:
    assert effect_on("df", text, MODULES.get) is effect


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        ("a = 3", True),
        ("a = (1, 'x', None)", True),
        ("a = float(C) * 2", True),
        ("a: int = len(df)", True),
        ("b = a = f'{x}'", True),
        ("print(a := -1)", True),
        ("a = 'x' if y else None", True),
        ("a = accuracy_score(y, p)", True),
        ("a = [1]", False),
        ("a = (1, [2])", False),
        ("a = df > 3", False),
        ("a = b", False),
        ("a, b = f()", False),
        ("a += 1", False),
    ],
)
def test_numbers_and_texts_are_known_by_how_they_are_made(text: str, is_plain: bool) -> None:
    assert makes_plain("a", text) is is_plain
