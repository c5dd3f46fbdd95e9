"""Commands over the lab's endpoint, as unmodified pywinrm sees them."""

from __future__ import annotations

import pytest
from background import Background
from waiting import DEADLINE_SECONDS, wait_until
from winrm.exceptions import WinRMOperationTimeoutError, WSManFaultError
from winrm_echo_engine import CONTROL_C_EXIT


def run(protocol, line, arguments=(), **options):
    shell = protocol.open_shell(codepage=65001)
    command = protocol.run_command(shell, line, arguments, **options)
    result = protocol.get_command_output(shell, command)
    protocol.cleanup_command(shell, command)
    protocol.close_shell(shell, close_session=False)
    return result


def test_output_and_exit_code_arrive(endpoint, connect):
    protocol = connect(endpoint)
    assert run(protocol, "echo", ["grüße", "<&>"]) == ("grüße <&>\r\n".encode(), b"", 0)
    assert run(protocol, "complain", ["3"]) == (b"", b"something is wrong\r\n", 3)
    assert run(protocol, "complain", ["-5"]) == (b"", b"something is wrong\r\n", -5)


def test_engine_learns_of_caller_code_page_and_stdin_mode(endpoint, connect):
    protocol = connect(endpoint)
    assert run(protocol, "whoami")[0] == b"Administrator by basic"
    assert run(protocol, "about", ["a", "b"], console_mode_stdin=False)[0] == b"65001 False ['a b']"
    assert run(protocol, "about", console_mode_stdin=True)[0] == b"65001 True []"


def test_environment_of_the_shell_reaches_the_command(endpoint, connect):
    protocol = connect(endpoint)
    shell = protocol.open_shell(env_vars={"GREETING": "hello <world>"})
    command = protocol.run_command(shell, "env", ["GREETING"])
    assert protocol.get_command_output(shell, command)[0] == b"hello <world>"


def test_persistent_command_answers_each_line(endpoint, connect):
    protocol = connect(endpoint, operation_timeout_sec=1, read_timeout_sec=5)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "cat", console_mode_stdin=False)
    for number in range(20):
        protocol.send_command_input(shell, command, f"line {number}\n".encode())
        assert protocol.get_command_output_raw(shell, command) == (f"line {number}\n".encode(), b"", -1, False)
    with pytest.raises(WinRMOperationTimeoutError):  # silence is an ordinary fault, and harmless
        protocol.get_command_output_raw(shell, command)
    protocol.send_command_input(shell, command, b"last", end=True)
    assert protocol.get_command_output(shell, command) == (b"last\n", b"", 0)


def test_host_that_delivers_input_only_at_its_end(start, connect, engine):
    protocol = connect(start(stdin_only_at_end=True), operation_timeout_sec=1, read_timeout_sec=5)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "cat", console_mode_stdin=False)
    protocol.send_command_input(shell, command, b"one\n")
    with pytest.raises(WinRMOperationTimeoutError):
        protocol.get_command_output_raw(shell, command)
    assert engine.log == ["start cat"]
    protocol.send_command_input(shell, command, b"two\n", end=True)
    assert protocol.get_command_output(shell, command) == (b"one\ntwo\n", b"", 0)


def test_input_in_pieces_of_64_kib(endpoint, connect):
    protocol = connect(endpoint)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "cat", console_mode_stdin=False)
    for _ in range(8):
        protocol.send_command_input(shell, command, b"y" * 65536)
    protocol.send_command_input(shell, command, b"", end=True)
    assert protocol.get_command_output(shell, command) == (b"y" * 65536 * 8 + b"\n", b"", 0)


def test_large_output_comes_in_answers_that_the_client_can_take(endpoint, connect, faults):
    assert run(connect(endpoint), "blob", ["2000000"]) == (b"x" * 2_000_000, b"", 0)
    receives = faults.counts["Receive"]
    assert 18 <= receives <= 21  # 153600 bytes of envelope hold about 113 KB


