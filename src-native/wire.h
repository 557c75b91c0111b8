// SPDX-License-Identifier: MIT
// What a plan looks like. Made by scripts/wire.ts from lib/plan/steps.ts and lib/plan/wire.ts. Do not edit.
#pragma once
#include <assert.h>
#include <stdint.h>

enum {
	PLAN_MAGIC = 0x504c5243,
	WIRE_VERSION = 5,
	PLAN_MAX = 67108864,
	SLOTS_MAX = 1024,
	RECEIVED_MAX = 251,
	STEP_FIELDS_MAX = 8,
};
#define NO_SLOT 0xffffffffu

// Bytes elsewhere in the plan. A string has a NUL behind its length.
struct wire_bytes {
	uint32_t offset;
	uint32_t length;
};
// An array elsewhere in the plan: of wire_bytes (strings), uint64_t (numbers, slots) or records (steps).
struct wire_list {
	uint32_t offset;
	uint32_t count;
};
struct record {
	uint32_t op;
	uint32_t size;
};

struct plan_header {
	uint32_t magic;
	uint32_t version;
	uint32_t size;
	uint32_t slots;
	uint32_t received;
	uint32_t kept;
	uint32_t detached;
	uint32_t timeout_signal;
	uint32_t timed;
	uint32_t session;
	uint64_t timeout_ms;
	uint64_t clone;
	uint32_t before_offset;
	uint32_t before_count;
	uint32_t steps_offset;
	uint32_t steps_count;
	uint32_t after_offset;
	uint32_t after_count;
};
static_assert(sizeof(struct plan_header) == 80, "plan_header");

enum {
	COUNTER_MEMORY_PEAK = 1,
	COUNTER_OOM_KILLS = 2,
	COUNTER_CPU = 4,
	COUNTER_CPU_USER = 8,
	COUNTER_CPU_SYSTEM = 16,
	COUNTER_THROTTLED = 32,
	COUNTER_PIDS_PEAK = 64,
	COUNTER_IO_READ = 128,
	COUNTER_IO_WRITTEN = 256,
};
enum { COUNTERS = 9 };

enum {
	STEP_BARRIER = 1,
	STEP_OMIT = 2,
	STEP_ASSERT_REFUSED = 3,
	STEP_INIT = 4,
	STEP_ENTER = 5,
	STEP_EXEC = 6,
	STEP_AWAIT_PLAN = 7,
	STEP_GIVE = 8,
	STEP_HOLD = 9,
	STEP_EXIT = 10,
	STEP_SERVE = 11,
	STEP_DENY_SETGROUPS = 12,
	STEP_SET_UID_MAP = 13,
	STEP_SET_GID_MAP = 14,
	STEP_NEWUIDMAP = 15,
	STEP_NEWGIDMAP = 16,
	STEP_FCHOWN = 17,
	STEP_IDMAP = 18,
	STEP_SET_GROUPS = 19,
	STEP_SET_USER = 20,
	STEP_MAKE_CGROUP = 21,
	STEP_OPEN_CGROUP = 22,
	STEP_NEST_CGROUP = 23,
	STEP_WRITE_CGROUP = 24,
	STEP_END_FROZEN = 25,
	STEP_WATCH_OOM = 26,
	STEP_ENTER_CGROUP = 27,
	STEP_LIMIT_CPU_TIME = 28,
	STEP_READ_COUNTER = 29,
	STEP_REMOVE_CGROUP = 30,
	STEP_UNSHARE = 31,
	STEP_NEST_NAMESPACES = 32,
	STEP_OPEN_NAMESPACE = 33,
	STEP_SETNS = 34,
	STEP_SET_TIME_OFFSET = 35,
	STEP_SET_HOSTNAME = 36,
	STEP_SET_DOMAINNAME = 37,
	STEP_SYSCTL = 38,
	STEP_LINK_UP = 39,
	STEP_NEW_NETWORK = 40,
	STEP_ADD_VETH = 41,
	STEP_ADD_ADDRESS = 42,
	STEP_ADD_ROUTE = 43,
	STEP_REMOVE_ROUTE = 44,
	STEP_LISTEN_TCP = 45,
	STEP_BIND_UDP = 46,
	STEP_CONNECT_NETWORK = 47,
	STEP_PROPAGATION = 48,
	STEP_OPEN_TREE = 49,
	STEP_CAPTURE_TREE = 50,
	STEP_MOUNT = 51,
	STEP_BIND = 52,
	STEP_DEVICE = 53,
	STEP_MOUNT_SETATTR = 54,
	STEP_MASK = 55,
	STEP_READONLY_PATH = 56,
	STEP_PIVOT_ROOT = 57,
	STEP_OPEN_DIRECTORY = 58,
	STEP_DIRECTORY = 59,
	STEP_FILE = 60,
	STEP_REPLACE_FILE = 61,
	STEP_SYMLINK = 62,
	STEP_MAKE_TARGET = 63,
	STEP_REMOVE_TARGET = 64,
	STEP_CHMOD = 65,
	STEP_COPY_PERMISSIONS = 66,
	STEP_SET_XATTR = 67,
	STEP_LOCK_FILE = 68,
	STEP_RMDIR = 69,
	STEP_OPEN_TERMINAL = 70,
	STEP_RELAY = 71,
	STEP_CONTROLLING_TERMINAL = 72,
	STEP_SET_RLIMIT = 73,
	STEP_SET_PRIORITY = 74,
	STEP_SET_OOM_SCORE_ADJ = 75,
	STEP_END_DESCENDANTS = 76,
	STEP_SET_AFFINITY = 77,
	STEP_UMASK = 78,
	STEP_JOIN_SESSION_KEYRING = 79,
	STEP_CHDIR = 80,
	STEP_SET_CAPABILITIES = 81,
	STEP_NO_NEW_PRIVILEGES = 82,
	STEP_SECCOMP = 83,
	STEP_SECCOMP_REPORT = 84,
	STEP_CREATE_RULESET = 85,
	STEP_ADD_PATH_RULE = 86,
	STEP_ADD_PORT_RULE = 87,
	STEP_RESTRICT_SELF = 88,
	STEP_SET_EXEC_LABEL = 89,
	STEP_OPEN = 90,
	STEP_CLOSE = 91,
	STEP_PREAD = 92,
	STEP_PWRITE = 93,
	STEP_SENDFILE = 94,
	STEP_FTRUNCATE = 95,
	STEP_FSTAT = 96,
	STEP_STAT = 97,
	STEP_GETDENTS = 98,
	STEP_MKDIRAT = 99,
	STEP_UNLINKAT = 100,
	STEP_RENAMEAT = 101,
	STEP_LINKAT = 102,
	STEP_SYMLINKAT = 103,
	STEP_READLINKAT = 104,
	STEP_FCHMODAT = 105,
	STEP_FCHOWNAT = 106,
	STEP_UTIMENSAT = 107,
	STEP_FACCESSAT = 108,
	STEP_HAND_OVER = 109,
	STEP_TAKE_OVER = 110,
	STEP_MKNODAT = 111,
	STEP_COPY_RANGE = 112,
	STEP_LIST_XATTR = 113,
	STEP_GET_XATTR = 114,
	STEP_COPY_XATTR = 115,
	STEP_LOCK = 116,
	STEP_SOCKET = 117,
	STEP_CONNECT_TCP = 118,
	STEP_CONNECT_UNIX = 119,
	STEP_BIND_TCP = 120,
	STEP_BIND_UNIX = 121,
	STEP_LISTEN = 122,
};

