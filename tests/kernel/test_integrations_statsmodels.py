"""statsmodels as people use it: matrices, formulas, time series, loops, mistakes."""

from __future__ import annotations

import pytest
from trackbook.records import RunDetail

from .session import Notebook, values

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # statsmodels' own, of series that are hard to fit

DATA = """
import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from sklearn.metrics import accuracy_score, mean_squared_error

rng = np.random.default_rng(0)
df = pd.DataFrame({"x": rng.normal(size=120), "z": rng.normal(size=120), "noise": rng.normal(size=120)})
df["y"] = 1 + 2 * df.x - df.z + rng.normal(size=120) * 0.3
df["won"] = (df.y + 2 * df.noise > 1).astype(int)
df["visits"] = rng.poisson(np.exp(0.3 * df.x))
train, test = df[:80], df[80:]
"""
MATRIX = 'X, y = sm.add_constant(train[["x", "z"]]), train["y"]'
SERIES = (
    'sales = pd.Series(np.cumsum(rng.normal(size=100)), pd.date_range("2024-01-01", periods=100, freq="D"))\n'
    "past, future = sales[:90], sales[90:]"
)


@pytest.fixture
def statistics(nb: Notebook) -> Notebook:
    """A notebook with data to fit."""
    nb.run(DATA)
    nb.run(MATRIX)
    nb.run(SERIES)
    return nb


def used(run: RunDetail) -> dict[str, tuple[str, int | None]]:
    return {use.name: (str(use.role), use.rows) for use in run.datasets}


def test_least_squares_are_one_run_with_coefficients_and_measures(statistics: Notebook) -> None:
    statistics.run("model = sm.OLS(y, X)\nresults = model.fit()\nresults.summary()")

    run = statistics.only_run()
    results = statistics.variables["results"]
    model = run.models[0]
    assert (model.name, model.class_name) == ("results", "statsmodels.regression.linear_model.OLS")
    assert model.coefficients == pytest.approx(dict(results.params))
    assert model.details["p_values"] == pytest.approx(dict(results.pvalues))
    assert model.details["nobs"] == 80
    assert values(run)["rsquared"] == results.rsquared
    assert {"rsquared_adj", "aic", "bic", "llf", "mse_resid", "f_pvalue"} <= run.metrics.keys()
    assert used(run) == {"X": ("train", 80), "y": ("train", 80)}


@pytest.mark.parametrize(
    ("fit", "params"),
    [
        ("smf.ols('y ~ x + z', data=train).fit()", {"formula": "y ~ x + z"}),
        ("smf.ols('y ~ x', train).fit(cov_type='HC3')", {"formula": "y ~ x", "cov_type": "HC3"}),
        ("smf.logit('won ~ x + z', data=train).fit(disp=0, maxiter=50)", {"formula": "won ~ x + z", "maxiter": 50}),
        ("smf.glm('visits ~ x', train, family=sm.families.Poisson()).fit()",
         {"formula": "visits ~ x", "family": "Poisson", "link": "Log"}),
        ("smf.quantreg('y ~ x', train).fit(q=0.9)", {"formula": "y ~ x", "q": 0.9}),
    ],
)  # fmt: skip
def test_formula_names_its_frame_and_its_choices(statistics: Notebook, fit: str, params: dict[str, object]) -> None:
    statistics.run(f"res = {fit}")

    run = statistics.only_run()
    assert run.params == params
    assert used(run) == {"train": ("train", 80)}
    assert run.models[0].name == "res"
    assert run.models[0].features[0] == "Intercept"


def test_settings_of_a_model_that_nobody_chose_are_defaults(statistics: Notebook) -> None:
    statistics.run("from statsmodels.tsa.arima.model import ARIMA\nres = ARIMA(past, order=(1, 1, 1)).fit()")

    run = statistics.only_run()
    defaults = run.models[0].details["default_params"]
    assert isinstance(defaults, list)
    assert run.params["order"] == [1, 1, 1]
    assert {"seasonal_order", "enforce_stationarity"} <= {str(name) for name in defaults}
    assert {"aic", "bic", "hqic", "mse"} <= run.metrics.keys()
    assert run.models[0].coefficients.keys() == {"ar.L1", "ma.L1", "sigma2"}


