/**
 * Makes `src-native/messages.h` from the table of messages. `--check` only compares, and fails when the file has
 * drifted.
 */

import { type Layout, offsetsOf, shapeOf, sizeOf } from '#lib/plan/layout.js';
import {
  BYTES_MAX,
  ENDINGS,
  GIVEN_MAX,
  HEAD,
  LEFT,
  LISTS,
  MESSAGES,
  type MessageKind,
  TEXT_MAX,
  VIOLATIONS_MAX,
} from '#lib/plan/messages.js';
import { ANSWER, ANSWER_MAX, REQUEST, REQUEST_MAX, STAT } from '#lib/plan/serving.js';
import { ACT_TIME, MOMENTS, TIMES } from '#lib/plan/times.js';
import { C_TYPES, constants, snake, upper } from './c-names.js';
import { generate } from './generated.js';

const kinds = Object.keys(MESSAGES) as MessageKind[];
const orders = kinds.filter((kind) => MESSAGES[kind].to === 'supervisor');
const headSize = sizeOf(HEAD);

function members(layout: Layout): readonly string[] {
  return Object.entries(layout).map(([name, member]) => {
    const { width, count } = shapeOf(member);
    return `\t${C_TYPES[width]} ${snake(name)}${typeof member === 'object' && 'each' in member ? `[${count}]` : ''};`;
  });
}

/** A struct whose members lie from `begin` on, behind others. */
function struct(
  name: string,
  layout: Layout,
  front: readonly string[] = [],
  begin = 0,
  back: readonly string[] = [],
): string {
  const offsets: Readonly<Record<string, number>> = offsetsOf(layout);
  const asserts = Object.entries(offsets).map(
    ([member, at]) => `static_assert(offsetof(struct ${name}, ${snake(member)}) == ${begin + at}, "${name}");`,
  );
  return [`struct ${name} {`, ...front, ...members(layout), ...back, '};', ...asserts].join('\n');
}

function message(kind: MessageKind): string {
  const fields: Layout = MESSAGES[kind].fields;
  const name = `message_${snake(kind)}`;
  const size = headSize + sizeOf(fields);
  const front = ['\tstruct message_head head;'];
  const behind = 'text' in MESSAGES[kind] ? 'text' : 'bytes' in MESSAGES[kind] ? 'bytes' : undefined;
  if (behind === undefined)
    return `${struct(name, fields, front, headSize)}\nstatic_assert(sizeof(struct ${name}) == ${size}, "${name}");`;
  const back = [`\tchar ${behind}[MESSAGE_${behind.toUpperCase()}_MAX];`];
  const place = `static_assert(offsetof(struct ${name}, ${behind}) == ${size}, "${name}");`;
  return `${struct(name, fields, front, headSize, back)}\n${place}`;
}

const numbers = Object.fromEntries(kinds.map((kind) => [kind, MESSAGES[kind].number]));
const orderSizes = orders.map((kind) => `\t[MESSAGE_${upper(kind)}] = sizeof(struct message_${snake(kind)}),`);
const orderDescriptors = orders.flatMap((kind) => {
  const row = MESSAGES[kind];
  return 'descriptors' in row ? [`\t[MESSAGE_${upper(kind)}] = ${row.descriptors[1]},`] : [];
});
const kindsCount = Math.max(...Object.values(numbers)) + 1;
const orderMax = Math.max(...orders.map((kind) => headSize + sizeOf(MESSAGES[kind].fields)));

const text = `// SPDX-License-Identifier: MIT
// What Node, the launcher, its supervisors and servers say to each other. Made by scripts/messages.ts from
// lib/plan/messages.ts and lib/plan/serving.ts, which draw it, and from lib/plan/times.ts. Do not edit.
#pragma once
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

${constants('MESSAGE', numbers)}
enum { MESSAGE_TEXT_MAX = ${TEXT_MAX}, MESSAGE_BYTES_MAX = ${BYTES_MAX} };
enum { VIOLATIONS_MAX = ${VIOLATIONS_MAX}, GIVEN_MAX = ${GIVEN_MAX} };

${struct('message_head', HEAD)}
static_assert(sizeof(struct message_head) == ${headSize}, "message_head");

${kinds.map(message).join('\n\n')}

// What a supervisor reads: how long each is, 0: it is none of those; and how many descriptors come with it.
enum { ORDER_MAX = ${orderMax} };
static const uint8_t ORDER_SIZES[${kindsCount}] __attribute__((unused)) = {
${orderSizes.join('\n')}
};
static const uint8_t ORDER_DESCRIPTORS[${kindsCount}] __attribute__((unused)) = {
${orderDescriptors.join('\n')}
};

${constants('LIST', LISTS)}
${constants('ENDING', ENDINGS)}
${constants('LEFT', LEFT)}
${constants('MOMENT', MOMENTS)}
// What comes with a message "timing".
${struct('times', TIMES)}
static_assert(sizeof(struct times) == ${sizeOf(TIMES)}, "times");

${struct('act_time', ACT_TIME)}
static_assert(sizeof(struct act_time) == ${sizeOf(ACT_TIME)}, "act_time");

// What a server is asked, and answers.
enum { SERVER_REQUEST_MAX = ${REQUEST_MAX}, SERVER_ANSWER_MAX = ${ANSWER_MAX} };

${struct('server_request', REQUEST)}
static_assert(sizeof(struct server_request) == ${sizeOf(REQUEST)}, "server_request");

${struct('server_answer', ANSWER)}
static_assert(sizeof(struct server_answer) == ${sizeOf(ANSWER)}, "server_answer");

${struct('server_stat', STAT)}
static_assert(sizeof(struct server_stat) == ${sizeOf(STAT)}, "server_stat");
`;

generate('src-native/messages.h', text, 'lib/plan/messages.ts');
