// SPDX-License-Identifier: MIT
// The one door to the kernel: each system call that carrel makes, with the prototype of its man page. Nothing else may
// contain assembler or a call's number. A call returns its result, or the negative errno. There is no errno variable.
#pragma once
#include <asm/unistd.h>
#include <asm/stat.h>
#include <linux/capability.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/poll.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/time_types.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__clang_analyzer__)
// Out of its sight: else it would know that assembler writes nothing through a pointer that it is given as a number.
long sys_call(long number, long a, long b, long c, long d, long e, long f);
#elif defined(__x86_64__)
static inline long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
}
#else
#error "carrel runs on x86_64 and aarch64"
#endif

#define SYS(number, a, b, c, d, e, f) \
	sys_call((number), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

// What the kernel's headers leave to the C library.
enum {
	SYS_AF_UNIX = 1,
	SYS_AF_INET = 2,
	SYS_AF_INET6 = 10,
	SYS_AF_NETLINK = 16,
	SYS_SOCK_STREAM = 1,
	SYS_SOCK_DGRAM = 2,
	SYS_SOCK_RAW = 3,
	SYS_SOCK_SEQPACKET = 5,
	SYS_SOCK_NONBLOCK = 04000,
	SYS_SOL_SOCKET = 1,
	SYS_SO_REUSEADDR = 2,
	SYS_SO_ERROR = 4,
	SYS_SO_SNDBUF = 7,
	SYS_SO_RCVBUF = 8,
	SYS_SO_PASSCRED = 16,
	SYS_SO_DOMAIN = 39,
	SYS_IPPROTO_IPV6 = 41,
	SYS_IPV6_V6ONLY = 26,
	SYS_SCM_RIGHTS = 1,
	SYS_SCM_CREDENTIALS = 2,
	SYS_MSG_DONTWAIT = 0x40,
	SYS_MSG_NOSIGNAL = 0x4000,
	SYS_MSG_CMSG_CLOEXEC = 0x40000000,
	SYS_SHUT_RDWR = 2,
	SYS_PROT_READ = 1,
	SYS_PROT_WRITE = 2,
	SYS_MAP_SHARED = 1,
	SYS_MAP_PRIVATE = 2,
	SYS_MAP_ANONYMOUS = 0x20,
	SYS_MADV_DONTNEED = 4,
	SYS_CLOCK_REALTIME = 0,
	SYS_CLOCK_MONOTONIC = 1,
	SYS_CLOCK_PROCESS_CPUTIME_ID = 2,
	SYS_SIG_BLOCK = 0,
	SYS_SIG_SETMASK = 2,
	SYS_P_ALL = 0,
	SYS_WNOHANG = 1,
	SYS_WEXITED = 4,
	SYS_WNOWAIT = 0x01000000,
	SYS_WALL = 0x40000000,
	SYS_SIGHUP = 1,
	SYS_SIGINT = 2,
	SYS_SIGQUIT = 3,
	SYS_SIGKILL = 9,
	SYS_SIGCHLD = 17,
	SYS_SIGTSTP = 20,
	SYS_SIGTTIN = 21,
	SYS_SIGTTOU = 22,
	SYS_SIGXFSZ = 25,
	SYS_SIGNAL_LAST = 64,
	SYS_PATH_MAX = 4096, // with its NUL
	SYS_S_IFMT = 0170000,
	SYS_S_IFDIR = 0040000,
	SYS_S_IFREG = 0100000,
	SYS_S_IFCHR = 0020000,
	SYS_S_IFIFO = 0010000,
	SYS_S_IFLNK = 0120000,
	SYS_DT_DIR = 4,
	SYS_S_IFSOCK = 0140000,
	SYS_MNT_DETACH = 2,
	SYS_LOCK_SH = 1,
	SYS_LOCK_EX = 2,
	SYS_LOCK_NB = 4,
	SYS_AT_REMOVEDIR = 0x200,
	SYS_LANDLOCK_VERSION = 1, // LANDLOCK_CREATE_RULESET_VERSION
	SYS_LANDLOCK_RULE_PATH = 1,
	SYS_LANDLOCK_RULE_PORT = 2, // LANDLOCK_RULE_NET_PORT
	SYS_EFD_NONBLOCK = 04000,
	SYS_EFD_CLOEXEC = 02000000,
	SYS_SEEK_SET = 0,
	SYS_SEEK_DATA = 3,
	SYS_SEEK_HOLE = 4,
};
#define SYS_EVERY_SIGNAL (~0ull)
#define SYS_SIG_IGN      ((void (*)(int))1)
// The errnos that carrel tells apart: asm-generic/errno-base.h and errno.h, the same on x86_64 and aarch64.
enum {
	SYS_EPERM = 1,
	SYS_ENOENT = 2,
	SYS_ESRCH = 3,
	SYS_EINTR = 4,
	SYS_EIO = 5,
	SYS_ENXIO = 6,
	SYS_E2BIG = 7,
	SYS_EBADF = 9,
	SYS_ECHILD = 10,
	SYS_EAGAIN = 11,
	SYS_ENOMEM = 12,
	SYS_EACCES = 13,
	SYS_EBUSY = 16,
	SYS_EEXIST = 17,
	SYS_ENODEV = 19,
	SYS_ENOTDIR = 20,
	SYS_EISDIR = 21,
	SYS_EINVAL = 22,
	SYS_ENFILE = 23,
	SYS_EMFILE = 24,
	SYS_ENOSPC = 28,
	SYS_ENAMETOOLONG = 36,
	SYS_ENOSYS = 38,
	SYS_ENOTEMPTY = 39,
	SYS_ELOOP = 40,
	SYS_ENODATA = 61,
	SYS_EPROTO = 71,
	SYS_ESTALE = 116,
	SYS_EMSGSIZE = 90,
	SYS_EOPNOTSUPP = 95,
	SYS_EAFNOSUPPORT = 97,
	SYS_ETOOMANYREFS = 109,
	SYS_ETIMEDOUT = 110,
	SYS_ECONNREFUSED = 111,
	SYS_EINPROGRESS = 115,
	SYS_ECANCELED = 125,
};

struct sys_iovec {
	void *base;
	size_t length;
};
struct sys_msghdr {
	void *name;
	int name_length;
	struct sys_iovec *iov;
	size_t iov_count;
	void *control;
	size_t control_length;
	unsigned int flags;
};
struct sys_cmsghdr {
	size_t length;
	int level;
	int type;
};
struct sys_ucred {
	uint32_t pid;
	uint32_t uid;
	uint32_t gid;
};
struct sys_statfs {
	long type;
	long rest[14];
};
struct sys_dirent64 {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};
struct sys_timespec {
	int64_t seconds;
	int64_t nanoseconds;
};
// struct landlock_ruleset_attr, landlock_path_beneath_attr and landlock_net_port_attr: older headers have them in part.
// A kernel that knows less takes zeros for what it does not know. landlock_create_ruleset(2)
struct sys_landlock_ruleset {
	uint64_t files;
	uint64_t ports;
	uint64_t scopes;
};
struct sys_landlock_path {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));
struct sys_landlock_port {
	uint64_t access;
	uint64_t port;
};
struct sys_itimerspec {
	struct sys_timespec interval;
	struct sys_timespec value;
};
struct sys_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};
struct sys_siginfo {
	int signo;
	int error;
	int code;
	int pad;
	int pid;
	uint32_t uid;
	int status;
	int rest[25];
};

