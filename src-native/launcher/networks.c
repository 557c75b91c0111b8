// SPDX-License-Identifier: MIT
#include "networks.h"
#include "memory.h"
#include "step.h"
#include "text.h"

// Settings of interfaces that are made later.
static int is_about_interfaces(const struct plan *plan, const struct record *record)
{
	const char *path = plan_string(plan, ((const struct step_sysctl *)record)->path);
	return text_begins(path, "net/ipv4/conf/") || text_begins(path, "net/ipv6/conf/");
}

// The first of them; 0: there is none.
static const struct record *begin(const struct plan *plan, uint32_t *ret_left)
{
	const struct record *record = plan_step(plan, 0);
	for (uint32_t i = 0; i < plan->header->steps_count; i++, record = plan_next(record)) {
		*ret_left = plan->header->steps_count - i;
		if (record->op == STEP_NEW_NETWORK)
			return record;
		if (record->op == STEP_SYSCTL && is_about_interfaces(plan, record))
			return 0;
	}
	return 0;
}

static int is_part(const struct record *record, uint64_t left)
{
	switch (record->op) {
	case STEP_LINK_UP:
	case STEP_ADD_VETH:
	case STEP_ADD_ADDRESS:
	case STEP_ADD_ROUTE:
	case STEP_LISTEN_TCP:
	case STEP_BIND_UDP:
		return 1;
	case STEP_SETNS:
		return ((const struct step_setns *)record)->slot == left;
	default:
		return 0;
	}
}

static uint64_t *field_of(const struct record *record, uint32_t index)
{
	return (uint64_t *)(void *)((unsigned char *)record + sizeof(*record)) + index;
}

// Whether the step fills the slot that this field names.
static int is_filled(const struct step_spec *spec, uint32_t index)
{
	return spec->fields[index].kind == FIELD_SLOT && spec->fields[index].allowed;
}

// Brings what the fields of a record point to along. Returns 0 where there is no room.
static int copy_fields(
	const struct plan *plan, struct networks *networks, const struct record *record, uint32_t *filled)
{
	const struct step_spec *spec = &STEP_SPECS[record->op];
	for (uint32_t i = 0; i < spec->count; i++) {
		const uint8_t kind = spec->fields[i].kind;
		if (is_filled(spec, i) && ++*filled > NETWORKS_MOST)
			return 0;
		if (kind != FIELD_STRING && kind != FIELD_BYTES)
			continue;
		struct wire_bytes *place = (struct wire_bytes *)(void *)field_of(record, i);
		// A text has a NUL behind it.
		const uint32_t size = place->length + (kind == FIELD_STRING);
		if (size > NETWORKS_SIZE - networks->size)
			return 0;
		memcpy(networks->bytes + networks->size, plan->base + place->offset, size);
		place->offset = networks->size;
		networks->size += size;
	}
	return 1;
}

void networks_of(const struct plan *plan, struct networks *ret_networks)
{
	uint32_t left = 0;
	const struct record *record = begin(plan, &left);
	ret_networks->count = 0;
	ret_networks->size = 0;
	if (!record)
		return;
	const uint64_t own = ((const struct step_new_network *)record)->left;
	uint32_t count = 0;
	do {
		if (record->size > NETWORKS_SIZE - ret_networks->size)
			return;
		memcpy(ret_networks->bytes + ret_networks->size, record, record->size);
		ret_networks->size += record->size;
		record = plan_next(record);
	} while (++count < left && is_part(record, own));
	const struct record *copied = (const struct record *)(void *)ret_networks->bytes;
	uint32_t filled = 0;
	for (uint32_t i = 0; i < count; i++, copied = plan_next(copied))
		if (!copy_fields(plan, ret_networks, copied, &filled))
			return;
	ret_networks->count = count;
}

int networks_equal(const struct networks *left, const struct networks *right)
{
	return left->count == right->count &&
	       (left->count == 0 || (left->size == right->size && memcmp(left->bytes, right->bytes, left->size) == 0));
}

// Moves what is in the slots that these records fill, in their order: from `slots` to `fds`, or back.
static uint32_t move(const struct record *record, uint32_t count, int32_t *slots, int32_t *fds, int back)
{
	uint32_t moved = 0;
	for (uint32_t i = 0; i < count; i++, record = plan_next(record)) {
		const struct step_spec *spec = &STEP_SPECS[record->op];
		for (uint32_t f = 0; f < spec->count; f++) {
			if (!is_filled(spec, f))
				continue;
			int32_t *slot = &slots[*field_of(record, f)];
			*(back ? slot : &fds[moved]) = *(back ? &fds[moved] : slot);
			moved++;
		}
	}
	return moved;
}

void networks_make(struct child *child, const struct networks *networks)
{
	// The plan that comes has slots of its own in the other one, perhaps already.
	static struct page own;
	struct page *page = child->page;
	const struct plan *plan = child->plan;
	const struct plan list = {networks->bytes, 0};
	const struct record *first = (const struct record *)(const void *)networks->bytes;
	const struct record *record = first;
	struct outcome outcome = DONE;
	for (uint32_t i = 0; i < NETWORKS_MOST; i++)
		page->networks[i] = -1;
	move(first, networks->count, own.slots, page->networks, 1);
	child->plan = &list;
	child->page = &own;
	child->is_ahead = 1;
	for (uint32_t i = 0; i < networks->count && outcome.error == 0; i++, record = plan_next(record))
		outcome = step_dispatch(child, record);
	child->is_ahead = 0;
	child->page = page;
	child->plan = plan;
	page->networks_count = move(first, networks->count, own.slots, page->networks, 0);
	// What was refused to it is refused to a plan that says the same, and to no other.
	if (outcome.error)
		child->renews_network = 1;
}

uint32_t networks_take(const struct child *child, const struct record *record)
{
	struct page *page = child->page;
	if (record->op != STEP_NEW_NETWORK || page->networks_count == 0)
		return 0;
	page->networks_count = 0;
	move(record, child->networks->count, page->slots, page->networks, 1);
	return child->networks->count;
}

void networks_close(struct page *page)
{
	while (page->networks_count > 0)
		if (page->networks[--page->networks_count] >= 0)
			sys_close(page->networks[page->networks_count]);
}