enum { STEP_COUNT = 122 };

struct step_barrier {
	struct record head;
	struct wire_list acts;
	uint64_t hook;
};
static_assert(sizeof(struct step_barrier) == 24, "barrier");

struct step_omit {
	struct record head;
	struct wire_bytes what;
	struct wire_bytes reason;
};
static_assert(sizeof(struct step_omit) == 24, "omit");

struct step_assert_refused {
	struct record head;
	struct wire_list attempts;
	struct wire_list errnos;
};
static_assert(sizeof(struct step_assert_refused) == 24, "assertRefused");

struct step_init {
	struct record head;
};
static_assert(sizeof(struct step_init) == 8, "init");

struct step_enter {
	struct record head;
	struct wire_list kept;
};
static_assert(sizeof(struct step_enter) == 16, "enter");

struct step_exec {
	struct record head;
	struct wire_list paths;
	struct wire_list args;
	struct wire_list env;
	struct wire_list stdio;
};
static_assert(sizeof(struct step_exec) == 40, "exec");

struct step_await_plan {
	struct record head;
};
static_assert(sizeof(struct step_await_plan) == 8, "awaitPlan");

struct step_give {
	struct record head;
	struct wire_list slots;
};
static_assert(sizeof(struct step_give) == 16, "give");

struct step_hold {
	struct record head;
};
static_assert(sizeof(struct step_hold) == 8, "hold");

struct step_exit {
	struct record head;
	uint64_t status;
};
static_assert(sizeof(struct step_exit) == 16, "exit");

struct step_serve {
	struct record head;
	uint64_t requests;
	uint64_t own;
	struct wire_list kept;
	uint64_t clears;
	uint64_t lock;
};
static_assert(sizeof(struct step_serve) == 48, "serve");

struct step_deny_setgroups {
	struct record head;
};
static_assert(sizeof(struct step_deny_setgroups) == 8, "denySetgroups");

struct step_set_uid_map {
	struct record head;
	struct wire_list ranges;
};
static_assert(sizeof(struct step_set_uid_map) == 16, "setUidMap");

struct step_set_gid_map {
	struct record head;
	struct wire_list ranges;
};
static_assert(sizeof(struct step_set_gid_map) == 16, "setGidMap");

struct step_newuidmap {
	struct record head;
	struct wire_bytes path;
	struct wire_list ranges;
};
static_assert(sizeof(struct step_newuidmap) == 24, "newuidmap");

struct step_newgidmap {
	struct record head;
	struct wire_bytes path;
	struct wire_list ranges;
};
static_assert(sizeof(struct step_newgidmap) == 24, "newgidmap");

struct step_fchown {
	struct record head;
	uint64_t slot;
	uint64_t uid;
	uint64_t gid;
};
static_assert(sizeof(struct step_fchown) == 32, "fchown");

struct step_idmap {
	struct record head;
	uint64_t slot;
	uint64_t namespace;
};
static_assert(sizeof(struct step_idmap) == 24, "idmap");

struct step_set_groups {
	struct record head;
	struct wire_list groups;
};
static_assert(sizeof(struct step_set_groups) == 16, "setGroups");

struct step_set_user {
	struct record head;
	uint64_t uid;
	uint64_t gid;
};
static_assert(sizeof(struct step_set_user) == 24, "setUser");

struct step_make_cgroup {
	struct record head;
	uint64_t slot;
	struct wire_bytes parent;
	struct wire_bytes base;
	struct wire_bytes name;
	struct wire_list enable;
	struct wire_list inherit;
};
static_assert(sizeof(struct step_make_cgroup) == 56, "makeCgroup");

struct step_open_cgroup {
	struct record head;
	uint64_t slot;
	struct wire_bytes path;
	uint64_t inode;
};
static_assert(sizeof(struct step_open_cgroup) == 32, "openCgroup");

struct step_nest_cgroup {
	struct record head;
	uint64_t slot;
	uint64_t within;
	struct wire_bytes name;
	struct wire_list inherit;
};
static_assert(sizeof(struct step_nest_cgroup) == 40, "nestCgroup");

struct step_write_cgroup {
	struct record head;
	uint64_t slot;
	struct wire_bytes file;
	struct wire_bytes value;
};
static_assert(sizeof(struct step_write_cgroup) == 32, "writeCgroup");

struct step_end_frozen {
	struct record head;
	uint64_t slot;
	struct wire_bytes file;
	struct wire_bytes freeze;
	struct wire_bytes thaw;
};
static_assert(sizeof(struct step_end_frozen) == 40, "endFrozen");

struct step_watch_oom {
	struct record head;
	uint64_t slot;
	struct wire_bytes file;
	struct wire_bytes control;
	uint64_t end;
};
static_assert(sizeof(struct step_watch_oom) == 40, "watchOom");

struct step_enter_cgroup {
	struct record head;
	struct wire_list slots;
};
static_assert(sizeof(struct step_enter_cgroup) == 16, "enterCgroup");

struct step_limit_cpu_time {
	struct record head;
	uint64_t slot;
	struct wire_bytes file;
	struct wire_bytes key;
	uint64_t divisor;
	uint64_t milliseconds;
	uint64_t cpus;
};
static_assert(sizeof(struct step_limit_cpu_time) == 56, "limitCpuTime");

struct step_read_counter {
	struct record head;
	uint64_t slot;
	uint64_t counter;
	struct wire_bytes file;
	struct wire_bytes key;
	uint64_t divisor;
};
static_assert(sizeof(struct step_read_counter) == 48, "readCounter");

struct step_remove_cgroup {
	struct record head;
	uint64_t slot;
};
static_assert(sizeof(struct step_remove_cgroup) == 16, "removeCgroup");

