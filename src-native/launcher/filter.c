// SPDX-License-Identifier: MIT
#include "filter.h"

// A jump leads forward, and to an instruction.
static int reaches(uint32_t at, uint32_t over, uint32_t count)
{
	return over < count - at - 1;
}

int filter_check(const struct sock_filter *program, uint32_t count)
{
	for (uint32_t at = 0; at < count; at++) {
		const struct sock_filter *one = &program[at];
		switch (one->code) {
		case BPF_RET | BPF_K:
			continue;
		case BPF_LD | BPF_W | BPF_ABS:
			if (one->k % sizeof(uint32_t) || one->k >= sizeof(struct seccomp_data) ||
				!reaches(at, 0, count))
				return 0;
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			if (!reaches(at, 0, count))
				return 0;
			continue;
		case BPF_JMP | BPF_JA:
			if (!reaches(at, one->k, count))
				return 0;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K:
			if (!reaches(at, one->jt, count) || !reaches(at, one->jf, count))
				return 0;
			continue;
		default:
			return 0;
		}
	}
	return count > 0;
}

static int holds(uint16_t code, uint32_t left, uint32_t right)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return left == right;
	case BPF_JGT:
		return left > right;
	case BPF_JGE:
		return left >= right;
	default:
		return (left & right) != 0;
	}
}

uint32_t filter_run(const struct sock_filter *program, const struct seccomp_data *call)
{
	const unsigned char *data = (const unsigned char *)call;
	uint32_t loaded = 0;
	for (const struct sock_filter *at = program;; at++) {
		switch (at->code) {
		case BPF_RET | BPF_K:
			return at->k;
		case BPF_LD | BPF_W | BPF_ABS:
			loaded = *(const uint32_t *)(const void *)(data + at->k);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			loaded &= at->k;
			break;
		case BPF_JMP | BPF_JA:
			at += at->k;
			break;
		default:
			at += holds(at->code, loaded, at->k) ? at->jt : at->jf;
		}
	}
}
