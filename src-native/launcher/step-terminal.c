// SPDX-License-Identifier: MIT
// Steps about the container's own terminal. The caller's terminal never enters a container.
#include <asm/ioctls.h>
#include <linux/magic.h>
#include "path.h"
#include "step.h"
#include "terminal.h"

// Shows the terminal as /dev/console, from its descriptor: a path to it could be swapped. CVE-2025-52565
static struct outcome bind_console(struct child *child, int terminal)
{
	int file = -1;
	PASS(path_make_file(child, "/dev/console", 0600, &file));
	int tree = (int)TRY(open_tree, terminal, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	return path_cover(tree, file);
}

struct outcome step_open_terminal(struct child *child, const struct step_open_terminal *step)
{
	const struct window_size size = {.rows = (uint16_t)step->rows, .columns = (uint16_t)step->columns};
	struct sys_statfs statfs;
	int unlocked = 0;
	int master = -1;
	PASS(path_open(child, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, RESOLVE_NO_SYMLINKS, &master));
	TRY(fstatfs, master, &statfs);
	if (statfs.type != DEVPTS_SUPER_MAGIC)
		return REFUSED(fstatfs, SYS_ENODEV);
	TRY(ioctl, master, TIOCSPTLCK, &unlocked);
	TRY(ioctl, master, TIOCSWINSZ, &size);
	// The other end by descriptor, never by its path. TIOCGPTPEER in ioctl_tty(2), since 4.13
	int terminal = (int)TRY(ioctl, master, TIOCGPTPEER, (const void *)(long)(O_RDWR | O_NOCTTY | O_CLOEXEC));
	PASS(bind_console(child, terminal));
	child->page->slots[step->master] = master;
	child->page->slots[step->slot] = terminal;
	return DONE;
}

struct outcome step_controlling_terminal(struct child *child, const struct step_controlling_terminal *step)
{
	TRY(ioctl, child->page->slots[step->slot], TIOCSCTTY, 0);
	return DONE;
}
