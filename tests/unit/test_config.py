from __future__ import annotations

from pathlib import Path

import pytest
from trackbook.config import Settings, load_settings
from trackbook.errors import InvalidValueError


def test_without_files_and_environment_the_defaults_hold(tmp_path):
    settings = load_settings(tmp_path, {})

    assert (settings.store, settings.experiment) == ("", "")
    assert (settings.lease_seconds, settings.heartbeat_seconds, settings.live_seconds) == (60.0, 10.0, 0.5)


def test_a_file_in_a_folder_above_is_found(tmp_path):
    (tmp_path / "trackbook.toml").write_text('experiment = "churn"\nlive_seconds = 2\n')
    below = tmp_path / "notebooks" / "deep"
    below.mkdir(parents=True)

    settings = load_settings(below, {})

    assert settings.experiment == "churn"
    assert settings.live_seconds == 2.0


def test_the_nearest_file_holds_alone(tmp_path):
    (tmp_path / "trackbook.toml").write_text('experiment = "far"\nstore = "far"\n')
    near = tmp_path / "near"
    near.mkdir()
    (near / "trackbook.toml").write_text('experiment = "near"\n')

    settings = load_settings(near, {})

    assert (settings.experiment, settings.store) == ("near", "")


def test_the_section_of_pyproject_is_read(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.trackbook]\nexperiment = "prices"\n')

    assert load_settings(tmp_path, {}).experiment == "prices"


def test_a_pyproject_without_a_section_is_passed_over(tmp_path):
    (tmp_path / "trackbook.toml").write_text('experiment = "above"\n')
    package = tmp_path / "package"
    package.mkdir()
    (package / "pyproject.toml").write_text('[project]\nname = "x"\n')

    assert load_settings(package, {}).experiment == "above"


def test_environment_goes_before_the_file_and_arguments_before_both(tmp_path):
    (tmp_path / "trackbook.toml").write_text('experiment = "file"\nstore = "file"\nlive_seconds = 1\n')
    environ = {"TRACKBOOK_EXPERIMENT": "environment", "TRACKBOOK_STORE": "environment"}

    settings = load_settings(tmp_path, environ, store="argument", experiment=None)

    assert (settings.live_seconds, settings.experiment, settings.store) == (1.0, "environment", "argument")


def test_an_empty_environment_variable_counts_as_unset(tmp_path):
    (tmp_path / "trackbook.toml").write_text('experiment = "file"\n')

    assert load_settings(tmp_path, {"TRACKBOOK_EXPERIMENT": ""}).experiment == "file"


def test_an_unknown_setting_is_refused_with_those_that_there_are(tmp_path):
    (tmp_path / "trackbook.toml").write_text('experimnt = "churn"\n')

    with pytest.raises(InvalidValueError, match="no setting 'experimnt'") as refused:
        load_settings(tmp_path, {})

    assert all(name in str(refused.value) for name in Settings.class_trait_names())


@pytest.mark.parametrize("value", ["soon", "", "[1]"])
def test_a_value_that_is_none_for_its_setting_is_refused(tmp_path, value):
    with pytest.raises(InvalidValueError, match="'lease_seconds'"):
        load_settings(tmp_path, {}, lease_seconds=value)


def test_a_file_that_is_no_toml_is_named(tmp_path):
    (tmp_path / "trackbook.toml").write_text("experiment = churn\n")

    with pytest.raises(InvalidValueError, match=r"trackbook\.toml' can't be read"):
        load_settings(tmp_path, {})


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), True, "0", "-inf", [1]])
@pytest.mark.parametrize("name", ["lease_seconds", "heartbeat_seconds", "live_seconds"])
def test_only_lengths_of_time_are_seconds(tmp_path, name, value):
    with pytest.raises(InvalidValueError, match=f"'{name}'"):
        load_settings(tmp_path, {}, **{name: value})


def test_a_lease_shorter_than_the_heartbeat_is_refused(tmp_path):
    environ = {"TRACKBOOK_LEASE_SECONDS": "5", "TRACKBOOK_HEARTBEAT_SECONDS": "10"}

    with pytest.raises(InvalidValueError, match=r"lease_seconds \(5\) must be longer than heartbeat_seconds \(10\)"):
        load_settings(tmp_path, environ)


def test_files_above_a_relative_folder_are_found(tmp_path, monkeypatch):
    (tmp_path / "trackbook.toml").write_text('experiment = "above"\n')
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")

    assert load_settings(Path(), {}).experiment == "above"


def test_a_pyproject_whose_tools_are_no_table_is_passed_over(tmp_path):
    (tmp_path / "trackbook.toml").write_text('experiment = "above"\n')
    package = tmp_path / "package"
    package.mkdir()
    (package / "pyproject.toml").write_text('tool = "none"\n')

    assert load_settings(package, {}).experiment == "above"
