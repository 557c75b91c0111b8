"""A profile, compiled by libseccomp: JSON on standard input, the program in base64 on standard output.

The input has default, an action, and rules: [action, name, [[index, operator, value, valueTwo], ...]]. An action is a
name and a number.
"""

import base64
import json
import sys
import tempfile

import seccomp

ACTIONS = {
    "SCMP_ACT_KILL_PROCESS": lambda _: seccomp.KILL_PROCESS,
    "SCMP_ACT_KILL_THREAD": lambda _: seccomp.KILL,
    "SCMP_ACT_KILL": lambda _: seccomp.KILL,
    "SCMP_ACT_TRAP": lambda _: seccomp.TRAP,
    "SCMP_ACT_ERRNO": seccomp.ERRNO,
    "SCMP_ACT_TRACE": seccomp.TRACE,
    "SCMP_ACT_LOG": lambda _: seccomp.LOG,
    "SCMP_ACT_ALLOW": lambda _: seccomp.ALLOW,
}
OPERATORS = {
    "SCMP_CMP_NE": seccomp.NE,
    "SCMP_CMP_LT": seccomp.LT,
    "SCMP_CMP_LE": seccomp.LE,
    "SCMP_CMP_EQ": seccomp.EQ,
    "SCMP_CMP_GE": seccomp.GE,
    "SCMP_CMP_GT": seccomp.GT,
    "SCMP_CMP_MASKED_EQ": seccomp.MASKED_EQ,
}


def action(of):
    return ACTIONS[of[0]](of[1])


profile = json.load(sys.stdin)
program = seccomp.SyscallFilter(action(profile["default"]))
for does, name, args in profile["rules"]:
    number = seccomp.resolve_syscall(seccomp.Arch(), name)
    if number < 0:
        print(name, file=sys.stderr)
        continue
    compared = [
        seccomp.Arg(index, OPERATORS[op], int(value), int(two)) if op == "SCMP_CMP_MASKED_EQ" else seccomp.Arg(index, OPERATORS[op], int(value))
        for index, op, value, two in args
    ]
    program.add_rule_exactly(action(does), name, *compared)
with tempfile.TemporaryFile() as file:
    program.export_bpf(file)
    file.seek(0)
    print(base64.b64encode(file.read()).decode())
