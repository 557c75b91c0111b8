// SPDX-License-Identifier: MIT
// Runs a command with some system calls refused: `deny ERRNO NUMBER[,NUMBER…] COMMAND [ARGUMENT…]`.
//
// They are refused as by an old kernel or an outer sandbox. seccomp(2)
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { CALLS = 64 };

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	const unsigned refused = SECCOMP_RET_ERRNO | (unsigned)atoi(argv[1]);
	struct sock_filter code[2 * CALLS + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	unsigned short length = 1;
	for (char *at = argv[2]; *at && length < 2 * CALLS; at += *at == ',') {
		const struct sock_filter test = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, strtoul(at, &at, 10), 0, 1);
		code[length++] = test;
		code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, refused);
	}
	code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_fprog program = {length, code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return perror("deny: prctl"), 2;
	execvp(argv[3], argv + 3);
	return perror("deny: exec"), 2;
}