def test_solver_tells_whether_it_converged(statistics: Notebook) -> None:
    statistics.run("good = sm.Logit(train.won, X).fit(disp=0)")
    statistics.run("import warnings\nwith warnings.catch_warnings():\n    warnings.simplefilter('ignore')\n"
                   "    bad = sm.Logit(train.won, X).fit(disp=0, maxiter=1)")  # fmt: skip

    good, bad = statistics.runs()
    assert good.models[0].details["converged"] is True
    assert bad.models[0].details["converged"] is False


@pytest.mark.parametrize(
    "measure",
    [
        "mean_squared_error(test.y, res.predict(test))",
        "predicted = res.predict(test)\nmean_squared_error(test['y'], predicted)",
        "mean_squared_error(test.y, res.get_prediction(test).predicted_mean)",
        "from statsmodels.tools.eval_measures import mse\nmse(test.y, res.predict(test))",
    ],
)
def test_metric_of_a_prediction_is_of_its_fit(statistics: Notebook, measure: str) -> None:
    statistics.run("res = smf.ols('y ~ x + z', data=train).fit()")
    statistics.run("other = smf.ols('y ~ z', data=train).fit()")
    statistics.run(measure)

    first, second = statistics.runs()
    found = {key for key in first.metrics if key.endswith(("mean_squared_error", ".mse"))}
    assert len(found) == 1
    assert not {key for key in second.metrics if key.endswith(("mean_squared_error", ".mse"))}


def test_fitted_values_are_of_their_fit(statistics: Notebook) -> None:
    statistics.run("res = sm.OLS(y, X).fit()")
    statistics.run("mean_squared_error(y, res.fittedvalues)")

    assert "train.mean_squared_error" in statistics.only_run().metrics


@pytest.mark.parametrize(
    "fit",
    [
        "res = sm.tsa.ARIMA(past, order=(1, 0, 0)).fit()",
        "res = sm.tsa.SARIMAX(past, order=(1, 1, 0)).fit(disp=False)",
        "res = sm.tsa.ExponentialSmoothing(past, trend='add').fit()",
        "from statsmodels.tsa.exponential_smoothing.ets import ETSModel\nres = ETSModel(past).fit(disp=False)",
        "from statsmodels.tsa.ar_model import AutoReg\nres = AutoReg(past, lags=2).fit()",
    ],
)
def test_forecast_of_a_series_is_judged_in_its_run(statistics: Notebook, fit: str) -> None:
    statistics.run(fit)
    statistics.run("mean_squared_error(future, res.forecast(10))")

    run = statistics.only_run()
    assert "mean_squared_error" in run.metrics
    assert used(run)["past"] == ("train", 90)
    assert run.models[0].coefficients


def test_exponential_smoothing_keeps_the_names_of_what_it_estimates(statistics: Notebook) -> None:
    statistics.run(
        "from statsmodels.tsa.exponential_smoothing.ets import ETSModel\n"
        "res = ETSModel(past, error='add', trend='add').fit(disp=False)"
    )

    run = statistics.only_run()
    assert "smoothing_level" in run.models[0].coefficients
    assert {"error": "add", "trend": "add"}.items() <= run.params.items()
    assert "initial_level" not in run.params


def test_equations_of_several_series_are_lists(statistics: Notebook) -> None:
    statistics.run("res = sm.tsa.VAR(df[['x', 'z']]).fit(2)")

    run = statistics.only_run()
    assert run.params == {"maxlags": 2}
    assert run.models[0].coefficients["L1.x"] == pytest.approx(list(statistics.variables["res"].params.loc["L1.x"]))


def test_tests_that_fit_for_themselves_are_no_runs(statistics: Notebook) -> None:
    statistics.run(
        "from statsmodels.tsa.stattools import adfuller\n"
        "from statsmodels.stats.outliers_influence import variance_inflation_factor\n"
        "print(adfuller(sales, result_object=False)[1], variance_inflation_factor(X.to_numpy(), 1))"
    )

    assert statistics.runs() == []


