"""Logons that a host refuses now and then: credentials that worked before are tried again, few times and by one at a time."""

from __future__ import annotations

import pytest
from background import Background
from session_harness import ECHO, SET, Text, call

from lab.winrm.fault_hooks import WireFault
from qsm.errors import CredentialsRejected
from qsm.hosts.winrm_transport import Logon

ATTEMPTS = 1 + len(Logon.PAUSES)
every_transport = pytest.mark.parametrize("options", [{}, {"tls": False}, {"transport": "basic"}], ids=str)


def refuse(faults, endpoint, times):
    """The next logons are refused, and every connection must log on anew."""
    faults.plan("Logon", *[WireFault.REFUSE_LOGON] * times)
    faults.counts.clear()
    endpoint.drop_connections()


@every_transport
@pytest.mark.parametrize("times", [1, ATTEMPTS - 1])
def test_refused_after_it_worked_it_is_tried_again(endpoint, connect, faults, played, options, times):
    host = connect(endpoint, **options)
    host.warm_up()
    refuse(faults, endpoint, times)
    assert host.change(SET, Text(text="x"), call=call())[0].text == "x"
    assert faults.all_played
    assert [asked["operation"] for asked in played.received] == ["set"]


def test_refused_again_and_again_it_is_given_up(endpoint, connect, faults):
    host = connect(endpoint)
    host.warm_up()
    refuse(faults, endpoint, 100)
    with pytest.raises(
        CredentialsRejected, match=f"had worked before; by now the host has refused {ATTEMPTS} attempts"
    ):
        host.ask(ECHO, Text())
    assert faults.counts["Logon"] == ATTEMPTS
    with pytest.raises(CredentialsRejected):
        host.ask(ECHO, Text())
    assert faults.counts["Logon"] == ATTEMPTS

    host.try_logon_once_more()
    with pytest.raises(CredentialsRejected):
        host.ask(ECHO, Text())
    assert faults.counts["Logon"] == ATTEMPTS + 1

    faults.reset()
    host.try_logon_once_more()
    assert host.ask(ECHO, Text(text="x")).text == "x"


def test_many_threads_at_once_try_it_one_at_a_time(endpoint, connect, faults):
    host = connect(endpoint)
    host.warm_up()
    refuse(faults, endpoint, 100)
    calls = [Background(host.ask, ECHO, Text()) for _ in range(6)]
    assert {type(answered.outcome()) for answered in calls} == {CredentialsRejected}
    assert faults.counts["Logon"] == ATTEMPTS


def test_never_accepted_it_is_tried_once_on_every_occasion(endpoint, connect, faults):
    host = connect(endpoint)
    refuse(faults, endpoint, 100)
    for _ in range(2):
        with pytest.raises(CredentialsRejected, match="tried only once"):
            host.ask(ECHO, Text())
        host.try_logon_once_more()
    assert faults.counts["Logon"] == 1
