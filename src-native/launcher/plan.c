// SPDX-License-Identifier: MIT
// Maps a plan and checks it whole. plan_check is pure: it reads the given bytes and nothing else, so that it can be
// fuzzed. Once it has passed, no other file checks an offset, a length, a count or a slot again.
#include "plan.h"
#include "../messages.h"
#include "text.h"

struct check {
	const unsigned char *base;
	size_t size;
	uint32_t slots;
	// One bit each: those that a descriptor is in, by what was checked so far. 0: it does not matter.
	uint64_t *filled;
};

// Breaks off with the number of the line that was broken: the message "rejected" carries it to Node.
#define RULE(holds)                      \
	do {                             \
		if (!(holds))            \
			return __LINE__; \
	} while (0)
#define PASS_RULES(part)                 \
	do {                             \
		uint32_t rule_ = (part); \
		if (rule_)               \
			return rule_;    \
	} while (0)

static int inside(const struct check *check, uint64_t offset, uint64_t length)
{
	return offset <= check->size && length <= check->size - offset;
}

static uint32_t check_string(const struct check *check, struct wire_bytes place)
{
	RULE(inside(check, place.offset, (uint64_t)place.length + 1));
	RULE(check->base[place.offset + place.length] == 0);
	RULE(text_length((const char *)check->base + place.offset) == place.length);
	return 0;
}

static uint32_t check_steps(const struct check *check, struct wire_list list, uint8_t column, int nested);

static uint32_t check_slots(const struct check *check, struct wire_list list)
{
	const uint64_t *slots = (const uint64_t *)(check->base + list.offset);
	RULE(list.count <= SLOTS_MAX);
	for (uint32_t i = 0; i < list.count; i++)
		RULE(slots[i] < check->slots || slots[i] == NO_SLOT);
	return 0;
}

static uint32_t check_list(const struct check *check, struct wire_list list, uint8_t kind)
{
	RULE(list.offset % 8 == 0);
	RULE(inside(check, list.offset, (uint64_t)list.count * 8));
	if (kind == FIELD_SLOTS)
		return check_slots(check, list);
	if (kind != FIELD_STRINGS)
		return 0;
	const struct wire_bytes *places = (const struct wire_bytes *)(check->base + list.offset);
	for (uint32_t i = 0; i < list.count; i++)
		PASS_RULES(check_string(check, places[i]));
	return 0;
}

// The supervisor closes what is in a slot by its number, when the child has a table of descriptors of its own: what a
// step then puts in its place has a number of the child's table. So nothing is ever put into a slot that is not empty.
static uint32_t check_filled(const struct check *check, uint64_t slot)
{
	if (!check->filled || slot == NO_SLOT)
		return 0;
	const uint64_t bit = (uint64_t)1 << slot % 64;
	RULE((check->filled[slot / 64] & bit) == 0);
	check->filled[slot / 64] |= bit;
	return 0;
}

// What an attempt opens ends with it.
static uint32_t check_attempts(const struct check *check, struct wire_list list)
{
	struct check of_attempts = *check;
	of_attempts.filled = 0;
	return check_steps(&of_attempts, list, COLUMN_CONTAINER, 1);
}

static uint32_t check_field(
	const struct check *check, const unsigned char *at, uint8_t kind, uint64_t allowed, int nested)
{
	uint64_t number = *(const uint64_t *)at;
	struct wire_bytes place = *(const struct wire_bytes *)at;
	struct wire_list list = *(const struct wire_list *)at;
	switch (kind) {
	case FIELD_NUMBER:
		return 0;
	case FIELD_INTEGER:
		RULE((int64_t)number >= INT32_MIN && (int64_t)number <= INT32_MAX);
		return 0;
	case FIELD_BOOLEAN:
		RULE(number <= 1);
		return 0;
	case FIELD_FLAGS:
	case FIELD_CHOICE:
		RULE((number & ~allowed) == 0);
		return 0;
	case FIELD_SLOT:
		RULE(number < check->slots);
		return allowed ? check_filled(check, number) : 0;
	case FIELD_OPTIONAL_SLOT:
		RULE(number < check->slots || number == NO_SLOT);
		return allowed ? check_filled(check, number) : 0;
	case FIELD_STRING:
		return check_string(check, place);
	case FIELD_BYTES:
		RULE(inside(check, place.offset, place.length));
		return 0;
	case FIELD_STRINGS:
	case FIELD_NUMBERS:
	case FIELD_SLOTS:
		return check_list(check, list, kind);
	case FIELD_STEPS:
		RULE(!nested);
		return check_steps(check, list, COLUMN_HOST, 1);
	case FIELD_ATTEMPTS:
		RULE(!nested);
		return check_attempts(check, list);
	}
	return __LINE__;
}