def test_fit_over_a_fit_is_one_run(statistics: Notebook) -> None:
    statistics.run("res = sm.GLS(y, X).fit()\nsm.stats.anova_lm(smf.ols('y ~ x', train).fit())")

    assert len([run for run in statistics.runs() if run.metrics]) == 2


def test_models_compared_in_a_loop_are_siblings(statistics: Notebook) -> None:
    statistics.run(
        "for columns in (['x'], ['x', 'z'], ['noise']):\n"
        "    m = sm.OLS(train.y, sm.add_constant(train[columns])).fit()\n"
        "    print(columns, m.aic)"
    )

    runs = statistics.children(statistics.tops()[0])
    assert [run.params["columns"] for run in runs] == [["x"], ["x", "z"], ["noise"]]
    assert len({values(run)["aic"] for run in runs}) == 3


def test_function_that_fits_is_followed(statistics: Notebook) -> None:
    statistics.run(
        "def evaluate(formula, rows=60):\n"
        "    fitted = smf.ols(formula, data=df[:rows]).fit()\n"
        "    return mean_squared_error(df.y[rows:], fitted.predict(df[rows:]))"
    )
    statistics.run("evaluate('y ~ x', rows=50)")

    run = statistics.only_run()
    assert {"formula": "y ~ x", "rows": 50}.items() <= run.params.items()
    assert any(key.endswith("mean_squared_error") for key in run.metrics)


def test_same_fit_again_is_a_repetition(statistics: Notebook) -> None:
    statistics.run("res = smf.ols('y ~ x', data=train).fit()", cell="fit")
    statistics.rerun("fit")

    assert statistics.only_run().tags["repeated"] == "1"


def test_edited_formula_opens_the_next_run(statistics: Notebook) -> None:
    statistics.run("res = smf.ols('y ~ x', data=train).fit()", cell="fit")
    statistics.edit("fit", "res = smf.ols('y ~ x + z', data=train).fit()")

    assert [run.params["formula"] for run in statistics.runs()] == ["y ~ x", "y ~ x + z"]


def test_looking_at_results_does_not_change_them(statistics: Notebook) -> None:
    statistics.run("res = smf.ols('y ~ x', data=train).fit()")
    statistics.run("res.summary(); res.rsquared; res.conf_int(); res.predict(test)")

    last = statistics.last_execution()
    assert (last.writes, last.maybe) == ((), ())


def test_wrong_formula_and_wrong_shapes_are_no_runs(statistics: Notebook) -> None:
    statistics.fails("smf.ols('y ~ nothing', data=train).fit()")
    statistics.fails("sm.OLS(np.ones(3), np.ones((4, 1))).fit()")

    assert statistics.runs() == []


def test_fit_that_raises_fails(statistics: Notebook) -> None:
    statistics.fails("sm.Logit(train.won, X).fit(method='nonsense', disp=0)")

    run = statistics.only_run()
    assert (run.run.status, run.params["method"]) == ("FAILED", "nonsense")


def test_regularized_fit_is_a_run_of_its_own(statistics: Notebook) -> None:
    statistics.run("res = sm.OLS(y, X).fit_regularized(alpha=0.1, L1_wt=0.5)")

    run = statistics.only_run()
    assert run.params == {"alpha": 0.1, "L1_wt": 0.5}
    assert run.models[0].coefficients.keys() == {"const", "x", "z"}


def test_saved_and_loaded_results_are_known(statistics: Notebook) -> None:
    statistics.run("res = smf.ols('y ~ x', data=train).fit()\nres.save('res.pickle')")
    statistics.run("other = smf.ols('y ~ z', data=train).fit()")
    statistics.run("again = sm.load('res.pickle')\nmean_squared_error(test.y, again.predict(test))")

    first, second = statistics.runs()
    assert "test.mean_squared_error" in first.metrics
    assert "test.mean_squared_error" not in second.metrics


def test_model_made_before_trackbook_was_loaded_is_watched(open_notebook: object) -> None:
    nb = open_notebook(load=False)  # type: ignore[operator]  # the fixture's function
    nb.run(DATA)
    nb.run(MATRIX)
    nb.run("model = sm.OLS(y, X)")

    nb.run("%load_ext trackbook")
    nb.run("results = model.fit()")

    assert "rsquared" in nb.only_run().metrics
    assert not nb.faults