struct step_unshare {
	struct record head;
	uint64_t namespaces;
};
static_assert(sizeof(struct step_unshare) == 16, "unshare");

struct step_nest_namespaces {
	struct record head;
	uint64_t slot;
	uint64_t namespaces;
	struct wire_list uids;
	struct wire_list gids;
};
static_assert(sizeof(struct step_nest_namespaces) == 40, "nestNamespaces");

struct step_open_namespace {
	struct record head;
	uint64_t slot;
	struct wire_bytes path;
	uint64_t type;
	uint64_t inode;
	uint64_t at;
};
static_assert(sizeof(struct step_open_namespace) == 48, "openNamespace");

struct step_setns {
	struct record head;
	uint64_t slot;
	uint64_t type;
};
static_assert(sizeof(struct step_setns) == 24, "setns");

struct step_set_time_offset {
	struct record head;
	uint64_t clock;
	int64_t seconds;
	uint64_t nanoseconds;
};
static_assert(sizeof(struct step_set_time_offset) == 32, "setTimeOffset");

struct step_set_hostname {
	struct record head;
	struct wire_bytes hostname;
};
static_assert(sizeof(struct step_set_hostname) == 16, "setHostname");

struct step_set_domainname {
	struct record head;
	struct wire_bytes domainname;
};
static_assert(sizeof(struct step_set_domainname) == 16, "setDomainname");

struct step_sysctl {
	struct record head;
	struct wire_bytes path;
	struct wire_bytes value;
};
static_assert(sizeof(struct step_sysctl) == 24, "sysctl");

struct step_link_up {
	struct record head;
	struct wire_bytes name;
};
static_assert(sizeof(struct step_link_up) == 16, "linkUp");

struct step_new_network {
	struct record head;
	uint64_t slot;
	uint64_t left;
};
static_assert(sizeof(struct step_new_network) == 24, "newNetwork");

struct step_add_veth {
	struct record head;
	struct wire_bytes name;
	struct wire_bytes peer;
	uint64_t network;
};
static_assert(sizeof(struct step_add_veth) == 32, "addVeth");

struct step_add_address {
	struct record head;
	struct wire_bytes name;
	struct wire_bytes address;
	uint64_t prefix;
};
static_assert(sizeof(struct step_add_address) == 32, "addAddress");

struct step_add_route {
	struct record head;
	struct wire_bytes name;
	uint64_t type;
	struct wire_bytes destination;
	uint64_t prefix;
	struct wire_bytes gateway;
};
static_assert(sizeof(struct step_add_route) == 48, "addRoute");

struct step_remove_route {
	struct record head;
	struct wire_bytes name;
	uint64_t type;
	struct wire_bytes destination;
	uint64_t prefix;
};
static_assert(sizeof(struct step_remove_route) == 40, "removeRoute");

struct step_listen_tcp {
	struct record head;
	uint64_t slot;
	uint64_t family;
	uint64_t port;
	uint64_t backlog;
	uint64_t buffer_bytes;
};
static_assert(sizeof(struct step_listen_tcp) == 48, "listenTcp");

struct step_bind_udp {
	struct record head;
	uint64_t slot;
	struct wire_bytes address;
	uint64_t port;
};
static_assert(sizeof(struct step_bind_udp) == 32, "bindUdp");

struct step_connect_network {
	struct record head;
	struct wire_bytes path;
	struct wire_list args;
};
static_assert(sizeof(struct step_connect_network) == 24, "connectNetwork");

struct step_propagation {
	struct record head;
	struct wire_bytes target;
	uint64_t type;
};
static_assert(sizeof(struct step_propagation) == 24, "propagation");

struct step_open_tree {
	struct record head;
	uint64_t slot;
	struct wire_bytes source;
	struct wire_bytes within;
	uint64_t descriptor;
	uint64_t recursive;
	uint64_t nofollow;
};
static_assert(sizeof(struct step_open_tree) == 56, "openTree");

struct step_capture_tree {
	struct record head;
	uint64_t slot;
	struct wire_bytes target;
};
static_assert(sizeof(struct step_capture_tree) == 24, "captureTree");

struct step_mount {
	struct record head;
	struct wire_bytes type;
	struct wire_bytes target;
	struct wire_list options;
	uint64_t attributes;
	uint64_t nofollow;
	uint64_t own;
	struct wire_bytes made;
	uint64_t slot;
};
static_assert(sizeof(struct step_mount) == 72, "mount");

struct step_bind {
	struct record head;
	uint64_t slot;
	struct wire_bytes source;
	struct wire_bytes target;
	uint64_t attributes;
	uint64_t recursive;
	uint64_t create;
};
static_assert(sizeof(struct step_bind) == 56, "bind");

struct step_device {
	struct record head;
	struct wire_bytes source;
	struct wire_bytes target;
	uint64_t major;
	uint64_t minor;
};
static_assert(sizeof(struct step_device) == 40, "device");

struct step_mount_setattr {
	struct record head;
	struct wire_bytes target;
	uint64_t attributes;
};
static_assert(sizeof(struct step_mount_setattr) == 24, "mountSetattr");

struct step_mask {
	struct record head;
	struct wire_bytes target;
};
static_assert(sizeof(struct step_mask) == 16, "mask");

struct step_readonly_path {
	struct record head;
	struct wire_bytes target;
};
static_assert(sizeof(struct step_readonly_path) == 16, "readonlyPath");

struct step_pivot_root {
	struct record head;
};
static_assert(sizeof(struct step_pivot_root) == 8, "pivotRoot");

struct step_open_directory {
	struct record head;
	uint64_t slot;
	struct wire_bytes path;
};
static_assert(sizeof(struct step_open_directory) == 24, "openDirectory");

struct step_directory {
	struct record head;
	struct wire_bytes target;
	uint64_t mode;
};
static_assert(sizeof(struct step_directory) == 24, "directory");

struct step_file {
	struct record head;
	struct wire_bytes target;
	uint64_t mode;
	struct wire_bytes content;
};
static_assert(sizeof(struct step_file) == 32, "file");

struct step_replace_file {
	struct record head;
	struct wire_bytes target;
	uint64_t mode;
	struct wire_bytes content;
};
static_assert(sizeof(struct step_replace_file) == 32, "replaceFile");

struct step_symlink {
	struct record head;
	struct wire_bytes target;
	struct wire_bytes text;
};
static_assert(sizeof(struct step_symlink) == 24, "symlink");

struct step_make_target {
	struct record head;
	struct wire_bytes target;
	uint64_t type;
	uint64_t slot;
	uint64_t parent;
};
static_assert(sizeof(struct step_make_target) == 40, "makeTarget");

