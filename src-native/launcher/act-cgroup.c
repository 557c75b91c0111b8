// SPDX-License-Identifier: MIT
// Acts about cgroups: what the supervisor does with directories and files of cgroupfs, on the host, for its container.
#include "act.h"
#include "text.h"

enum { TRIES = 100, LOCK_TRIES = 3, LOCK_LOOKS = 100, LOCK_PAUSE_NS = 10000000 };

// A cgroup to be made in another one.
struct wanted {
	const char *name;
	// What the one above hands down; what is copied from it.
	struct wire_list enable;
	struct wire_list inherit;
};

// Whether the list of words, each with a space or a newline behind it, has `word`.
static int has_word(const char *list, const char *word)
{
	size_t length = text_length(word);
	for (const char *at = list; *at; at++) {
		size_t same = 0;
		if (at != list && at[-1] != ' ')
			continue;
		while (same < length && at[same] == word[same])
			same++;
		if (same == length && (at[length] == ' ' || at[length] == '\n' || at[length] == 0))
			return 1;
	}
	return 0;
}

// Hands controllers down to the cgroups below `directory`. What is handed down already is not written again: that would
// wait for all cgroups below that are being removed.
static struct outcome enable(const struct supervisor *self, struct wire_list controllers, int directory)
{
	static const char FILE[] = "cgroup.subtree_control";
	char text[CGROUP_FILE_LONGEST];
	char entry[64];
	size_t length = 0;
	if (controllers.count == 0)
		return DONE;
	PASS(cgroup_read(directory, FILE, text, &length));
	for (uint32_t i = 0; i < controllers.count; i++) {
		const char *name = plan_string_at(&self->plan, controllers, i);
		if (has_word(text, name))
			continue;
		if (text_length(name) >= sizeof(entry) - 1)
			return REFUSED(write, SYS_ENAMETOOLONG);
		char *end = text_copy(text_copy(entry, "+"), name);
		PASS(cgroup_write(directory, FILE, entry, (size_t)(end - entry)));
	}
	return DONE;
}

// Copies files from the cgroup above where they are empty, as those of a new cpuset are. cpuset(7)
static struct outcome inherit(const struct supervisor *self, struct wire_list files, int above, int directory)
{
	char text[CGROUP_FILE_LONGEST];
	size_t length = 0;
	for (uint32_t i = 0; i < files.count; i++) {
		const char *file = plan_string_at(&self->plan, files, i);
		PASS(cgroup_read(directory, file, text, &length));
		if (length > 1)
			continue;
		PASS(cgroup_read(above, file, text, &length));
		PASS(cgroup_write(directory, file, text, length));
	}
	return DONE;
}

