// SPDX-License-Identifier: MIT
// Runs Node, and meddles with one system call of the next container: refuses it, or kills somebody when it begins.
//
//   meddler ORDER LOG COMMAND …
//
// ORDER is a file that is read when a supervisor is born: "none", "refuse ROLE N ERRNO" or "kill WHOM ROLE N", where N
// counts from 1 the system calls of the role, one of "supervisor" and "child" (until exec, wherever init has split it);
// WHOM is a role, "init", "launcher" or "node". LOG gets the line "hit ROLE N CALL INDEX" when it has happened; INDEX
// is the step by the page that the child shares, -1 where it may not be looked at. And "calls ROLE COUNT N" says how
// many there were, where nothing happened. The tracer's own status is Node's. It ends when nobody is left: what
// survives is waited for in vain. ptrace(2)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <sys/user.h>
#else
#include <asm/ptrace.h>
#include <elf.h>
#endif

enum role { UNKNOWN, OTHER, LAUNCHER, SUPERVISOR, CHILD, INIT, ROLES };
static const char *const NAMES[] = {"unknown", "node", "launcher", "supervisor", "child", "init"};
enum { PROCESSES = 4096 };
enum {
	OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
		  PTRACE_O_TRACEEXEC
};

struct process {
	pid_t pid;
	enum role role;
	int watched; // stops at its system calls
	int stopped; // born before its parent has told of it
	int refused; // the call that it is in
	int mapping; // is making the shared page
};

static struct process processes[PROCESSES];
static pid_t latest[ROLES]; // who has each role in the container that is meddled with
static const char *order_path;
static int log_file;
static struct {
	int kill; // else refuse
	enum role whom, role;
	long at;
	int error;
} order;
static int active;
static long calls[ROLES];
static uint64_t page;

static void fail(const char *what)
{
	perror(what);
	exit(120);
}

static struct process *find(pid_t pid, int make)
{
	struct process *room = 0;
	for (int i = 0; i < PROCESSES; i++) {
		if (processes[i].pid == pid)
			return &processes[i];
		if (processes[i].pid == 0 && room == 0)
			room = &processes[i];
	}
	if (!make)
		return 0;
	if (room == 0)
		fail("too many processes");
	*room = (struct process){.pid = pid};
	return room;
}

static enum role role_of(const char *name)
{
	for (int i = 0; i < ROLES; i++)
		if (strcmp(NAMES[i], name) == 0)
			return (enum role)i;
	return UNKNOWN;
}

static void read_order(void)
{
	char text[256] = "";
	char whom[32];
	char role[32];
	int file = open(order_path, O_RDONLY | O_CLOEXEC);
	if (file < 0 || read(file, text, sizeof(text) - 1) < 0)
		fail("order");
	close(file);
	memset(calls, 0, sizeof(calls));
	page = 0;
	active = 1;
	if (sscanf(text, "refuse %31s %ld %d", role, &order.at, &order.error) == 3)
		order.kill = 0;
	else if (sscanf(text, "kill %31s %31s %ld", whom, role, &order.at) == 3)
		order.kill = 1;
	else
		active = 0;
	if (active)
		order.role = role_of(role);
	if (active && order.kill)
		order.whom = role_of(whom);
}

static void resume(struct process *process, int signal)
{
	int how = process->watched && active ? PTRACE_SYSCALL : PTRACE_CONT;
	if (process->refused || process->mapping)
		how = PTRACE_SYSCALL;
	// ESRCH: it was killed meanwhile, which waitpid tells.
	if (ptrace(how, process->pid, 0, signal) < 0 && errno != ESRCH)
		fail("resume");
}

// What /proc has of the process; empty where it has nothing.
static void read_entry(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? 0 : read(file, text, size - 1);
	if (file >= 0)
		close(file);
	text[length < 0 ? 0 : length] = 0;
}

// Init does, right before it forks.
static int blocks_signals(pid_t pid)
{
	char text[4096];
	read_entry(pid, "status", text, sizeof(text));
	const char *blocked = strstr(text, "SigBlk:\t");
	return blocked && strncmp(blocked + 8, "fffffffffffbfeff", 16) == 0;
}

// Whether `pid` is a child of the supervisor, which the child has made in its place: step enter. CLONE_PARENT
static int has_entered(pid_t pid)
{
	char text[4096];
	read_entry(pid, "status", text, sizeof(text));
	const char *parent = strstr(text, "PPid:\t");
	return parent && atoi(parent + 6) == latest[SUPERVISOR];
}

static void born(const struct process *parent_then, pid_t pid, int event)
{
	struct process *parent = find(parent_then->pid, 1);
	struct process *process = find(pid, 1);
	process->role = OTHER;
	if (parent->role == LAUNCHER) {
		process->role = SUPERVISOR;
		read_order();
	} else if (parent->role == SUPERVISOR && event == PTRACE_EVENT_CLONE) {
		// No signal tells of its end: that was the guard, and this one is the supervisor.
		process->role = SUPERVISOR;
		parent->role = OTHER;
		parent->watched = 0;
	} else if (parent->role == SUPERVISOR) {
		process->role = CHILD;
	} else if (parent->role == CHILD && has_entered(pid)) {
		process->role = CHILD;
		parent->role = OTHER;
		parent->watched = 0;
	} else if (parent->role == CHILD && blocks_signals(parent->pid)) {
		// Step init: this one goes on with the list. Another step's process does not.
		process->role = CHILD;
		parent->role = INIT;
		parent->watched = 0;
		latest[INIT] = parent->pid;
	}
	process->watched = process->role == SUPERVISOR || process->role == CHILD;
	if (process->role != OTHER)
		latest[process->role] = pid;
	if (process->stopped) {
		process->stopped = 0;
		resume(process, 0);
	}
}