struct step_remove_target {
	struct record head;
	uint64_t slot;
	uint64_t parent;
	struct wire_bytes name;
};
static_assert(sizeof(struct step_remove_target) == 32, "removeTarget");

struct step_chmod {
	struct record head;
	struct wire_bytes target;
	uint64_t mode;
};
static_assert(sizeof(struct step_chmod) == 24, "chmod");

struct step_copy_permissions {
	struct record head;
	struct wire_bytes model;
	struct wire_bytes target;
};
static_assert(sizeof(struct step_copy_permissions) == 24, "copyPermissions");

struct step_set_xattr {
	struct record head;
	struct wire_bytes target;
	struct wire_bytes name;
	struct wire_bytes value;
};
static_assert(sizeof(struct step_set_xattr) == 32, "setXattr");

struct step_lock_file {
	struct record head;
	uint64_t slot;
	struct wire_bytes target;
};
static_assert(sizeof(struct step_lock_file) == 24, "lockFile");

struct step_rmdir {
	struct record head;
	uint64_t slot;
	struct wire_bytes name;
};
static_assert(sizeof(struct step_rmdir) == 24, "rmdir");

struct step_open_terminal {
	struct record head;
	uint64_t master;
	uint64_t slot;
	uint64_t columns;
	uint64_t rows;
};
static_assert(sizeof(struct step_open_terminal) == 40, "openTerminal");

struct step_relay {
	struct record head;
	uint64_t master;
	uint64_t socket;
};
static_assert(sizeof(struct step_relay) == 24, "relay");

struct step_controlling_terminal {
	struct record head;
	uint64_t slot;
};
static_assert(sizeof(struct step_controlling_terminal) == 16, "controllingTerminal");

struct step_set_rlimit {
	struct record head;
	uint64_t resource;
	uint64_t soft;
	uint64_t hard;
};
static_assert(sizeof(struct step_set_rlimit) == 32, "setRlimit");

struct step_set_priority {
	struct record head;
	int64_t nice;
};
static_assert(sizeof(struct step_set_priority) == 16, "setPriority");

struct step_set_oom_score_adj {
	struct record head;
	int64_t adjustment;
};
static_assert(sizeof(struct step_set_oom_score_adj) == 16, "setOomScoreAdj");

struct step_end_descendants {
	struct record head;
	uint64_t namespace;
	uint64_t listener;
};
static_assert(sizeof(struct step_end_descendants) == 24, "endDescendants");

struct step_set_affinity {
	struct record head;
	struct wire_list cpus;
};
static_assert(sizeof(struct step_set_affinity) == 16, "setAffinity");

struct step_umask {
	struct record head;
	uint64_t mask;
};
static_assert(sizeof(struct step_umask) == 16, "umask");

struct step_join_session_keyring {
	struct record head;
};
static_assert(sizeof(struct step_join_session_keyring) == 8, "joinSessionKeyring");

struct step_chdir {
	struct record head;
	struct wire_bytes target;
	struct wire_list alternatives;
};
static_assert(sizeof(struct step_chdir) == 24, "chdir");

struct step_set_capabilities {
	struct record head;
	uint64_t bounding;
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
	uint64_t ambient;
};
static_assert(sizeof(struct step_set_capabilities) == 48, "setCapabilities");

struct step_no_new_privileges {
	struct record head;
};
static_assert(sizeof(struct step_no_new_privileges) == 8, "noNewPrivileges");

struct step_seccomp {
	struct record head;
	struct wire_bytes filter;
	uint64_t flags;
	uint64_t slot;
};
static_assert(sizeof(struct step_seccomp) == 32, "seccomp");

struct step_seccomp_report {
	struct record head;
	struct wire_bytes filter;
	struct wire_bytes reported;
	uint64_t flags;
	uint64_t slot;
	struct wire_list paths;
	struct wire_list addresses;
};
static_assert(sizeof(struct step_seccomp_report) == 56, "seccompReport");

struct step_create_ruleset {
	struct record head;
	uint64_t slot;
	uint64_t files;
	uint64_t ports;
	uint64_t scopes;
};
static_assert(sizeof(struct step_create_ruleset) == 40, "createRuleset");

struct step_add_path_rule {
	struct record head;
	uint64_t slot;
	struct wire_bytes target;
	uint64_t access;
};
static_assert(sizeof(struct step_add_path_rule) == 32, "addPathRule");

struct step_add_port_rule {
	struct record head;
	uint64_t slot;
	uint64_t port;
	uint64_t access;
};
static_assert(sizeof(struct step_add_port_rule) == 32, "addPortRule");

struct step_restrict_self {
	struct record head;
	uint64_t slot;
};
static_assert(sizeof(struct step_restrict_self) == 16, "restrictSelf");

struct step_set_exec_label {
	struct record head;
	uint64_t module;
	struct wire_bytes label;
};
static_assert(sizeof(struct step_set_exec_label) == 24, "setExecLabel");

struct step_open {
	struct record head;
	uint64_t slot;
	uint64_t at;
	struct wire_bytes path;
	uint64_t kind;
	uint64_t flags;
	uint64_t nofollow;
	uint64_t mode;
};
static_assert(sizeof(struct step_open) == 64, "open");

struct step_close {
	struct record head;
	uint64_t slot;
};
static_assert(sizeof(struct step_close) == 16, "close");

struct step_pread {
	struct record head;
	uint64_t slot;
	uint64_t offset;
	uint64_t length;
};
static_assert(sizeof(struct step_pread) == 32, "pread");

struct step_pwrite {
	struct record head;
	uint64_t slot;
	uint64_t offset;
	struct wire_bytes content;
};
static_assert(sizeof(struct step_pwrite) == 32, "pwrite");

struct step_sendfile {
	struct record head;
	uint64_t slot;
	uint64_t to;
	uint64_t length;
};
static_assert(sizeof(struct step_sendfile) == 32, "sendfile");

struct step_ftruncate {
	struct record head;
	uint64_t slot;
	uint64_t length;
};
static_assert(sizeof(struct step_ftruncate) == 24, "ftruncate");

struct step_fstat {
	struct record head;
	uint64_t slot;
};
static_assert(sizeof(struct step_fstat) == 16, "fstat");

struct step_stat {
	struct record head;
	uint64_t at;
	struct wire_bytes path;
	uint64_t nofollow;
};
static_assert(sizeof(struct step_stat) == 32, "stat");

struct step_getdents {
	struct record head;
	uint64_t slot;
	uint64_t length;
};
static_assert(sizeof(struct step_getdents) == 24, "getdents");

struct step_mkdirat {
	struct record head;
	uint64_t at;
	struct wire_bytes path;
	uint64_t mode;
};
static_assert(sizeof(struct step_mkdirat) == 32, "mkdirat");

