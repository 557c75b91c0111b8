// SPDX-License-Identifier: MIT
// The step that asks a security module of the host for a label. The module gives it to what is executed next.
#include <linux/magic.h>
#include "path.h"
#include "step.h"
#include "text.h"

// include/linux/proc_fs.h and fs/proc/root.c; the same in every kernel.
enum { PROC_ROOT_INODE = 1 };
// The kernel cuts off what does not fit into a page. fs/proc/base.c
enum { ATTRIBUTE_LONGEST = 4096 };
// uapi/linux/lsm.h
enum { LSM_ID_APPARMOR = 104 };

// Opens the root of the real /proc: what is written to any other file would tell no module, and nobody would notice.
// CVE-2019-16884, CVE-2025-52881
static struct outcome open_proc(int *ret_proc)
{
	struct sys_statfs statfs;
	struct stat stat;
	*ret_proc = (int)TRY(openat, AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	TRY(fstatfs, *ret_proc, &statfs);
	TRY(fstat, *ret_proc, &stat);
	if (statfs.type != PROC_SUPER_MAGIC || stat.st_ino != PROC_ROOT_INODE)
		return REFUSED(fstatfs, SYS_EINVAL);
	return DONE;
}

struct outcome step_set_exec_label(struct child *child, const struct step_set_exec_label *step)
{
	const int apparmor = step->module == LSM_ID_APPARMOR;
	// Where both are built in, they answer to one file; AppArmor has one of its own since Linux 5.8.
	const char *name = apparmor ? "thread-self/attr/apparmor/exec" : "thread-self/attr/exec";
	char text[ATTRIBUTE_LONGEST];
	int proc = -1;
	int file = -1;
	if (step->label.length + sizeof("exec ") > sizeof(text))
		return REFUSED(write, SYS_ENAMETOOLONG);
	const char *end = text_copy(text_copy(text, apparmor ? "exec " : ""), plan_string(child->plan, step->label));
	PASS(open_proc(&proc));
	// Nothing is mounted on the way.
	PASS(path_open_below(proc, name, O_WRONLY, RESOLVE_NO_XDEV, &file));
	TRY(write, file, text, (size_t)(end - text));
	TRY(close, file);
	TRY(close, proc);
	return DONE;
}
