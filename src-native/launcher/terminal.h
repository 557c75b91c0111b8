// SPDX-License-Identifier: MIT
// What the files about terminals share.
#pragma once
#include <stdint.h>

struct window_size { // struct winsize; its header clashes with others of the kernel's. ioctl_tty(2)
	uint16_t rows;
	uint16_t columns;
	uint16_t unused[2];
};

// Ignores what a terminal sends to the processes in front of it, or lets it do what it does by default. A launcher and
// supervisors in the caller's session ignore it: it is for the command, and for Node.
void terminal_set_signals(int ignore);
