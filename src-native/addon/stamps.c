// SPDX-License-Identifier: MIT
// Which files paths lead to, and when those have changed last: by that Node knows whether what it has read is true
// still.
#include "args.h"

// What is to be looked at: behind it stands the path, which ends with NUL. lib/launch/stamps.ts writes them.
struct look {
	uint32_t resolve; // of openat2(2)
	uint32_t flags; // of openat2(2)
	uint32_t kind;
	uint32_t size; // of all of it, a multiple of eight
};

enum {
	LOOK_BASE = 1, // it is opened, and what follows is looked up from it
	LOOK_BELOW = 2, // it is looked up from there
	LOOK_TIMES = 4, // when it has changed matters
};

// What was found. Two that are the same in every byte are the same file, unchanged.
struct stamp {
	int64_t error; // negative; all else is 0 then
	uint64_t device;
	uint64_t inode;
	uint64_t mount;
	uint32_t mode;
	uint32_t uid;
	uint64_t size;
	int64_t modified; // nanoseconds
	int64_t changed;
};

static int64_t nanoseconds(struct statx_timestamp time)
{
	return time.tv_sec * 1000000000 + time.tv_nsec;
}

static struct stamp stamp_of(int fd, uint32_t kind)
{
	struct statx stat = {0};
	// What the kernel knows: it asks nobody who serves the file system.
	long result = sys_statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_MNT_ID, &stat);
	struct stamp stamp = {
		.error = result < 0 ? result : 0,
		.device = (uint64_t)stat.stx_dev_major << 32 | stat.stx_dev_minor,
		.inode = stat.stx_ino,
		.mount = stat.stx_mnt_id,
		.mode = stat.stx_mode,
		.uid = stat.stx_uid,
	};
	if (kind & LOOK_TIMES) {
		stamp.size = stat.stx_size;
		stamp.modified = nanoseconds(stat.stx_mtime);
		stamp.changed = nanoseconds(stat.stx_ctime);
	}
	return stamp;
}

// stamps(looks, stamps): void. Fills as many stamps as there are looks. openat2(2), statx(2)
napi_value addon_stamps(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	unsigned char *looks;
	struct stamp *stamps;
	size_t looks_size;
	size_t stamps_size;
	int base = -1;
	if (!args_buffer(&args, 0, (void **)&looks, &looks_size) ||
		!args_buffer(&args, 1, (void **)&stamps, &stamps_size))
		return 0;
	const unsigned char *end = looks + looks_size;
	size_t left = stamps_size / sizeof(*stamps);
	for (; (size_t)(end - looks) > sizeof(struct look) && left > 0; left--, stamps++) {
		const struct look *look = (const struct look *)looks;
		if (look->size <= sizeof(*look) || look->size > (size_t)(end - looks) || looks[look->size - 1] != 0)
			break;
		struct open_how how = {.flags = O_PATH | O_CLOEXEC | look->flags, .resolve = look->resolve};
		const int from = look->kind & LOOK_BELOW ? base : AT_FDCWD;
		const long fd = sys_openat2(from, (const char *)(look + 1), &how, sizeof(how));
		*stamps = fd < 0 ? (struct stamp){.error = fd} : stamp_of((int)fd, look->kind);
		if (look->kind & LOOK_BASE) {
			if (base >= 0)
				sys_close(base);
			base = (int)fd;
		} else if (fd >= 0) {
			sys_close((int)fd);
		}
		looks += look->size;
	}
	if (base >= 0)
		sys_close(base);
	return 0;
}
