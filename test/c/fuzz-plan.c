// SPDX-License-Identifier: MIT
// plan_check under libFuzzer reads nothing but the given bytes, and the launcher can read what it lets pass.
#include "../../src-native/launcher/memory.h"
#include "../../src-native/launcher/plan.h"
#include "../../src-native/launcher/text.h"

// Declared here: the C library's headers are at odds with the kernel's.
void *malloc(size_t size);
void free(void *memory);
__attribute__((noreturn)) void abort(void);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

static void read_bytes(const struct plan *plan, struct wire_bytes place, int text)
{
	const char *at = plan_string(plan, place);
	for (uint32_t i = 0; i < place.length + (text != 0); i++)
		sink += (uint64_t)at[i];
	if (text && text_length(at) != place.length)
		abort();
}

static void read_steps(const struct plan *plan, struct wire_list list);

static void read_field(const struct plan *plan, uint8_t kind, const unsigned char *at)
{
	const struct wire_list list = *(const struct wire_list *)at;
	const uint64_t number = *(const uint64_t *)at;
	switch (kind) {
	case FIELD_SLOT:
		if (number >= plan->header->slots)
			abort();
		break;
	case FIELD_STRING:
	case FIELD_BYTES:
		read_bytes(plan, *(const struct wire_bytes *)at, kind == FIELD_STRING);
		break;
	case FIELD_STRINGS:
		for (uint32_t i = 0; i < list.count; i++)
			sink += text_length(plan_string_at(plan, list, i));
		break;
	case FIELD_NUMBERS:
	case FIELD_SLOTS:
		for (uint32_t i = 0; i < list.count; i++)
			sink += plan_number_at(plan, list, i);
		break;
	case FIELD_STEPS:
		read_steps(plan, list);
		break;
	default:
		sink += number;
	}
}

static void read_steps(const struct plan *plan, struct wire_list list)
{
	const unsigned char *at = plan->base + list.offset;
	for (uint32_t i = 0; i < list.count; i++) {
		const struct record *record = (const struct record *)at;
		const struct step_spec *spec = &STEP_SPECS[record->op];
		for (uint32_t field = 0; field < spec->count; field++)
			read_field(plan, spec->fields[field].kind, at + sizeof(*record) + (size_t)8 * field);
		at += record->size;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	// Memory of exactly that size, aligned as a mapping is: what is read beyond it is reported.
	unsigned char *base = malloc(size ? size : 1);
	memcpy(base, data, size);
	if (plan_check(base, size) == 0) {
		const struct plan plan = {base, (const struct plan_header *)base};
		const struct plan_header *header = plan.header;
		read_steps(&plan, (struct wire_list){header->before_offset, header->before_count});
		read_steps(&plan, (struct wire_list){header->steps_offset, header->steps_count});
		read_steps(&plan, (struct wire_list){header->after_offset, header->after_count});
	}
	free(base);
	return 0;
}

// What is mutated stays a plan at first sight; else hardly any would come further than its first line.
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	size = LLVMFuzzerMutate(data, size, max_size);
	if (size < sizeof(struct plan_header) || seed % 16 == 0)
		return size;
	struct plan_header header;
	memcpy(&header, data, sizeof(header));
	header.magic = PLAN_MAGIC;
	header.version = WIRE_VERSION;
	header.size = (uint32_t)size;
	header.slots %= SLOTS_MAX + 1;
	header.received %= header.slots + 1;
	header.kept %= header.received + 1;
	header.clone &= NAMESPACES_KNOWN;
	memcpy(data, &header, sizeof(header));
	return size;
}
