"""Settings: environment over file, and a wrong one named with its key and its origin."""

from __future__ import annotations

from pathlib import Path

import pytest

from qsm.errors import SettingsError
from qsm.settings import load_settings

GOOD = """
reserve_bytes = 1000
[hosts.HV01]
address = "hv01.example.test"
user = "LAB\\\\admin"
password_file = "PASSWORD"
"""


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    load_settings.cache_clear()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QSM_CONFIG", raising=False)


def write(tmp_path: Path, text: str) -> Path:
    (tmp_path / "secret").write_text("s3cret\n", encoding="utf-8")
    path = tmp_path / "qsm.toml"
    path.write_text(text.replace("PASSWORD", str(tmp_path / "secret")), encoding="utf-8")
    return path


def test_a_host_is_found_in_any_case_and_its_password_comes_from_its_file(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    host = load_settings().host("hv01")
    assert host.address == "hv01.example.test"
    assert host.secret().get_secret_value() == "s3cret"
    assert "s3cret" not in repr(host.secret())


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD)
    monkeypatch.setenv("QSM_RESERVE_BYTES", "77")
    monkeypatch.setenv("QSM_HOSTS__HV01__PASSWORD", "from the environment")
    settings = load_settings()
    assert settings.reserve_bytes == 77
    assert settings.host("HV01").secret().get_secret_value() == "from the environment"
    assert settings.host("hv01").address == "hv01.example.test"


def test_another_file_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, GOOD).rename(tmp_path / "other.toml")
    monkeypatch.setenv("QSM_CONFIG", str(path))
    assert "hv01" in load_settings().hosts


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        ("reserve_bytes = -1", "reserve_bytes", "greater than or equal to 0"),
        ("nonsense = 1", "nonsense", "not permitted"),
        ('[hosts.a]\naddress = "a"\nport = 99999\nuser = "u"', "hosts.a.port", "65535"),
        ('[hosts.a]\naddress = "a"', "hosts.a", "needs user"),
        ('[hosts.a]\naddress = "a"\ntransport = "certificate"', "hosts.a", "certificate_file"),
        ('[hosts.a]\naddress = "a"\nuser = "u"\ntransport = "basic"\ntls = false', "hosts.a", "in clear"),
    ],
)
def test_a_wrong_setting_is_named_with_key_and_file(tmp_path: Path, text: str, key: str, problem: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.key == key
    assert problem in caught.value.problem
    assert path.name in str(caught.value)


def test_a_wrong_environment_variable_is_named_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD)
    monkeypatch.setenv("QSM_RESERVE_BYTES", "much")
    with pytest.raises(SettingsError, match="environment variable QSM_RESERVE_BYTES"):
        load_settings()


def test_an_unknown_host_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(SettingsError, match=r"hosts\.hv09.*known: hv01"):
        load_settings().host("hv09")


def test_a_file_that_is_not_toml_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "= = =")
    with pytest.raises(SettingsError, match="is not TOML"):
        load_settings()
    monkeypatch.setenv("QSM_CONFIG", str(tmp_path / "missing.toml"))
    with pytest.raises(SettingsError, match="does not exist"):
        load_settings()


def test_a_section_of_the_environment_counts_over_the_file_and_its_parts_over_the_section(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, GOOD)
    monkeypatch.setenv("QSM_HOSTS__HV02", '{"address": "hv02.example.test", "user": "one", "port": 1}')
    monkeypatch.setenv("qsm_hosts__hv02__port", "2")
    monkeypatch.setenv("QSM_HOSTS", '{"hv02": {"user": "two", "port": 3}, "hv03": {"address": "c", "user": "three"}}')
    monkeypatch.setenv("QSM_LIMITS", '{"connect_seconds": 7}')
    monkeypatch.setenv("QSM_LIMITS__RECEIVE_SECONDS", "8")
    settings = load_settings()
    assert {name: (host.user, host.port) for name, host in settings.hosts.items()} == {
        "hv01": ("LAB\\admin", 5986),
        "hv02": ("one", 2),
        "hv03": ("three", 5986),
    }
    assert (settings.limits.connect_seconds, settings.limits.receive_seconds) == (7, 8)


def test_a_text_of_the_environment_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD)
    monkeypatch.setenv("QSM_HOSTS__HV01__PASSWORD", '{"not": "JSON"}')
    monkeypatch.setenv("QSM_HOSTS__HV01__VERIFY_TLS", "false")
    monkeypatch.setenv("QSM_PWSH", "a variable of somebody else")
    host = load_settings().host("hv01")
    assert host.secret().get_secret_value() == '{"not": "JSON"}'
    assert not host.verify_tls


@pytest.mark.parametrize(
    ("variable", "text", "problem"),
    [
        ("QSM_LIMITS", "soon", 'field "limits"'),
        ("QSM_HOSTS__HV01", "[]", "valid dictionary"),
        ("QSM_LIMITS__NONSENSE", "1", "not permitted"),
    ],
)
def test_a_wrong_section_of_the_environment_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, text: str, problem: str
) -> None:
    write(tmp_path, GOOD)
    monkeypatch.setenv(variable, text)
    with pytest.raises(SettingsError, match=problem):
        load_settings()


def test_a_file_may_begin_as_windows_editors_begin_it(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    for file in (path, tmp_path / "secret"):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert load_settings().host("hv01").secret().get_secret_value() == "s3cret"


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path, GOOD.replace("PASSWORD", "~/secret")).rename(tmp_path / "other.toml")
    monkeypatch.setenv("QSM_CONFIG", "~/other.toml")
    monkeypatch.setenv("QSM_REPORT_FOLDER", "~/reports")
    settings = load_settings()
    assert settings.report_folder == tmp_path / "reports"
    assert settings.host("hv01").secret().get_secret_value() == "s3cret"
