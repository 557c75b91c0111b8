// SPDX-License-Identifier: MIT
// The part of powers.c about the machine: its clock, its modules, its files, its limits. Not to be included elsewhere.
#pragma once

// Above its hard limit, where there is one.
static long raise_limit(__rlimit_resource_t resource)
{
	struct rlimit limit;
	if (getrlimit(resource, &limit) < 0)
		return -1;
	errno = ENODATA;
	if (limit.rlim_max == RLIM_INFINITY)
		return -1;
	limit.rlim_max++;
	return setrlimit(resource, &limit);
}

static long limit_files(void)
{
	return raise_limit(RLIMIT_NOFILE);
}

static long limit_memory(void)
{
	return raise_limit(RLIMIT_MEMLOCK);
}

static long limit_signals(void)
{
	return raise_limit(RLIMIT_SIGPENDING);
}

static long limit_queues(void)
{
	return raise_limit(RLIMIT_MSGQUEUE);
}

static long limit_processes(void)
{
	return raise_limit(RLIMIT_NPROC);
}

static long limit_priority(void)
{
	return raise_limit(RLIMIT_RTPRIO);
}

static long lock_memory(void)
{
	struct rlimit limit;
	getrlimit(RLIMIT_MEMLOCK, &limit);
	errno = ENODATA;
	if (limit.rlim_max == RLIM_INFINITY)
		return -1;
	size_t more = limit.rlim_max + (1 << 20);
	void *memory = mmap(0, more, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return mlock(memory, more);
}

static long priority(void)
{
	return setpriority(PRIO_PROCESS, 0, -20);
}

static long realtime(void)
{
	struct sched_param param = {.sched_priority = 1};
	return sched_setscheduler(0, SCHED_FIFO, &param);
}

static long disk_priority(void)
{
	// IOPRIO_WHO_PROCESS; the class IOPRIO_CLASS_RT. ioprio_set(2)
	return syscall(SYS_ioprio_set, 1, 0, 1 << 13);
}

static long oom_score(void)
{
	char text[16] = "";
	int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -1;
	int score = atoi(text);
	errno = ENODATA;
	return score <= -1000 ? -1 : dprintf(fd, "%d", score - 1);
}

// The tick that is set already. adjtimex(2)
static long set_clock(void)
{
	struct timex now = {0};
	if (adjtimex(&now) < 0)
		return -1;
	now.modes = ADJ_TICK;
	return adjtimex(&now);
}

static long modules(void)
{
	return syscall(SYS_delete_module, "carrel-none", O_NONBLOCK) < 0 && errno == ENOENT ? 0 : -1;
}

static long swap(void)
{
	return swapoff("/none") < 0 && errno == ENOENT ? 0 : -1;
}

static long accounting(void)
{
	return acct("/none") < 0 && errno == ENOENT ? 0 : -1;
}

static long kernel_log(void)
{
	// SYSLOG_ACTION_CONSOLE_LEVEL, of a level that does not exist. syslog(2)
	return klogctl(8, 0, 0) < 0 && errno == EINVAL ? 0 : -1;
}

static long ports(void)
{
#ifdef __x86_64__
	return iopl(3) < 0 ? ioperm(0x80, 1, 1) : 0;
#else
	errno = ENOSYS;
	return -1;
#endif
}

static long alarm_clock(void)
{
	// CLOCK_REALTIME_ALARM. timerfd_create(2)
	return syscall(SYS_timerfd_create, 8, 0);
}

static long permission_events(void)
{
	return syscall(SYS_fanotify_init, FAN_CLASS_CONTENT, O_RDONLY);
}

static long immutable(void)
{
	int flags = FS_IMMUTABLE_FL;
	return ioctl(open("/rw/file", O_RDONLY | O_CLOEXEC), FS_IOC_SETFLAGS, &flags);
}

static long trusted(void)
{
	return setxattr("/rw/file", "trusted.attacked", "x", 1, 0);
}

static long node_in(const char *path)
{
	unlink(path);
	if (mknod(path, S_IFCHR | 0666, makedev(1, 1)) < 0)
		return -1;
	long result = opens(AT_FDCWD, path, O_RDONLY);
	unlink(path);
	return result;
}

static long node_memory(void)
{
	return node_in("/tmp/mem");
}

static long node_bind(void)
{
	return node_in("/rw/mem");
}

// The modes and times of the host’s inode: as they are, and now.
static long device_mode(void)
{
	return chmod("/dev/null", 0666);
}

static long device_times(void)
{
	return utimensat(AT_FDCWD, "/dev/zero", 0, 0);
}

static long first_trace(void)
{
	return ptrace(PTRACE_SEIZE, 1, 0, 0);
}

static long first_descriptor(void)
{
	return syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, 1, 0), 0, 0);
}

static long first_mounts(void)
{
	return opens(AT_FDCWD, "/proc/1/ns/mnt", O_RDONLY);
}

static long first_memory(void)
{
	return opens(AT_FDCWD, "/proc/1/mem", O_RDWR);
}

static long first_root(void)
{
	return opens(AT_FDCWD, "/proc/1/root/", O_RDONLY | O_DIRECTORY);
}

// Settings of the machine: opened for writing, and not written.
static void machine_files(void)
{
	static const char *const files[] = {"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/sysrq",
		"/proc/sys/kernel/shmmax", "/proc/sys/kernel/pty/max", "/proc/sys/vm/drop_caches",
		"/proc/sys/user/max_inotify_instances", "/proc/sys/user/max_user_namespaces",
		"/proc/sys/net/ipv4/ip_forward", "/proc/sys/fs/mqueue/queues_max", "/proc/sysrq-trigger",
		"/proc/irq/default_smp_affinity", "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/power/state",
		"/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory.max", 0};
	for (const char *const *file = files; *file; file++)
		printf("%s: %s\n", *file, writable(*file) < 0 ? strerrorname_np(errno) : "done");
}

#define MACHINE_TRIES                                                                                             \
	{"limit: open files", limit_files}, {"limit: locked memory", limit_memory},                               \
		{"limit: queued signals", limit_signals}, {"limit: message queues", limit_queues},                \
		{"limit: processes", limit_processes}, {"limit: priorities", limit_priority},                     \
		{"memory: lock", lock_memory}, {"priority: nice", priority}, {"priority: real time", realtime},   \
		{"priority: disks", disk_priority}, {"priority: OOM", oom_score}, {"clock: adjust", set_clock},   \
		{"clock: wake the machine", alarm_clock}, {"modules: remove", modules}, {"swap: off", swap},      \
		{"accounting: on", accounting}, {"log: its level", kernel_log}, {"ports: of the machine", ports}, \
		{"files: hold up who opens", permission_events}, {"files: immutable", immutable},                 \
		{"files: trusted attributes", trusted}, {"node: in memory", node_memory},                         \
		{"node: in a bind", node_bind}, {"device: mode", device_mode}, {"device: times", device_times},   \
		{"PID 1: trace", first_trace}, {"PID 1: descriptors", first_descriptor},                          \
		{"PID 1: mounts", first_mounts}, {"PID 1: memory", first_memory},                                 \
	{                                                                                                         \
		"PID 1: root", first_root                                                                         \
	}
