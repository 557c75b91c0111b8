/**
 * Makes `src-native/wire.h` from the step table.
 *
 * `--check` only compares, and fails when the file has drifted.
 */

import { CAPABILITIES, COUNTERS, MOUNT_ATTRIBUTES, NAMESPACES } from '#lib/plan/constants.js';
import type { Field } from '#lib/plan/fields.js';
import { NO_SLOT } from '#lib/plan/fields.js';
import { sizeOf } from '#lib/plan/layout.js';
import { canBeTried, ENDING_OPS, fieldsOf, OPS, type Op, STEPS } from '#lib/plan/steps.js';
import { HEADER, PLAN_MAGIC, PLAN_MAX, RECEIVED_MAX, RECORD_HEAD, SLOTS_MAX, WIRE_VERSION } from '#lib/plan/wire.js';
import { C_TYPES, constants, snake, upper } from './c-names.js';
import { generate } from './generated.js';

const ops = Object.keys(STEPS) as Op[];
const most = Math.max(...ops.map((op) => fieldsOf(op).length));

function cType(field: Field): string {
  if (['string', 'name', 'bytes', 'address'].includes(field.kind)) return 'struct wire_bytes';
  if (['strings', 'numbers', 'slots', 'steps', 'attempts'].includes(field.kind)) return 'struct wire_list';
  return field.kind === 'integer' ? 'int64_t' : 'uint64_t';
}

/** To C a name is bytes behind which there is a NUL, and an address is bytes. */
const CHECKED_AS: Partial<Record<Field['kind'], string>> = { name: 'string', address: 'bytes' };

function checkedAs({ kind, optional, most }: Field): string {
  if (kind === 'slot' && optional === true) return 'optional_slot';
  // Of 64 bits all are one.
  return kind === 'integer' && most !== undefined ? 'number' : (CHECKED_AS[kind] ?? kind);
}

/** What `plan_check` asks of a field. */
function check(field: Field): string {
  const kind = checkedAs(field);
  const names = Object.values(field.names ?? {}).reduce<bigint>((all, bit) => all | BigInt(bit), 0n);
  const allowed = field.fills === true ? 1n : names;
  return `{FIELD_${upper(kind)}, 0x${allowed.toString(16)}}`;
}

function step(op: Op): string {
  const fields = fieldsOf(op);
  const lines = fields.map(([name, field]) => `\t${cType(field)} ${snake(name)};`);
  const size = RECORD_HEAD + 8 * fields.length;
  const body = ['\tstruct record head;', ...lines].join('\n');
  const name = `struct step_${snake(op)}`;
  return `${name} {\n${body}\n};\nstatic_assert(sizeof(${name}) == ${size}, "${op}");\n`;
}

function spec(op: Op): string {
  const { column } = STEPS[op];
  const columns = column === 'both' ? ['COLUMN_HOST', 'COLUMN_CONTAINER'] : [`COLUMN_${upper(column)}`];
  const fields = fieldsOf(op).map(([, field]) => check(field));
  const ends = ENDING_OPS.some((one) => one === op) ? 1 : 0;
  const body = fields.length === 0 ? '{}' : `{\n${fields.map((field) => `\t\t${field},\n`).join('')}\t}`;
  const tried = canBeTried(op) ? 1 : 0;
  return `\t[STEP_${upper(op)}] = {${columns.join(' | ')}, ${ends}, ${tried}, ${fields.length}, ${body}},`;
}

const header = Object.entries(HEADER).map(([name, width]) => `\t${C_TYPES[width]} ${snake(name)};`);

const kinds = [
  'number',
  'integer',
  'boolean',
  'flags',
  'choice',
  'slot',
  'optional_slot',
  'string',
  'bytes',
  'strings',
  'numbers',
  'slots',
  'steps',
  'attempts',
];

const text = `// SPDX-License-Identifier: MIT
// What a plan looks like. Made by scripts/wire.ts from lib/plan/steps.ts and lib/plan/wire.ts. Do not edit.
#pragma once
#include <assert.h>
#include <stdint.h>

enum {
	PLAN_MAGIC = 0x${PLAN_MAGIC.toString(16)},
	WIRE_VERSION = ${WIRE_VERSION},
	PLAN_MAX = ${PLAN_MAX},
	SLOTS_MAX = ${SLOTS_MAX},
	RECEIVED_MAX = ${RECEIVED_MAX},
	STEP_FIELDS_MAX = ${most},
};
#define NO_SLOT 0x${NO_SLOT.toString(16)}u

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
${header.join('\n')}
};
static_assert(sizeof(struct plan_header) == ${sizeOf(HEADER)}, "plan_header");

${constants('COUNTER', COUNTERS)}enum { COUNTERS = ${Object.keys(COUNTERS).length} };

${constants('STEP', OPS)}
enum { STEP_COUNT = ${ops.length} };

${ops.map(step).join('\n')}
enum field_kind {
${kinds.map((kind) => `\tFIELD_${kind.toUpperCase()},`).join('\n')}
};
enum { COLUMN_HOST = 1, COLUMN_CONTAINER = 2, COLUMN_SERVER = 4 };

// What a record of each step must look like: plan_check holds every record to it. \`ends\`: the last step of a plan is
// one of these, and no other is. \`can_be_tried\`: in a process of its own, which speaks to no supervisor and goes on
// with no list. \`allowed\`: the bits of flags and choices; of a slot 1 where the step fills it.
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
${ops.map(spec).join('\n')}
};

#define NAMESPACES_KNOWN 0x${Object.values(NAMESPACES)
  .reduce((all, bit) => all | bit, 0)
  .toString(16)}ull
#define CAPABILITIES_KNOWN 0x${Object.values(CAPABILITIES)
  .reduce((all, bit) => all | bit, 0n)
  .toString(16)}ull
#define MOUNT_ATTRIBUTES_KNOWN 0x${Object.values(MOUNT_ATTRIBUTES)
  .reduce((all, bit) => all | bit, 0)
  .toString(16)}ull
`;

generate('src-native/wire.h', text, 'lib/plan/steps.ts');