struct step_unlinkat {
	struct record head;
	uint64_t at;
	struct wire_bytes path;
	uint64_t directory;
};
static_assert(sizeof(struct step_unlinkat) == 32, "unlinkat");

struct step_renameat {
	struct record head;
	struct wire_bytes path;
	struct wire_bytes to;
};
static_assert(sizeof(struct step_renameat) == 24, "renameat");

struct step_linkat {
	struct record head;
	uint64_t at;
	struct wire_bytes path;
	struct wire_bytes to;
};
static_assert(sizeof(struct step_linkat) == 32, "linkat");

struct step_symlinkat {
	struct record head;
	struct wire_bytes text;
	uint64_t at;
	struct wire_bytes path;
};
static_assert(sizeof(struct step_symlinkat) == 32, "symlinkat");

struct step_readlinkat {
	struct record head;
	uint64_t at;
	struct wire_bytes path;
};
static_assert(sizeof(struct step_readlinkat) == 24, "readlinkat");

struct step_fchmodat {
	struct record head;
	uint64_t at;
	struct wire_bytes path;
	uint64_t mode;
};
static_assert(sizeof(struct step_fchmodat) == 32, "fchmodat");

struct step_fchownat {
	struct record head;
	uint64_t at;
	struct wire_bytes path;
	uint64_t uid;
	uint64_t gid;
	uint64_t nofollow;
};
static_assert(sizeof(struct step_fchownat) == 48, "fchownat");

struct step_utimensat {
	struct record head;
	uint64_t at;
	struct wire_bytes path;
	int64_t atime_s;
	uint64_t atime_ns;
	int64_t mtime_s;
	uint64_t mtime_ns;
	uint64_t nofollow;
};
static_assert(sizeof(struct step_utimensat) == 64, "utimensat");

struct step_faccessat {
	struct record head;
	uint64_t at;
	struct wire_bytes path;
	uint64_t mode;
};
static_assert(sizeof(struct step_faccessat) == 32, "faccessat");

struct step_hand_over {
	struct record head;
	uint64_t lane;
	struct wire_list slots;
};
static_assert(sizeof(struct step_hand_over) == 24, "handOver");

struct step_take_over {
	struct record head;
	uint64_t lane;
	uint64_t slot;
};
static_assert(sizeof(struct step_take_over) == 24, "takeOver");

struct step_mknodat {
	struct record head;
	uint64_t at;
	struct wire_bytes path;
	uint64_t type;
	uint64_t mode;
};
static_assert(sizeof(struct step_mknodat) == 40, "mknodat");

struct step_copy_range {
	struct record head;
	uint64_t slot;
	uint64_t into;
	uint64_t offset;
	uint64_t length;
};
static_assert(sizeof(struct step_copy_range) == 40, "copyRange");

struct step_list_xattr {
	struct record head;
	uint64_t slot;
};
static_assert(sizeof(struct step_list_xattr) == 16, "listXattr");

struct step_get_xattr {
	struct record head;
	uint64_t slot;
	struct wire_bytes name;
};
static_assert(sizeof(struct step_get_xattr) == 24, "getXattr");

struct step_copy_xattr {
	struct record head;
	uint64_t slot;
	uint64_t into;
	struct wire_bytes name;
};
static_assert(sizeof(struct step_copy_xattr) == 32, "copyXattr");

struct step_lock {
	struct record head;
	uint64_t slot;
};
static_assert(sizeof(struct step_lock) == 16, "lock");

struct step_socket {
	struct record head;
	uint64_t slot;
	uint64_t domain;
};
static_assert(sizeof(struct step_socket) == 24, "socket");

struct step_connect_tcp {
	struct record head;
	uint64_t slot;
	uint64_t port;
	uint64_t timeout_ms;
};
static_assert(sizeof(struct step_connect_tcp) == 32, "connectTcp");

struct step_connect_unix {
	struct record head;
	uint64_t slot;
	struct wire_bytes path;
};
static_assert(sizeof(struct step_connect_unix) == 24, "connectUnix");

struct step_bind_tcp {
	struct record head;
	uint64_t slot;
	uint64_t port;
};
static_assert(sizeof(struct step_bind_tcp) == 24, "bindTcp");

struct step_bind_unix {
	struct record head;
	uint64_t slot;
	struct wire_bytes path;
};
static_assert(sizeof(struct step_bind_unix) == 24, "bindUnix");

struct step_listen {
	struct record head;
	uint64_t slot;
	uint64_t backlog;
};
static_assert(sizeof(struct step_listen) == 24, "listen");

enum field_kind {
	FIELD_NUMBER,
	FIELD_INTEGER,
	FIELD_BOOLEAN,
	FIELD_FLAGS,
	FIELD_CHOICE,
	FIELD_SLOT,
	FIELD_OPTIONAL_SLOT,
	FIELD_STRING,
	FIELD_BYTES,
	FIELD_STRINGS,
	FIELD_NUMBERS,
	FIELD_SLOTS,
	FIELD_STEPS,
	FIELD_ATTEMPTS,
};
enum { COLUMN_HOST = 1, COLUMN_CONTAINER = 2, COLUMN_SERVER = 4 };