static struct outcome open_directory(int above, const char *name, int *ret_fd)
{
	*ret_fd = (int)TRY(openat, above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	return DONE;
}

// Who is faster with the lock takes the cgroup for a leftover, and removes it, by its name. So nobody else does, until
// then: another one of that name would be removed in its place.
static struct outcome lock(int directory)
{
	long locked = sys_flock(directory, SYS_LOCK_EX | SYS_LOCK_NB);
	for (int i = 0; i < LOCK_LOOKS && locked == -SYS_EAGAIN; i++) {
		timing_pause(LOCK_PAUSE_NS);
		locked = sys_flock(directory, SYS_LOCK_EX | SYS_LOCK_NB);
	}
	return locked < 0 ? REFUSED(flock, -locked) : DONE;
}

static struct outcome is_there(int directory)
{
	TRY(faccessat, directory, "cgroup.procs", 0);
	return DONE;
}

// Whether to try once more. ENOENT, ENODEV: another container was the last in the base, and has removed it, or somebody
// has taken the cgroup for a leftover. EAGAIN: somebody has its lock, and removes nothing.
static int is_passing(struct outcome outcome, int tries)
{
	return outcome.error == SYS_ENOENT || outcome.error == SYS_ENODEV ||
	       (outcome.error == SYS_EAGAIN && tries < LOCK_TRIES);
}

// The cgroup in the one above: made, opened, locked and there still.
static struct outcome make_in(
	const struct supervisor *self, const struct wanted *wanted, int above, struct cgroup *ret_cgroup)
{
	int directory = -1;
	PASS(enable(self, wanted->enable, above));
	TRY(mkdirat, above, wanted->name, 0755);
	struct outcome outcome = open_directory(above, wanted->name, &directory);
	if (outcome.error == 0)
		outcome = lock(directory);
	if (outcome.error == 0)
		outcome = is_there(directory);
	if (outcome.error == 0)
		outcome = inherit(self, wanted->inherit, above, directory);
	*ret_cgroup = (struct cgroup){directory, above, wanted->name, 0};
	if (outcome.error) {
		sys_close(directory);
		sys_unlinkat(above, wanted->name, SYS_AT_REMOVEDIR);
	}
	return outcome;
}

static struct outcome make_below(
	const struct supervisor *self, const struct step_make_cgroup *step, int parent, struct cgroup *ret_cgroup)
{
	const char *name = plan_string(&self->plan, step->base);
	const struct wanted wanted = {plan_string(&self->plan, step->name), step->enable, step->inherit};
	int base = -1;
	PASS(enable(self, step->enable, parent));
	long made = sys_mkdirat(parent, name, 0755);
	if (made < 0 && made != -SYS_EEXIST)
		return REFUSED(mkdirat, -made);
	struct outcome outcome = open_directory(parent, name, &base);
	if (outcome.error == 0)
		outcome = inherit(self, step->inherit, parent, base);
	if (outcome.error == 0)
		outcome = make_in(self, &wanted, base, ret_cgroup);
	ret_cgroup->base_name = name;
	if (outcome.error) {
		sys_close(base);
		sys_unlinkat(parent, name, SYS_AT_REMOVEDIR);
	}
	return outcome;
}

// A plain name, so that no path leads elsewhere.
static int is_name(const char *name)
{
	if (*name == 0 || text_equal(name, ".") || text_equal(name, ".."))
		return 0;
	for (; *name; name++)
		if (*name == '/')
			return 0;
	return 1;
}

struct outcome act_make_cgroup(struct supervisor *self, const struct step_make_cgroup *step)
{
	struct cgroups *cgroups = &self->cgroups;
	struct outcome outcome = REFUSED(mkdirat, SYS_EINVAL);
	if (!is_name(plan_string(&self->plan, step->name)) || !is_name(plan_string(&self->plan, step->base)) ||
		cgroups->count == CGROUPS_MOST)
		return outcome;
	int parent = (int)TRY(
		openat, AT_FDCWD, plan_string(&self->plan, step->parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	for (int i = 0; i == 0 || (i < TRIES && is_passing(outcome, i)); i++)
		outcome = make_below(self, step, parent, &cgroups->held[cgroups->count]);
	sys_close(parent);
	if (outcome.error == 0)
		self->page->slots[step->slot] = cgroups->held[cgroups->count++].directory;
	return outcome;
}

struct outcome act_open_cgroup(struct supervisor *self, const struct step_open_cgroup *step)
{
	struct stat stat;
	int directory = -1;
	PASS(open_directory(AT_FDCWD, plan_string(&self->plan, step->path), &directory));
	TRY(fstat, directory, &stat);
	// It was removed, and another one has its name.
	if (step->inode && stat.st_ino != step->inode)
		return REFUSED(fstat, SYS_ESRCH);
	PASS(is_there(directory));
	self->page->slots[step->slot] = directory;
	return DONE;
}

struct outcome act_nest_cgroup(struct supervisor *self, const struct step_nest_cgroup *step)
{
	struct cgroups *cgroups = &self->cgroups;
	const struct wanted wanted = {plan_string(&self->plan, step->name), {0}, step->inherit};
	struct outcome outcome = REFUSED(mkdirat, SYS_EINVAL);
	if (!is_name(wanted.name) || cgroups->count == CGROUPS_MOST)
		return outcome;
	// Until all is over, even if somebody lets go of what is in the slot.
	int above = (int)TRY(fcntl, self->page->slots[step->within], F_DUPFD_CLOEXEC, 0);
	for (int i = 0; i == 0 || (i < TRIES && is_passing(outcome, i)); i++)
		outcome = make_in(self, &wanted, above, &cgroups->held[cgroups->count]);
	if (outcome.error)
		sys_close(above);
	else
		self->page->slots[step->slot] = cgroups->held[cgroups->count++].directory;
	return outcome;
}

struct outcome act_write_cgroup(struct supervisor *self, const struct step_write_cgroup *step)
{
	return cgroup_write(self->page->slots[step->slot], plan_string(&self->plan, step->file),
		plan_string(&self->plan, step->value), step->value.length);
}

struct outcome act_enter_cgroup(struct supervisor *self, const struct step_enter_cgroup *step)
{
	char text[24];
	size_t length = (size_t)(text_number(text, (uint64_t)self->waiting) - text);
	// The kernel says 0 of a process that is not in sight, and takes a written 0 for the writer itself. cgroups(7)
	// Of a process that init has reaped, the pid may be another one's.
	if (self->waiting <= 0 || __atomic_load_n(&self->page->command_over, __ATOMIC_SEQ_CST))
		return REFUSED(write, SYS_ESRCH);
	for (uint32_t i = 0; i < step->slots.count; i++) {
		uint64_t slot = plan_number_at(&self->plan, step->slots, i);
		if (slot != NO_SLOT)
			PASS(cgroup_write(self->page->slots[slot], "cgroup.procs", text, length));
	}
	return DONE;
}

struct outcome act_end_frozen(struct supervisor *self, const struct step_end_frozen *step)
{
	struct cgroups *cgroups = &self->cgroups;
	cgroups->freezer = self->page->slots[step->slot];
	cgroups->freezer_file = plan_string(&self->plan, step->file);
	cgroups->freeze = plan_string(&self->plan, step->freeze);
	cgroups->thaw = plan_string(&self->plan, step->thaw);
	return DONE;
}

// Cgroup v1 tells an eventfd when it is about to kill. memory.txt, "OOM Control"
static struct outcome register_eventfd(int directory, const char *control, int oom, int *ret_eventfd)
{
	char text[64];
	*ret_eventfd = (int)TRY(eventfd2, 0, SYS_EFD_CLOEXEC | SYS_EFD_NONBLOCK);
	char *end = text_copy(text_number(text, (uint64_t)*ret_eventfd), " ");
	end = text_number(end, (uint64_t)oom);
	return cgroup_write(directory, control, text, (size_t)(end - text));
}

struct outcome act_watch_oom(struct supervisor *self, const struct step_watch_oom *step)
{
	struct cgroups *cgroups = &self->cgroups;
	int directory = self->page->slots[step->slot];
	uint64_t kills;
	cgroups->oom = (struct cgroup_counter){.file = -1, .key = "oom_kill", .divisor = 1};
	cgroups->oom_ends = step->end != 0;
	PASS(cgroup_open(directory, plan_string(&self->plan, step->file), O_RDONLY, &cgroups->oom.file));
	if (step->control.length > 0)
		PASS(register_eventfd(
			directory, plan_string(&self->plan, step->control), cgroups->oom.file, &cgroups->oom_eventfd));
	// It is told from what has been read on. cgroup-v2.rst, "memory.events"
	return cgroup_count(&cgroups->oom, &kills);
}

struct outcome act_limit_cpu_time(struct supervisor *self, const struct step_limit_cpu_time *step)
{
	struct cgroups *cgroups = &self->cgroups;
	uint64_t used;
	cgroups->cpu = (struct cgroup_counter){
		.file = -1, .key = plan_string(&self->plan, step->key), .divisor = step->divisor};
	cgroups->cpu_cpus = step->cpus;
	PASS(cgroup_open(
		self->page->slots[step->slot], plan_string(&self->plan, step->file), O_RDONLY, &cgroups->cpu.file));
	PASS(cgroup_count(&cgroups->cpu, &used));
	cgroups->cpu_clock = (int)TRY(timerfd_create, SYS_CLOCK_MONOTONIC, O_CLOEXEC | O_NONBLOCK);
	cgroups_set_cpu_time(cgroups, step->milliseconds);
	return DONE;
}

struct outcome act_read_counter(struct supervisor *self, const struct step_read_counter *step)
{
	struct message_exited *exited = &self->notices.exited;
	struct cgroup_counter counter = {-1, plan_string(&self->plan, step->key), step->divisor};
	uint64_t number;
	uint32_t place = 0;
	while (place < COUNTERS && step->counter != 1ull << place)
		place++;
	if (place == COUNTERS)
		return REFUSED(pread64, SYS_EINVAL);
	struct outcome outcome = cgroup_open(
		self->page->slots[step->slot], plan_string(&self->plan, step->file), O_RDONLY, &counter.file);
	if (outcome.error)
		return DONE;
	if (cgroup_count(&counter, &number).error == 0) {
		exited->counters[place] = number;
		exited->counted |= (uint32_t)step->counter;
	}
	sys_close(counter.file);
	return DONE;
}