// Executed from a descriptor, which is all that its name says: "/proc/self/fd/23".
static int is_launcher(pid_t pid)
{
	char name[32];
	read_entry(pid, "comm", name, sizeof(name));
	return name[0] && strspn(name, "0123456789") == strlen(name) - 1;
}

// Of the container that the order is for, and of no other.
static void tell_calls(const struct process *process, enum role role)
{
	if (active && process->role == role && process->pid == latest[role])
		dprintf(log_file, "calls %s %ld %ld\n", NAMES[role], calls[role], order.at);
}

static void executed(struct process *process)
{
	process->watched = 0;
	tell_calls(process, CHILD);
	if (process->role == OTHER && is_launcher(process->pid))
		process->role = LAUNCHER;
	else if (process->role == CHILD)
		process->role = OTHER;
	if (process->role == LAUNCHER)
		latest[LAUNCHER] = process->pid;
}

static void refuse(pid_t pid, int at_entry)
{
#if defined(__x86_64__)
	struct user_regs_struct registers;
	if (ptrace(PTRACE_GETREGS, pid, 0, &registers) < 0)
		return;
	if (at_entry)
		registers.orig_rax = (unsigned long long)-1;
	else
		registers.rax = (unsigned long long)-order.error;
	ptrace(PTRACE_SETREGS, pid, 0, &registers);
#else
	int none = -1;
	struct user_pt_regs registers;
	struct iovec call = {&none, sizeof(none)};
	struct iovec all = {&registers, sizeof(registers)};
	if (at_entry) {
		ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &call);
		return;
	}
	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &all) < 0)
		return;
	registers.regs[0] = (uint64_t)-order.error;
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &all);
#endif
}

// What the kernel never refuses: the program may rely on it.
static int cannot_fail(uint64_t call)
{
	return call == SYS_exit_group || call == SYS_getpid || call == SYS_umask || call == SYS_clock_gettime;
}

static void entered(struct process *process, const struct __ptrace_syscall_info *info)
{
	const __typeof__(info->entry.args[0]) *args = info->entry.args;
	if (process->role == SUPERVISOR && info->entry.nr == SYS_mmap && (args[3] & MAP_SHARED) &&
		(args[3] & MAP_ANONYMOUS))
		process->mapping = 1;
	if (++calls[process->role] != order.at || process->role != order.role)
		return;
	active = 0;
	if (!order.kill && cannot_fail(info->entry.nr)) {
		dprintf(log_file, "never %s %ld %d\n", NAMES[process->role], order.at, (int)info->entry.nr);
		return;
	}
	errno = 0;
	long index = page ? ptrace(PTRACE_PEEKDATA, process->pid, page, 0) : -1;
	if (page && errno)
		index = -1;
	dprintf(log_file, "hit %s %ld %d %d\n", NAMES[process->role], order.at, (int)info->entry.nr, (int)index);
	if (order.kill) {
		if (latest[order.whom] > 0)
			kill(latest[order.whom], SIGKILL);
	} else {
		process->refused = 1;
		// Whatever it says, the descriptor is closed. close(2)
		if (info->entry.nr != SYS_close)
			refuse(process->pid, 1);
	}
}

static void system_call(struct process *process)
{
	struct __ptrace_syscall_info info;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		if (active)
			entered(process, &info);
		return;
	}
	if (process->refused)
		refuse(process->pid, 0);
	// It is the first one: who reads memory for the supervisor shares another with it.
	if (process->mapping && !page)
		page = (uint64_t)info.exit.rval;
	process->refused = process->mapping = 0;
}

static void on_stop(struct process *process, int status)
{
	int event = status >> 16;
	int signal = WSTOPSIG(status);
	unsigned long message = 0;
	if (signal == (SIGTRAP | 0x80)) {
		system_call(process);
		resume(process, 0);
	} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
		ptrace(PTRACE_GETEVENTMSG, process->pid, 0, &message);
		born(process, (pid_t)message, event);
		resume(process, 0);
	} else if (event == PTRACE_EVENT_EXEC) {
		executed(process);
		resume(process, 0);
	} else if (event == PTRACE_EVENT_STOP) {
		if (process->role == UNKNOWN)
			process->stopped = 1;
		else if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU)
			ptrace(PTRACE_LISTEN, process->pid, 0, 0);
		else
			resume(process, 0);
	} else {
		resume(process, event ? 0 : signal);
	}
}

static pid_t start(char *const *argv)
{
	int gate[2];
	char byte;
	if (pipe2(gate, O_CLOEXEC) < 0)
		fail("pipe2");
	pid_t node = fork();
	if (node == 0) {
		if (read(gate[0], &byte, 1) != 1)
			_exit(120);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (node < 0 || ptrace(PTRACE_SEIZE, node, 0, OPTIONS) < 0)
		fail("PTRACE_SEIZE");
	if (write(gate[1], "g", 1) != 1)
		fail("write");
	close(gate[0]);
	close(gate[1]);
	return node;
}

int main(int argc, char **argv)
{
	int result = 120;
	if (argc < 4)
		return 120;
	order_path = argv[1];
	log_file = open(argv[2], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (log_file < 0)
		fail("log");
	pid_t node = start(argv + 3);
	find(node, 1)->role = OTHER;
	latest[OTHER] = node;
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return result;
		struct process *process = find(pid, 1);
		if (WIFSTOPPED(status)) {
			on_stop(process, status);
			continue;
		}
		if (pid == node)
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		tell_calls(process, SUPERVISOR);
		// Its plan ended otherwise than with exec.
		tell_calls(process, CHILD);
		process->pid = 0;
	}
}