// What a record of each step must look like: plan_check holds every record to it. `ends`: the last step of a plan is
// one of these, and no other is. `can_be_tried`: in a process of its own, which speaks to no supervisor and goes on
// with no list. `allowed`: the bits of flags and choices; of a slot 1 where the step fills it.
struct step_spec {
	uint8_t columns;
	uint8_t ends;
	uint8_t can_be_tried;
	uint8_t count;
	struct {
		uint8_t kind;
		uint64_t allowed;
	} fields[STEP_FIELDS_MAX];
};
static const struct step_spec STEP_SPECS[STEP_COUNT + 1] __attribute__((unused)) = {
	[STEP_BARRIER] = {COLUMN_CONTAINER, 0, 0, 2, {
		{FIELD_STEPS, 0x0},
		{FIELD_BOOLEAN, 0x0},
	}},
	[STEP_OMIT] = {COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_ASSERT_REFUSED] = {COLUMN_CONTAINER, 0, 0, 2, {
		{FIELD_ATTEMPTS, 0x0},
		{FIELD_NUMBERS, 0x0},
	}},
	[STEP_INIT] = {COLUMN_CONTAINER, 0, 0, 0, {}},
	[STEP_ENTER] = {COLUMN_CONTAINER, 0, 0, 1, {
		{FIELD_SLOTS, 0x0},
	}},
	[STEP_EXEC] = {COLUMN_CONTAINER, 1, 0, 4, {
		{FIELD_STRINGS, 0x0},
		{FIELD_STRINGS, 0x0},
		{FIELD_STRINGS, 0x0},
		{FIELD_SLOTS, 0x0},
	}},
	[STEP_AWAIT_PLAN] = {COLUMN_CONTAINER, 1, 0, 0, {}},
	[STEP_GIVE] = {COLUMN_CONTAINER, 0, 0, 1, {
		{FIELD_SLOTS, 0x0},
	}},
	[STEP_HOLD] = {COLUMN_CONTAINER, 1, 0, 0, {}},
	[STEP_EXIT] = {COLUMN_CONTAINER, 1, 0, 1, {
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_SERVE] = {COLUMN_CONTAINER, 1, 0, 5, {
		{FIELD_SLOT, 0x0},
		{FIELD_SLOT, 0x0},
		{FIELD_SLOTS, 0x0},
		{FIELD_OPTIONAL_SLOT, 0x0},
		{FIELD_OPTIONAL_SLOT, 0x0},
	}},
	[STEP_DENY_SETGROUPS] = {COLUMN_HOST, 0, 1, 0, {}},
	[STEP_SET_UID_MAP] = {COLUMN_HOST, 0, 1, 1, {
		{FIELD_NUMBERS, 0x0},
	}},
	[STEP_SET_GID_MAP] = {COLUMN_HOST, 0, 1, 1, {
		{FIELD_NUMBERS, 0x0},
	}},
	[STEP_NEWUIDMAP] = {COLUMN_HOST, 0, 1, 2, {
		{FIELD_STRING, 0x0},
		{FIELD_NUMBERS, 0x0},
	}},
	[STEP_NEWGIDMAP] = {COLUMN_HOST, 0, 1, 2, {
		{FIELD_STRING, 0x0},
		{FIELD_NUMBERS, 0x0},
	}},
	[STEP_FCHOWN] = {COLUMN_HOST | COLUMN_CONTAINER, 0, 1, 3, {
		{FIELD_SLOT, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_IDMAP] = {COLUMN_HOST, 0, 1, 2, {
		{FIELD_SLOT, 0x0},
		{FIELD_OPTIONAL_SLOT, 0x0},
	}},
	[STEP_SET_GROUPS] = {COLUMN_HOST | COLUMN_CONTAINER, 0, 1, 1, {
		{FIELD_NUMBERS, 0x0},
	}},
	[STEP_SET_USER] = {COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_MAKE_CGROUP] = {COLUMN_HOST, 0, 1, 6, {
		{FIELD_SLOT, 0x1},
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_STRINGS, 0x0},
		{FIELD_STRINGS, 0x0},
	}},
	[STEP_OPEN_CGROUP] = {COLUMN_HOST, 0, 1, 3, {
		{FIELD_SLOT, 0x1},
		{FIELD_STRING, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_NEST_CGROUP] = {COLUMN_HOST, 0, 1, 4, {
		{FIELD_SLOT, 0x1},
		{FIELD_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_STRINGS, 0x0},
	}},
	[STEP_WRITE_CGROUP] = {COLUMN_HOST, 0, 1, 3, {
		{FIELD_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_END_FROZEN] = {COLUMN_HOST, 0, 1, 4, {
		{FIELD_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_WATCH_OOM] = {COLUMN_HOST, 0, 1, 4, {
		{FIELD_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_BOOLEAN, 0x0},
	}},
	[STEP_ENTER_CGROUP] = {COLUMN_HOST, 0, 1, 1, {
		{FIELD_SLOTS, 0x0},
	}},
	[STEP_LIMIT_CPU_TIME] = {COLUMN_HOST, 0, 1, 6, {
		{FIELD_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_READ_COUNTER] = {COLUMN_HOST, 0, 1, 5, {
		{FIELD_SLOT, 0x0},
		{FIELD_CHOICE, 0x1ff},
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_REMOVE_CGROUP] = {COLUMN_HOST, 0, 1, 1, {
		{FIELD_SLOT, 0x0},
	}},
	[STEP_UNSHARE] = {COLUMN_CONTAINER, 0, 1, 1, {
		{FIELD_FLAGS, 0x7e020080},
	}},
	[STEP_NEST_NAMESPACES] = {COLUMN_CONTAINER, 0, 1, 4, {
		{FIELD_SLOT, 0x1},
		{FIELD_FLAGS, 0x4e000000},
		{FIELD_NUMBERS, 0x0},
		{FIELD_NUMBERS, 0x0},
	}},
	[STEP_OPEN_NAMESPACE] = {COLUMN_HOST | COLUMN_CONTAINER, 0, 1, 5, {
		{FIELD_SLOT, 0x1},
		{FIELD_STRING, 0x0},
		{FIELD_CHOICE, 0x7e020080},
		{FIELD_NUMBER, 0x0},
		{FIELD_OPTIONAL_SLOT, 0x0},
	}},
	[STEP_SETNS] = {COLUMN_HOST | COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_SLOT, 0x0},
		{FIELD_CHOICE, 0x7e020080},
	}},
	[STEP_SET_TIME_OFFSET] = {COLUMN_HOST, 0, 1, 3, {
		{FIELD_CHOICE, 0x7},
		{FIELD_INTEGER, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_SET_HOSTNAME] = {COLUMN_CONTAINER, 0, 1, 1, {
		{FIELD_STRING, 0x0},
	}},
	[STEP_SET_DOMAINNAME] = {COLUMN_CONTAINER, 0, 1, 1, {
		{FIELD_STRING, 0x0},
	}},
	[STEP_SYSCTL] = {COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_LINK_UP] = {COLUMN_CONTAINER, 0, 1, 1, {
		{FIELD_STRING, 0x0},
	}},
	[STEP_NEW_NETWORK] = {COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_SLOT, 0x1},
		{FIELD_SLOT, 0x1},
	}},
	[STEP_ADD_VETH] = {COLUMN_CONTAINER, 0, 1, 3, {
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_SLOT, 0x0},
	}},
	[STEP_ADD_ADDRESS] = {COLUMN_CONTAINER, 0, 1, 3, {
		{FIELD_STRING, 0x0},
		{FIELD_BYTES, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_ADD_ROUTE] = {COLUMN_CONTAINER, 0, 1, 5, {
		{FIELD_STRING, 0x0},
		{FIELD_CHOICE, 0x3},
		{FIELD_BYTES, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_BYTES, 0x0},
	}},
	[STEP_REMOVE_ROUTE] = {COLUMN_CONTAINER, 0, 1, 4, {
		{FIELD_STRING, 0x0},
		{FIELD_CHOICE, 0x3},
		{FIELD_BYTES, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_LISTEN_TCP] = {COLUMN_CONTAINER, 0, 1, 5, {
		{FIELD_SLOT, 0x1},
		{FIELD_CHOICE, 0xa},
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_BIND_UDP] = {COLUMN_CONTAINER, 0, 1, 3, {
		{FIELD_SLOT, 0x1},
		{FIELD_BYTES, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_CONNECT_NETWORK] = {COLUMN_HOST, 0, 1, 2, {
		{FIELD_STRING, 0x0},
		{FIELD_STRINGS, 0x0},
	}},
	[STEP_PROPAGATION] = {COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_STRING, 0x0},
		{FIELD_CHOICE, 0x1e0000},
	}},
	[STEP_OPEN_TREE] = {COLUMN_HOST | COLUMN_CONTAINER, 0, 1, 6, {
		{FIELD_SLOT, 0x1},
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_OPTIONAL_SLOT, 0x0},
		{FIELD_BOOLEAN, 0x0},
		{FIELD_BOOLEAN, 0x0},
	}},
	[STEP_CAPTURE_TREE] = {COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_SLOT, 0x1},
		{FIELD_STRING, 0x0},
	}},
	[STEP_MOUNT] = {COLUMN_CONTAINER, 0, 1, 8, {
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_STRINGS, 0x0},
		{FIELD_FLAGS, 0x20009f},
		{FIELD_BOOLEAN, 0x0},
		{FIELD_BOOLEAN, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_OPTIONAL_SLOT, 0x1},
	}},
	[STEP_BIND] = {COLUMN_CONTAINER, 0, 1, 6, {
		{FIELD_OPTIONAL_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_FLAGS, 0x20009f},
		{FIELD_BOOLEAN, 0x0},
		{FIELD_BOOLEAN, 0x0},
	}},
	[STEP_DEVICE] = {COLUMN_CONTAINER, 0, 1, 4, {
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_MOUNT_SETATTR] = {COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_STRING, 0x0},
		{FIELD_FLAGS, 0x20009f},
	}},
	[STEP_MASK] = {COLUMN_CONTAINER, 0, 1, 1, {
		{FIELD_STRING, 0x0},
	}},
	[STEP_READONLY_PATH] = {COLUMN_CONTAINER, 0, 1, 1, {
		{FIELD_STRING, 0x0},
	}},
	[STEP_PIVOT_ROOT] = {COLUMN_CONTAINER, 0, 1, 0, {}},
	[STEP_OPEN_DIRECTORY] = {COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_SLOT, 0x1},
		{FIELD_STRING, 0x0},
	}},
	[STEP_DIRECTORY] = {COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_STRING, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_FILE] = {COLUMN_CONTAINER, 0, 1, 3, {
		{FIELD_STRING, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_BYTES, 0x0},
	}},
	[STEP_REPLACE_FILE] = {COLUMN_CONTAINER, 0, 1, 3, {
		{FIELD_STRING, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_BYTES, 0x0},
	}},
	[STEP_SYMLINK] = {COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_MAKE_TARGET] = {COLUMN_CONTAINER, 0, 1, 4, {
		{FIELD_STRING, 0x0},
		{FIELD_CHOICE, 0xc000},
		{FIELD_SLOT, 0x1},
		{FIELD_SLOT, 0x1},
	}},
	[STEP_REMOVE_TARGET] = {COLUMN_HOST, 0, 1, 3, {
		{FIELD_SLOT, 0x0},
		{FIELD_SLOT, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_CHMOD] = {COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_STRING, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_COPY_PERMISSIONS] = {COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_SET_XATTR] = {COLUMN_CONTAINER, 0, 1, 3, {
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_LOCK_FILE] = {COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_SLOT, 0x1},
		{FIELD_STRING, 0x0},
	}},
	[STEP_RMDIR] = {COLUMN_HOST, 0, 1, 2, {
		{FIELD_SLOT, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_OPEN_TERMINAL] = {COLUMN_CONTAINER, 0, 1, 4, {
		{FIELD_SLOT, 0x1},
		{FIELD_SLOT, 0x1},
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_RELAY] = {COLUMN_HOST, 0, 1, 2, {
		{FIELD_SLOT, 0x0},
		{FIELD_SLOT, 0x0},
	}},
	[STEP_CONTROLLING_TERMINAL] = {COLUMN_CONTAINER, 0, 1, 1, {
		{FIELD_SLOT, 0x0},
	}},
	[STEP_SET_RLIMIT] = {COLUMN_HOST | COLUMN_CONTAINER, 0, 1, 3, {
		{FIELD_CHOICE, 0xf},
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_SET_PRIORITY] = {COLUMN_HOST, 0, 1, 1, {
		{FIELD_INTEGER, 0x0},
	}},
	[STEP_SET_OOM_SCORE_ADJ] = {COLUMN_HOST, 0, 1, 1, {
		{FIELD_INTEGER, 0x0},
	}},
	[STEP_END_DESCENDANTS] = {COLUMN_HOST, 0, 1, 2, {
		{FIELD_SLOT, 0x0},
		{FIELD_SLOT, 0x0},
	}},
	[STEP_SET_AFFINITY] = {COLUMN_CONTAINER, 0, 1, 1, {
		{FIELD_NUMBERS, 0x0},
	}},
	[STEP_UMASK] = {COLUMN_CONTAINER, 0, 1, 1, {
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_JOIN_SESSION_KEYRING] = {COLUMN_CONTAINER, 0, 1, 0, {}},
	[STEP_CHDIR] = {COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_STRING, 0x0},
		{FIELD_STRINGS, 0x0},
	}},
	[STEP_SET_CAPABILITIES] = {COLUMN_CONTAINER, 0, 1, 5, {
		{FIELD_FLAGS, 0x1ffffffffff},
		{FIELD_FLAGS, 0x1ffffffffff},
		{FIELD_FLAGS, 0x1ffffffffff},
		{FIELD_FLAGS, 0x1ffffffffff},
		{FIELD_FLAGS, 0x1ffffffffff},
	}},
	[STEP_NO_NEW_PRIVILEGES] = {COLUMN_CONTAINER, 0, 1, 0, {}},
	[STEP_SECCOMP] = {COLUMN_CONTAINER, 0, 1, 3, {
		{FIELD_BYTES, 0x0},
		{FIELD_FLAGS, 0x7},
		{FIELD_OPTIONAL_SLOT, 0x1},
	}},
	[STEP_SECCOMP_REPORT] = {COLUMN_CONTAINER, 0, 0, 6, {
		{FIELD_BYTES, 0x0},
		{FIELD_BYTES, 0x0},
		{FIELD_FLAGS, 0x7},
		{FIELD_SLOT, 0x1},
		{FIELD_NUMBERS, 0x0},
		{FIELD_NUMBERS, 0x0},
	}},
	[STEP_CREATE_RULESET] = {COLUMN_CONTAINER, 0, 1, 4, {
		{FIELD_SLOT, 0x1},
		{FIELD_FLAGS, 0xffff},
		{FIELD_FLAGS, 0x3},
		{FIELD_FLAGS, 0x3},
	}},
	[STEP_ADD_PATH_RULE] = {COLUMN_CONTAINER, 0, 1, 3, {
		{FIELD_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_FLAGS, 0xffff},
	}},
	[STEP_ADD_PORT_RULE] = {COLUMN_CONTAINER, 0, 1, 3, {
		{FIELD_SLOT, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_FLAGS, 0x3},
	}},
	[STEP_RESTRICT_SELF] = {COLUMN_CONTAINER, 0, 1, 1, {
		{FIELD_SLOT, 0x0},
	}},
	[STEP_SET_EXEC_LABEL] = {COLUMN_CONTAINER, 0, 1, 2, {
		{FIELD_CHOICE, 0x6d},
		{FIELD_STRING, 0x0},
	}},
	[STEP_OPEN] = {COLUMN_SERVER, 0, 0, 7, {
		{FIELD_SLOT, 0x0},
		{FIELD_OPTIONAL_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_CHOICE, 0xc000},
		{FIELD_FLAGS, 0x4c3},
		{FIELD_BOOLEAN, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_CLOSE] = {COLUMN_SERVER, 0, 0, 1, {
		{FIELD_SLOT, 0x0},
	}},
	[STEP_PREAD] = {COLUMN_SERVER, 0, 0, 3, {
		{FIELD_SLOT, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_PWRITE] = {COLUMN_SERVER, 0, 0, 3, {
		{FIELD_SLOT, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_BYTES, 0x0},
	}},
	[STEP_SENDFILE] = {COLUMN_SERVER, 0, 0, 3, {
		{FIELD_SLOT, 0x0},
		{FIELD_SLOT, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_FTRUNCATE] = {COLUMN_SERVER, 0, 0, 2, {
		{FIELD_SLOT, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_FSTAT] = {COLUMN_SERVER, 0, 0, 1, {
		{FIELD_SLOT, 0x0},
	}},
	[STEP_STAT] = {COLUMN_SERVER, 0, 0, 3, {
		{FIELD_OPTIONAL_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_BOOLEAN, 0x0},
	}},
	[STEP_GETDENTS] = {COLUMN_SERVER, 0, 0, 2, {
		{FIELD_SLOT, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_MKDIRAT] = {COLUMN_SERVER, 0, 0, 3, {
		{FIELD_OPTIONAL_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_UNLINKAT] = {COLUMN_SERVER, 0, 0, 3, {
		{FIELD_OPTIONAL_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_BOOLEAN, 0x0},
	}},
	[STEP_RENAMEAT] = {COLUMN_SERVER, 0, 0, 2, {
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_LINKAT] = {COLUMN_SERVER, 0, 0, 3, {
		{FIELD_OPTIONAL_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_SYMLINKAT] = {COLUMN_SERVER, 0, 0, 3, {
		{FIELD_STRING, 0x0},
		{FIELD_OPTIONAL_SLOT, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_READLINKAT] = {COLUMN_SERVER, 0, 0, 2, {
		{FIELD_OPTIONAL_SLOT, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_FCHMODAT] = {COLUMN_SERVER, 0, 0, 3, {
		{FIELD_OPTIONAL_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_FCHOWNAT] = {COLUMN_SERVER, 0, 0, 5, {
		{FIELD_OPTIONAL_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_BOOLEAN, 0x0},
	}},
	[STEP_UTIMENSAT] = {COLUMN_SERVER, 0, 0, 7, {
		{FIELD_OPTIONAL_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_BOOLEAN, 0x0},
	}},
	[STEP_FACCESSAT] = {COLUMN_SERVER, 0, 0, 3, {
		{FIELD_OPTIONAL_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_HAND_OVER] = {COLUMN_SERVER, 0, 0, 2, {
		{FIELD_SLOT, 0x0},
		{FIELD_SLOTS, 0x0},
	}},
	[STEP_TAKE_OVER] = {COLUMN_SERVER, 0, 0, 2, {
		{FIELD_SLOT, 0x0},
		{FIELD_SLOT, 0x0},
	}},
	[STEP_MKNODAT] = {COLUMN_SERVER, 0, 0, 4, {
		{FIELD_OPTIONAL_SLOT, 0x0},
		{FIELD_STRING, 0x0},
		{FIELD_CHOICE, 0xf000},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_COPY_RANGE] = {COLUMN_SERVER, 0, 0, 4, {
		{FIELD_SLOT, 0x0},
		{FIELD_SLOT, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_LIST_XATTR] = {COLUMN_SERVER, 0, 0, 1, {
		{FIELD_SLOT, 0x0},
	}},
	[STEP_GET_XATTR] = {COLUMN_SERVER, 0, 0, 2, {
		{FIELD_SLOT, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_COPY_XATTR] = {COLUMN_SERVER, 0, 0, 3, {
		{FIELD_SLOT, 0x0},
		{FIELD_SLOT, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_LOCK] = {COLUMN_SERVER, 0, 0, 1, {
		{FIELD_SLOT, 0x0},
	}},
	[STEP_SOCKET] = {COLUMN_SERVER, 0, 0, 2, {
		{FIELD_SLOT, 0x0},
		{FIELD_CHOICE, 0xb},
	}},
	[STEP_CONNECT_TCP] = {COLUMN_SERVER, 0, 0, 3, {
		{FIELD_SLOT, 0x0},
		{FIELD_NUMBER, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_CONNECT_UNIX] = {COLUMN_SERVER, 0, 0, 2, {
		{FIELD_SLOT, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_BIND_TCP] = {COLUMN_SERVER, 0, 0, 2, {
		{FIELD_SLOT, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
	[STEP_BIND_UNIX] = {COLUMN_SERVER, 0, 0, 2, {
		{FIELD_SLOT, 0x0},
		{FIELD_STRING, 0x0},
	}},
	[STEP_LISTEN] = {COLUMN_SERVER, 0, 0, 2, {
		{FIELD_SLOT, 0x0},
		{FIELD_NUMBER, 0x0},
	}},
};

#define NAMESPACES_KNOWN 0x7e020080ull
#define CAPABILITIES_KNOWN 0x1ffffffffffull
#define MOUNT_ATTRIBUTES_KNOWN 0x20009full