def test_many_small_pieces_of_both_streams_keep_their_order(endpoint, connect):
    stdout, stderr, exit_code = run(connect(endpoint), "mixed")
    assert stdout.decode() == "".join(f"out {number}\n" for number in range(200))
    assert stderr.decode() == "".join(f"err {number}\n" for number in range(200))
    assert exit_code == 0


def test_unknown_program_is_an_ordinary_result_of_cmd(endpoint, connect):
    stdout, stderr, exit_code = run(connect(endpoint), "nonsense")
    assert (stdout, exit_code) == (b"", 1)
    assert stderr.startswith(b"'nonsense' is not recognized as an internal or external command")


def test_unknown_program_without_cmd_is_a_fault(endpoint, connect):
    protocol = connect(endpoint)
    shell = protocol.open_shell()
    with pytest.raises(WSManFaultError) as caught:
        protocol.run_command(shell, "nonsense", skip_cmd_shell=True)
    assert caught.value.wsman_fault_code == 2147942402


@pytest.mark.parametrize("skip_cmd_shell", [False, True])
def test_command_line_limit_is_that_of_cmd(endpoint, connect, engine, skip_cmd_shell):
    protocol = connect(endpoint)
    fits, too_long = "z" * (8191 - len("echo ")), "z" * (8192 - len("echo "))
    assert run(protocol, "echo", [fits])[2] == 0
    started = len(engine.log)
    stdout, stderr, exit_code = run(protocol, "echo", [too_long], skip_cmd_shell=skip_cmd_shell)
    if skip_cmd_shell:
        assert (stdout, exit_code) == (too_long.encode() + b"\r\n", 0)
    else:
        assert (stdout, stderr, exit_code) == (b"", b"The command line is too long.\r\n", 1)
        assert len(engine.log) == started


def test_terminate_stops_a_running_command(endpoint, connect, engine):
    protocol = connect(endpoint)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "sleep")
    protocol.cleanup_command(shell, command)
    assert protocol.get_command_output(shell, command)[2] == 1
    assert engine.log == ["start sleep", "signal terminate"]


def test_finished_command_is_forgotten_after_its_last_signal(endpoint, connect):
    protocol = connect(endpoint)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "echo", ["x"])
    assert protocol.get_command_output(shell, command)[0] == b"x\r\n"
    protocol.cleanup_command(shell, command)
    with pytest.raises(WSManFaultError) as caught:
        protocol.get_command_output_raw(shell, command)
    assert caught.value.wsman_fault_code == 2150858843


def test_deleting_a_shell_ends_its_commands(endpoint, connect, engine):
    protocol = connect(endpoint)
    shell = protocol.open_shell()
    protocol.run_command(shell, "sleep")
    protocol.run_command(shell, "cat")
    protocol.close_shell(shell)
    for thread in engine.threads:
        thread.join(DEADLINE_SECONDS)
    assert engine.log.count("signal terminate") == 2


def test_shell_deleted_while_a_command_starts(endpoint, connect, engine):
    starting, deleting = connect(endpoint), connect(endpoint)
    shell = starting.open_shell()
    engine.may_start.clear()
    start = Background(starting.run_command, shell, "sleep")
    wait_until(lambda: engine.log == ["start sleep"])
    deleting.close_shell(shell)
    engine.may_start.set()
    start.outcome()
    wait_until(lambda: engine.log == ["start sleep", "signal terminate"])


def test_other_connection_of_the_same_user_reads_on(endpoint, connect):
    first, second = connect(endpoint), connect(endpoint, transport="ntlm")
    shell = first.open_shell()
    command = first.run_command(shell, "cat", console_mode_stdin=False)
    second.send_command_input(shell, command, b"hello\n")
    assert second.get_command_output_raw(shell, command)[0] == b"hello\n"
    second.cleanup_command(shell, command)
    assert first.get_command_output(shell, command)[2] == CONTROL_C_EXIT
