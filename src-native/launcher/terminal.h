// SPDX-License-Identifier: MIT
// What the files about terminals share.
#pragma once
#include <stdint.h>

struct window_size { // struct winsize; its header clashes with others of the kernel's. ioctl_tty(2)
	uint16_t rows;
	uint16_t columns;
	uint16_t unused[2];
};