// int bind(int sockfd, const struct sockaddr *addr, socklen_t addrlen);
static inline long sys_bind(int fd, const void *address, unsigned int size)
{
	return SYS(__NR_bind, fd, address, size, 0, 0, 0);
}
// int capget(cap_user_header_t hdrp, cap_user_data_t datap);
static inline long sys_capget(struct __user_cap_header_struct *header, struct __user_cap_data_struct *ret_data)
{
	return SYS(__NR_capget, header, ret_data, 0, 0, 0, 0);
}
// int capset(cap_user_header_t hdrp, const cap_user_data_t datap);
static inline long sys_capset(struct __user_cap_header_struct *header, const struct __user_cap_data_struct *data)
{
	return SYS(__NR_capset, header, data, 0, 0, 0, 0);
}
// int chdir(const char *path);
static inline long sys_chdir(const char *path)
{
	return SYS(__NR_chdir, path, 0, 0, 0, 0, 0);
}
// int chroot(const char *path);
static inline long sys_chroot(const char *path)
{
	return SYS(__NR_chroot, path, 0, 0, 0, 0, 0);
}
// long clone3(struct clone_args *cl_args, size_t size);
static inline long sys_clone3(struct clone_args *args, size_t size)
{
	return SYS(__NR_clone3, args, size, 0, 0, 0, 0);
}
// pid_t fork(void), as clone(SIGCHLD): aarch64 has no fork.
static inline long sys_clone(void)
{
	return SYS(__NR_clone, SYS_SIGCHLD, 0, 0, 0, 0, 0);
}
// The same, as another child of the caller's parent: CLONE_PARENT.
static inline long sys_clone_beside(void)
{
	return SYS(__NR_clone, CLONE_PARENT | SYS_SIGCHLD, 0, 0, 0, 0, 0);
}
// fork(2) again, the other way round and in one memory, CLONE_VM: the new process goes on here, with 0. The caller goes
// on in `run`, with the new pid, on the stack that ends at `top`, and never returns. The kernel sets `shared` to 0 when
// the new process leaves the memory, CLONE_CHILD_CLEARTID.
#if defined(__clang_analyzer__) || __STDC_HOSTED__
// The sanitizers' runtime is one process's: there each has a memory of its own.
static inline long sys_clone_and_leave(
	void *top, void (*run)(void *argument, long pid), void *argument, uint32_t *shared)
{
	const long pid = sys_clone();
	(void)top;
	*shared = 0;
	if (pid > 0)
		run(argument, pid);
	return pid;
}
#elif defined(__x86_64__)
static inline long sys_clone_and_leave(
	void *top, void (*run)(void *argument, long pid), void *argument, uint32_t *shared)
{
	long result;
	register uint32_t *r10 __asm__("r10") = shared;
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jle 1f\n\t"
			 "mov %[top], %%rsp\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %[argument], %%rdi\n\t"
			 "mov %%rax, %%rsi\n\t"
			 "call *%[run]\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(result)
			 : "a"(__NR_clone), "D"((long)(CLONE_VM | CLONE_CHILD_CLEARTID | SYS_SIGCHLD)), "S"(0L),
			 "d"(0L), "r"(r10), [top] "r"(top), [run] "r"(run), [argument] "r"(argument)
			 : "rcx", "r11", "memory", "cc");
	return result;
}
#else
static inline long sys_clone_and_leave(
	void *top, void (*run)(void *argument, long pid), void *argument, uint32_t *shared)
{
	register long x8 __asm__("x8") = __NR_clone;
	register long x0 __asm__("x0") = CLONE_VM | CLONE_CHILD_CLEARTID | SYS_SIGCHLD;
	register long x1 __asm__("x1") = 0;
	register long x2 __asm__("x2") = 0;
	register long x3 __asm__("x3") = 0;
	register uint32_t *x4 __asm__("x4") = shared;
	__asm__ volatile(
		"svc 0\n\t"
		"cmp x0, #0\n\t"
		"b.le 1f\n\t"
		"mov sp, %[top]\n\t"
		"mov x29, #0\n\t"
		"mov x1, x0\n\t"
		"mov x0, %[argument]\n\t"
		"blr %[run]\n\t"
		"brk #1\n"
		"1:"
		: "+r"(x0)
		: "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), [top] "r"(top), [run] "r"(run), [argument] "r"(argument)
		: "memory", "cc");
	return x0;
}
#endif
// int close(int fd);
static inline long sys_close(int fd)
{
	return SYS(__NR_close, fd, 0, 0, 0, 0, 0);
}
// int close_range(unsigned int first, unsigned int last, int flags);
static inline long sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	return SYS(__NR_close_range, first, last, flags, 0, 0, 0);
}
// int connect(int sockfd, const struct sockaddr *addr, socklen_t addrlen);
static inline long sys_connect(int fd, const void *address, unsigned int size)
{
	return SYS(__NR_connect, fd, address, size, 0, 0, 0);
}
// int dup3(int oldfd, int newfd, int flags);
static inline long sys_dup3(int old_fd, int new_fd, int flags)
{
	return SYS(__NR_dup3, old_fd, new_fd, flags, 0, 0, 0);
}
// int eventfd2(unsigned int initval, int flags);
static inline long sys_eventfd2(unsigned int count, int flags)
{
	return SYS(__NR_eventfd2, count, flags, 0, 0, 0, 0);
}
// int epoll_create1(int flags);
static inline long sys_epoll_create1(int flags)
{
	return SYS(__NR_epoll_create1, flags, 0, 0, 0, 0, 0);
}
// int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);
static inline long sys_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	return SYS(__NR_epoll_ctl, epoll, operation, fd, event, 0, 0);
}
// int epoll_pwait(int epfd, struct epoll_event *events, int maxevents, int timeout, const sigset_t *sigmask);
static inline long sys_epoll_pwait(int epoll, struct epoll_event *ret_events, int most, int milliseconds)
{
	return SYS(__NR_epoll_pwait, epoll, ret_events, most, milliseconds, 0, 0);
}
// int execve(const char *pathname, char *const argv[], char *const envp[]);
static inline long sys_execve(const char *path, const char *const *argv, const char *const *envp)
{
	return SYS(__NR_execve, path, argv, envp, 0, 0, 0);
}
// noreturn void exit_group(int status);
__attribute__((noreturn)) static inline void sys_exit_group(int status)
{
	for (;;)
		SYS(__NR_exit_group, status, 0, 0, 0, 0, 0);
}
// int faccessat(int dirfd, const char *pathname, int mode);
static inline long sys_faccessat(int dir_fd, const char *path, int mode)
{
	return SYS(__NR_faccessat, dir_fd, path, mode, 0, 0, 0);
}
// int fchdir(int fd);
static inline long sys_fchdir(int fd)
{
	return SYS(__NR_fchdir, fd, 0, 0, 0, 0, 0);
}
// int fchmod(int fd, mode_t mode);
static inline long sys_fchmod(int fd, uint32_t mode)
{
	return SYS(__NR_fchmod, fd, mode, 0, 0, 0, 0);
}
// int fchmodat(int dirfd, const char *pathname, mode_t mode);
static inline long sys_fchmodat(int dir_fd, const char *path, uint32_t mode)
{
	return SYS(__NR_fchmodat, dir_fd, path, mode, 0, 0, 0);
}
// int fchown(int fd, uid_t owner, gid_t group);
static inline long sys_fchown(int fd, uint32_t uid, uint32_t gid)
{
	return SYS(__NR_fchown, fd, uid, gid, 0, 0, 0);
}
// int fchownat(int dirfd, const char *pathname, uid_t owner, gid_t group, int flags);
static inline long sys_fchownat(int dir_fd, const char *path, uint32_t uid, uint32_t gid, int flags)
{
	return SYS(__NR_fchownat, dir_fd, path, uid, gid, flags, 0);
}
// int fcntl(int fd, int cmd, ...);
static inline long sys_fcntl(int fd, int command, long argument)
{
	return SYS(__NR_fcntl, fd, command, argument, 0, 0, 0);
}
// int flock(int fd, int operation);
static inline long sys_flock(int fd, int operation)
{
	return SYS(__NR_flock, fd, operation, 0, 0, 0, 0);
}
// int fsconfig(int fd, unsigned int cmd, const char *key, const void *value, int aux);
static inline long sys_fsconfig(int fd, unsigned int command, const char *key, const void *value, int aux)
{
	return SYS(__NR_fsconfig, fd, command, key, value, aux, 0);
}
// int fsmount(int fsfd, unsigned int flags, unsigned int attr_flags);
static inline long sys_fsmount(int fs_fd, unsigned int flags, unsigned int attributes)
{
	return SYS(__NR_fsmount, fs_fd, flags, attributes, 0, 0, 0);
}
// ssize_t fgetxattr(int fd, const char *name, void *value, size_t size);
static inline long sys_fgetxattr(int fd, const char *name, void *ret_value, size_t size)
{
	return SYS(__NR_fgetxattr, fd, name, ret_value, size, 0, 0);
}
// ssize_t flistxattr(int fd, char *list, size_t size);
static inline long sys_flistxattr(int fd, char *ret_names, size_t size)
{
	return SYS(__NR_flistxattr, fd, ret_names, size, 0, 0, 0);
}
// int fsopen(const char *fsname, unsigned int flags);
static inline long sys_fsopen(const char *type, unsigned int flags)
{
	return SYS(__NR_fsopen, type, flags, 0, 0, 0, 0);
}
// int fspick(int dirfd, const char *pathname, unsigned int flags);
static inline long sys_fspick(int dir_fd, const char *path, unsigned int flags)
{
	return SYS(__NR_fspick, dir_fd, path, flags, 0, 0, 0);
}
// int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);
static inline long sys_fsetxattr(int fd, const char *name, const void *value, size_t size)
{
	return SYS(__NR_fsetxattr, fd, name, value, size, 0, 0);
}
// int fstat(int fd, struct stat *statbuf);
static inline long sys_fstat(int fd, struct stat *ret_stat)
{
	return SYS(__NR_fstat, fd, ret_stat, 0, 0, 0, 0);
}
// int fstatfs(int fd, struct statfs *buf);
static inline long sys_fstatfs(int fd, struct sys_statfs *ret_statfs)
{
	return SYS(__NR_fstatfs, fd, ret_statfs, 0, 0, 0, 0);
}
// int ftruncate(int fd, off_t length);
static inline long sys_ftruncate(int fd, uint64_t length)
{
	return SYS(__NR_ftruncate, fd, length, 0, 0, 0, 0);
}
// ssize_t getdents64(int fd, void *dirp, size_t count);
static inline long sys_getdents64(int fd, void *ret_entries, size_t size)
{
	return SYS(__NR_getdents64, fd, ret_entries, size, 0, 0, 0);
}
// pid_t getpid(void);
static inline long sys_getpid(void)
{
	return SYS(__NR_getpid, 0, 0, 0, 0, 0, 0);
}
// ssize_t getrandom(void *buf, size_t buflen, unsigned int flags);
static inline long sys_getrandom(void *ret_bytes, size_t size, unsigned int flags)
{
	return SYS(__NR_getrandom, ret_bytes, size, flags, 0, 0, 0);
}
// int getsockopt(int sockfd, int level, int optname, void *optval, socklen_t *optlen);
static inline long sys_getsockopt(int fd, int level, int option, void *ret_value, unsigned int *ret_length)
{
	return SYS(__NR_getsockopt, fd, level, option, ret_value, ret_length, 0);
}
// int clock_gettime(clockid_t clockid, struct timespec *tp);
static inline long sys_clock_gettime(int clock, struct sys_timespec *ret_time)
{
	return SYS(__NR_clock_gettime, clock, ret_time, 0, 0, 0, 0);
}
// int ioctl(int fd, unsigned long request, ...);
static inline long sys_ioctl(int fd, unsigned long request, const void *argument)
{
	return SYS(__NR_ioctl, fd, request, argument, 0, 0, 0);
}
// long keyctl(int operation, ...);
static inline long sys_keyctl(int operation, const void *argument)
{
	return SYS(__NR_keyctl, operation, argument, 0, 0, 0, 0);
}
// int kill(pid_t pid, int sig);
static inline long sys_kill(int pid, int signal)
{
	return SYS(__NR_kill, pid, signal, 0, 0, 0, 0);
}
// int landlock_add_rule(int ruleset_fd, enum landlock_rule_type rule_type, const void *rule_attr, uint32_t flags);
static inline long sys_landlock_add_rule(int ruleset_fd, int type, const void *rule)
{
	return SYS(__NR_landlock_add_rule, ruleset_fd, type, rule, 0, 0, 0);
}
// int landlock_create_ruleset(const struct landlock_ruleset_attr *attr, size_t size, uint32_t flags);
static inline long sys_landlock_create_ruleset(
	const struct sys_landlock_ruleset *ruleset, size_t size, unsigned int flags)
{
	return SYS(__NR_landlock_create_ruleset, ruleset, size, flags, 0, 0, 0);
}
// int landlock_restrict_self(int ruleset_fd, uint32_t flags);
static inline long sys_landlock_restrict_self(int ruleset_fd)
{
	return SYS(__NR_landlock_restrict_self, ruleset_fd, 0, 0, 0, 0, 0);
}
// int linkat(int olddirfd, const char *oldpath, int newdirfd, const char *newpath, int flags);
static inline long sys_linkat(int dir_fd, const char *path, int to_dir_fd, const char *to)
{
	return SYS(__NR_linkat, dir_fd, path, to_dir_fd, to, 0, 0);
}
// int listen(int sockfd, int backlog);
static inline long sys_listen(int fd, int backlog)
{
	return SYS(__NR_listen, fd, backlog, 0, 0, 0, 0);
}
// off_t lseek(int fd, off_t offset, int whence);
static inline long sys_lseek(int fd, uint64_t offset, int whence)
{
	return SYS(__NR_lseek, fd, offset, whence, 0, 0, 0);
}
// int memfd_create(const char *name, unsigned int flags);
static inline long sys_memfd_create(const char *name, unsigned int flags)
{
	return SYS(__NR_memfd_create, name, flags, 0, 0, 0, 0);
}
// int mkdirat(int dirfd, const char *pathname, mode_t mode);
static inline long sys_mkdirat(int dir_fd, const char *path, uint32_t mode)
{
	return SYS(__NR_mkdirat, dir_fd, path, mode, 0, 0, 0);
}
// int mknodat(int dirfd, const char *pathname, mode_t mode, dev_t dev);
static inline long sys_mknodat(int dir_fd, const char *path, uint32_t mode, uint64_t device)
{
	return SYS(__NR_mknodat, dir_fd, path, mode, device, 0, 0);
}
// int mount(const char *source, const char *target, const char *filesystemtype, unsigned long mountflags, const void
// *data);
static inline long sys_mount(
	const char *source, const char *target, const char *type, unsigned long flags, const void *data)
{
	return SYS(__NR_mount, source, target, type, flags, data, 0);
}
// int mount_setattr(int dirfd, const char *pathname, unsigned int flags, struct mount_attr *attr, size_t size);
static inline long sys_mount_setattr(
	int dir_fd, const char *path, unsigned int flags, struct mount_attr *attr, size_t size)
{
	return SYS(__NR_mount_setattr, dir_fd, path, flags, attr, size, 0);
}
// int move_mount(int from_dirfd, const char *from_pathname, int to_dirfd, const char *to_pathname, unsigned int flags);
static inline long sys_move_mount(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)
{
	return SYS(__NR_move_mount, from_fd, from, to_fd, to, flags, 0);
}
// int madvise(void *addr, size_t length, int advice);
static inline long sys_madvise(void *address, size_t length, int advice)
{
	return SYS(__NR_madvise, address, length, advice, 0, 0, 0);
}
// void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);
static inline long sys_mmap(size_t length, int protection, int flags, int fd)
{
	return SYS(__NR_mmap, 0, length, protection, flags, fd, 0);
}
// int munmap(void *addr, size_t length);
static inline long sys_munmap(void *address, size_t length)
{
	return SYS(__NR_munmap, address, length, 0, 0, 0, 0);
}
// int newfstatat(int dirfd, const char *pathname, struct stat *statbuf, int flags);
static inline long sys_newfstatat(int dir_fd, const char *path, struct stat *ret_stat, int flags)
{
	return SYS(__NR_newfstatat, dir_fd, path, ret_stat, flags, 0, 0);
}
// int openat(int dirfd, const char *pathname, int flags, mode_t mode);
static inline long sys_openat(int dir_fd, const char *path, int flags, uint32_t mode)
{
	return SYS(__NR_openat, dir_fd, path, flags, mode, 0, 0);
}
// long openat2(int dirfd, const char *pathname, struct open_how *how, size_t size);
static inline long sys_openat2(int dir_fd, const char *path, struct open_how *how, size_t size)
{
	return SYS(__NR_openat2, dir_fd, path, how, size, 0, 0);
}
// int open_tree(int dirfd, const char *pathname, unsigned int flags);
static inline long sys_open_tree(int dir_fd, const char *path, unsigned int flags)
{
	return SYS(__NR_open_tree, dir_fd, path, flags, 0, 0, 0);
}
// int pidfd_getfd(int pidfd, int targetfd, unsigned int flags);
static inline long sys_pidfd_getfd(int pid_fd, int target_fd)
{
	return SYS(__NR_pidfd_getfd, pid_fd, target_fd, 0, 0, 0, 0);
}
// int pidfd_open(pid_t pid, unsigned int flags);
static inline long sys_pidfd_open(int pid, unsigned int flags)
{
	return SYS(__NR_pidfd_open, pid, flags, 0, 0, 0, 0);
}
// int pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned int flags);
static inline long sys_pidfd_send_signal(int pid_fd, int signal)
{
	return SYS(__NR_pidfd_send_signal, pid_fd, signal, 0, 0, 0, 0);
}
// int pipe2(int pipefd[2], int flags);
static inline long sys_pipe2(int ret_fds[2], int flags)
{
	return SYS(__NR_pipe2, ret_fds, flags, 0, 0, 0, 0);
}
// int pivot_root(const char *new_root, const char *put_old);
static inline long sys_pivot_root(const char *new_root, const char *put_old)
{
	return SYS(__NR_pivot_root, new_root, put_old, 0, 0, 0, 0);
}
// int ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *tmo_p, const sigset_t *sigmask);
static inline long sys_ppoll(struct pollfd *fds, unsigned int count, const struct sys_timespec *timeout)
{
	// The kernel writes what is left into it. ppoll(2), "C library/kernel differences"
	struct sys_timespec left = timeout ? *timeout : (struct sys_timespec){0, 0};
	return SYS(__NR_ppoll, fds, count, timeout ? &left : 0, 0, 0, 0);
}
// int prctl(int option, ...);
static inline long sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c)
{
	return SYS(__NR_prctl, option, a, b, c, 0, 0);
}
// ssize_t pread(int fd, void *buf, size_t count, off_t offset);
static inline long sys_pread64(int fd, void *buffer, size_t size, long offset)
{
	return SYS(__NR_pread64, fd, buffer, size, offset, 0, 0);
}
// int prlimit(pid_t pid, int resource, const struct rlimit *new_limit, struct rlimit *old_limit);
static inline long sys_prlimit64(int pid, unsigned int resource, const uint64_t soft_and_hard[2], uint64_t ret_old[2])
{
	return SYS(__NR_prlimit64, pid, resource, soft_and_hard, ret_old, 0, 0);
}
// ssize_t process_vm_readv(pid_t pid, const struct iovec *local_iov, unsigned long liovcnt,
//     const struct iovec *remote_iov, unsigned long riovcnt, unsigned long flags);
static inline long sys_process_vm_readv(
	int pid, const struct sys_iovec *local, const struct sys_iovec *remote, unsigned long remote_count)
{
	return SYS(__NR_process_vm_readv, pid, local, 1, remote, remote_count, 0);
}
// ssize_t pwrite(int fd, const void *buf, size_t count, off_t offset);
static inline long sys_pwrite64(int fd, const void *buffer, size_t size, long offset)
{
	return SYS(__NR_pwrite64, fd, buffer, size, offset, 0, 0);
}
// ssize_t read(int fd, void *buf, size_t count);
static inline long sys_read(int fd, void *buffer, size_t size)
{
	return SYS(__NR_read, fd, buffer, size, 0, 0, 0);
}
// ssize_t readlinkat(int dirfd, const char *pathname, char *buf, size_t bufsiz);
static inline long sys_readlinkat(int dir_fd, const char *path, char *ret_text, size_t size)
{
	return SYS(__NR_readlinkat, dir_fd, path, ret_text, size, 0, 0);
}
// ssize_t recvmsg(int sockfd, struct msghdr *msg, int flags);
static inline long sys_recvmsg(int fd, struct sys_msghdr *message, unsigned int flags)
{
	return SYS(__NR_recvmsg, fd, message, flags, 0, 0, 0);
}
// int renameat(int olddirfd, const char *oldpath, int newdirfd, const char *newpath);
static inline long sys_renameat(int dir_fd, const char *path, int to_dir_fd, const char *to)
{
	return SYS(__NR_renameat, dir_fd, path, to_dir_fd, to, 0, 0);
}
// int rt_sigaction(int signum, const struct sigaction *act, struct sigaction *oldact, size_t sigsetsize);
static inline long sys_rt_sigaction(int signal, const struct sys_sigaction *action)
{
	return SYS(__NR_rt_sigaction, signal, action, 0, sizeof(uint64_t), 0, 0);
}
// int rt_sigprocmask(int how, const sigset_t *set, sigset_t *oldset, size_t sigsetsize);
static inline long sys_rt_sigprocmask(int how, const uint64_t *set)
{
	return SYS(__NR_rt_sigprocmask, how, set, 0, sizeof(uint64_t), 0, 0);
}
// int rt_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout, size_t sigsetsize);
static inline long sys_rt_sigtimedwait(const uint64_t *set, const struct sys_timespec *time)
{
	return SYS(__NR_rt_sigtimedwait, set, 0, time, sizeof(uint64_t), 0, 0);
}
// int sched_getaffinity(pid_t pid, size_t cpusetsize, cpu_set_t *mask);
static inline long sys_sched_getaffinity(int pid, size_t size, unsigned char *ret_mask)
{
	return SYS(__NR_sched_getaffinity, pid, size, ret_mask, 0, 0, 0);
}
// int sched_getscheduler(pid_t pid);
static inline long sys_sched_getscheduler(int pid)
{
	return SYS(__NR_sched_getscheduler, pid, 0, 0, 0, 0, 0);
}
// int sched_setaffinity(pid_t pid, size_t cpusetsize, const cpu_set_t *mask);
static inline long sys_sched_setaffinity(int pid, size_t size, const unsigned char *mask)
{
	return SYS(__NR_sched_setaffinity, pid, size, mask, 0, 0, 0);
}
// int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param); a policy of no priority has priority
// 0
static inline long sys_sched_setscheduler(int pid, int policy)
{
	const int priority = 0;
	return SYS(__NR_sched_setscheduler, pid, policy, &priority, 0, 0, 0);
}
// int seccomp(unsigned int operation, unsigned int flags, void *args);
static inline long sys_seccomp(unsigned int operation, unsigned int flags, const void *arguments)
{
	return SYS(__NR_seccomp, operation, flags, arguments, 0, 0, 0);
}
// ssize_t sendmsg(int sockfd, const struct msghdr *msg, int flags);
static inline long sys_sendmsg(int fd, const struct sys_msghdr *message, unsigned int flags)
{
	return SYS(__NR_sendmsg, fd, message, flags, 0, 0, 0);
}
// ssize_t sendfile(int out_fd, int in_fd, off_t *offset, size_t count);
static inline long sys_sendfile(int to, int from, uint64_t *offset, size_t size)
{
	return SYS(__NR_sendfile, to, from, offset, size, 0, 0);
}
// int setdomainname(const char *name, size_t len);
static inline long sys_setdomainname(const char *name, size_t length)
{
	return SYS(__NR_setdomainname, name, length, 0, 0, 0, 0);
}
// int setgroups(size_t size, const gid_t *list);
static inline long sys_setgroups(size_t count, const uint32_t *groups)
{
	return SYS(__NR_setgroups, count, groups, 0, 0, 0, 0);
}
// int sethostname(const char *name, size_t len);
static inline long sys_sethostname(const char *name, size_t length)
{
	return SYS(__NR_sethostname, name, length, 0, 0, 0, 0);
}
// int setns(int fd, int nstype);
static inline long sys_setns(int fd, int type)
{
	return SYS(__NR_setns, fd, type, 0, 0, 0, 0);
}
// int setpgid(pid_t pid, pid_t pgid);
static inline long sys_setpgid(int pid, int group)
{
	return SYS(__NR_setpgid, pid, group, 0, 0, 0, 0);
}
// int setpriority(int which, id_t who, int prio);
static inline long sys_setpriority(int which, int who, int nice)
{
	return SYS(__NR_setpriority, which, who, nice, 0, 0, 0);
}
// int setresgid(gid_t rgid, gid_t egid, gid_t sgid);
static inline long sys_setresgid(uint32_t real, uint32_t effective, uint32_t saved)
{
	return SYS(__NR_setresgid, real, effective, saved, 0, 0, 0);
}
// int setresuid(uid_t ruid, uid_t euid, uid_t suid);
static inline long sys_setresuid(uint32_t real, uint32_t effective, uint32_t saved)
{
	return SYS(__NR_setresuid, real, effective, saved, 0, 0, 0);
}
// pid_t setsid(void);
static inline long sys_setsid(void)
{
	return SYS(__NR_setsid, 0, 0, 0, 0, 0, 0);
}
// int setsockopt(int sockfd, int level, int optname, const void *optval, socklen_t optlen);
static inline long sys_setsockopt(int fd, int level, int option, const void *value, unsigned int length)
{
	return SYS(__NR_setsockopt, fd, level, option, value, length, 0);
}
// int shutdown(int sockfd, int how);
static inline long sys_shutdown(int fd, int how)
{
	return SYS(__NR_shutdown, fd, how, 0, 0, 0, 0);
}
// int socket(int domain, int type, int protocol);
static inline long sys_socket(int domain, int type, int protocol)
{
	return SYS(__NR_socket, domain, type, protocol, 0, 0, 0);
}
// int socketpair(int domain, int type, int protocol, int sv[2]);
static inline long sys_socketpair(int domain, int type, int protocol, int ret_fds[2])
{
	return SYS(__NR_socketpair, domain, type, protocol, ret_fds, 0, 0);
}
// int statx(int dirfd, const char *pathname, int flags, unsigned int mask, struct statx *statxbuf);
static inline long sys_statx(int dir_fd, const char *path, int flags, unsigned int mask, struct statx *ret_stat)
{
	return SYS(__NR_statx, dir_fd, path, flags, mask, ret_stat, 0);
}
// int symlinkat(const char *target, int newdirfd, const char *linkpath);
static inline long sys_symlinkat(const char *text, int dir_fd, const char *path)
{
	return SYS(__NR_symlinkat, text, dir_fd, path, 0, 0, 0);
}
// int timerfd_create(int clockid, int flags);
static inline long sys_timerfd_create(int clock, int flags)
{
	return SYS(__NR_timerfd_create, clock, flags, 0, 0, 0, 0);
}
// int timerfd_settime(int fd, int flags, const struct itimerspec *new_value, struct itimerspec *old_value);
static inline long sys_timerfd_settime(int fd, const struct sys_itimerspec *value)
{
	return SYS(__NR_timerfd_settime, fd, 0, value, 0, 0, 0);
}
// mode_t umask(mode_t mask);
static inline long sys_umask(uint32_t mask)
{
	return SYS(__NR_umask, mask, 0, 0, 0, 0, 0);
}
// int umount2(const char *target, int flags);
static inline long sys_umount2(const char *target, int flags)
{
	return SYS(__NR_umount2, target, flags, 0, 0, 0, 0);
}
// int unlinkat(int dirfd, const char *pathname, int flags);
static inline long sys_unlinkat(int dir_fd, const char *path, int flags)
{
	return SYS(__NR_unlinkat, dir_fd, path, flags, 0, 0, 0);
}
// int unshare(int flags);
static inline long sys_unshare(unsigned long flags)
{
	return SYS(__NR_unshare, flags, 0, 0, 0, 0, 0);
}
// int utimensat(int dirfd, const char *pathname, const struct timespec times[2], int flags);
static inline long sys_utimensat(int dir_fd, const char *path, const struct sys_timespec times[2], int flags)
{
	return SYS(__NR_utimensat, dir_fd, path, times, flags, 0, 0);
}
// pid_t wait4(pid_t pid, int *wstatus, int options, struct rusage *rusage);
static inline long sys_wait4(int pid, int *ret_status, int options, struct rusage *ret_usage)
{
	return SYS(__NR_wait4, pid, ret_status, options, ret_usage, 0, 0);
}
// int waitid(idtype_t idtype, id_t id, siginfo_t *infop, int options);
static inline long sys_waitid(int type, int id, struct sys_siginfo *ret_info, int options)
{
	return SYS(__NR_waitid, type, id, ret_info, options, 0, 0);
}
// ssize_t write(int fd, const void *buf, size_t count);
static inline long sys_write(int fd, const void *buffer, size_t size)
{
	return SYS(__NR_write, fd, buffer, size, 0, 0, 0);
}