static uint32_t check_exec(const struct step_exec *step)
{
	RULE(step->paths.count > 0);
	return 0;
}

static uint32_t check_steps(const struct check *check, struct wire_list list, uint8_t column, int nested)
{
	uint64_t at = list.offset;
	for (uint32_t i = 0; i < list.count; i++) {
		RULE(at % 8 == 0);
		RULE(inside(check, at, sizeof(struct record)));
		const struct record *record = (const struct record *)(check->base + at);
		RULE(record->op >= 1 && record->op <= STEP_COUNT);
		const struct step_spec *spec = &STEP_SPECS[record->op];
		RULE(spec->columns & column);
		RULE(!nested || spec->can_be_tried);
		RULE(record->size == sizeof(struct record) + (size_t)8 * spec->count);
		RULE(inside(check, at, record->size));
		const unsigned char *field = (const unsigned char *)(record + 1);
		for (uint32_t f = 0; f < spec->count; f++)
			PASS_RULES(check_field(
				check, field + (size_t)8 * f, spec->fields[f].kind, spec->fields[f].allowed, nested));
		if (record->op == STEP_EXEC)
			PASS_RULES(check_exec((const struct step_exec *)record));
		at += record->size;
	}
	return 0;
}

// The child must never run out of its list, nor leave it early: its last step ends it, and no other does.
static uint32_t check_end(const unsigned char *base, const struct plan_header *header)
{
	const struct plan plan = {base, header};
	const struct record *record = plan_record(&plan, header->steps_offset);
	for (uint32_t i = 0; i < header->steps_count; i++, record = plan_next(record))
		RULE(STEP_SPECS[record->op].ends == (i == header->steps_count - 1));
	return 0;
}

uint32_t plan_check(const unsigned char *base, size_t size)
{
	const struct plan_header *header = (const struct plan_header *)base;
	RULE(size >= sizeof(*header) && size <= PLAN_MAX);
	RULE(header->magic == PLAN_MAGIC);
	RULE(header->version == WIRE_VERSION);
	RULE(header->size == size);
	RULE(header->slots <= SLOTS_MAX);
	RULE(header->received <= header->slots && header->received <= RECEIVED_MAX);
	RULE(header->kept <= header->received);
	RULE(header->detached <= 1);
	RULE(header->timed <= 1);
	RULE(header->session <= 1);
	RULE(header->timeout_signal <= SYS_SIGNAL_LAST);
	RULE((header->clone & ~NAMESPACES_KNOWN) == 0);
	RULE(header->steps_count > 0);
	uint64_t filled[SLOTS_MAX / 64] = {0};
	struct check check = {base, size, header->slots, filled};
	for (uint32_t slot = 0; slot < header->received; slot++)
		filled[slot / 64] |= (uint64_t)1 << slot % 64;
	PASS_RULES(
		check_steps(&check, (struct wire_list){header->before_offset, header->before_count}, COLUMN_HOST, 0));
	PASS_RULES(check_steps(
		&check, (struct wire_list){header->steps_offset, header->steps_count}, COLUMN_CONTAINER, 0));
	PASS_RULES(check_steps(&check, (struct wire_list){header->after_offset, header->after_count}, COLUMN_HOST, 0));
	return check_end(base, header);
}

uint32_t plan_check_served(const unsigned char *base, size_t size, uint32_t slots)
{
	const struct server_request *request = (const struct server_request *)base;
	const struct check check = {base, size, slots, 0};
	RULE(size >= sizeof(*request) && request->size == size);
	return check_steps(&check, (struct wire_list){sizeof(*request), request->count}, COLUMN_SERVER, 0);
}

struct outcome plan_map(int fd, struct plan *ret_plan, uint32_t *ret_rule)
{
	struct stat stat;
	// Without the seals a plan could change between its check and its use. memfd_create(2)
	const long seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	if ((TRY(fcntl, fd, F_GET_SEALS, 0) & seals) != seals)
		return REFUSED(fcntl, SYS_EPERM);
	TRY(fstat, fd, &stat);
	if (stat.st_size < (long)sizeof(struct plan_header) || stat.st_size > PLAN_MAX)
		return REFUSED(fstat, SYS_E2BIG);
	const unsigned char *base =
		(const unsigned char *)TRY(mmap, (size_t)stat.st_size, SYS_PROT_READ, SYS_MAP_PRIVATE, fd);
	*ret_rule = plan_check(base, (size_t)stat.st_size);
	if (*ret_rule)
		return REFUSED(mmap, SYS_EINVAL);
	*ret_plan = (struct plan){base, (const struct plan_header *)base};
	return DONE;
}

int plan_holds(const struct plan *plan)
{
	return plan_step(plan, plan->header->steps_count - 1)->op == STEP_HOLD;
}
