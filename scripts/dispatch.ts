/**
 * Makes the launcher's lists of steps from the step table: `step.h` and `step.c` for the container's column, `act.h`
 * and `act.c` for the host's, `serve.h` and `serve.c` for the server's. `--check` only compares, and fails when one
 * has drifted.
 *
 * A switch with typed calls: a function that is missing fails the link, one of another type the compiler, and a step of
 * the other column has no case.
 */

import { type Op, STEPS } from '#lib/plan/steps.js';
import { snake, upper } from './c-names.js';
import { generate } from './generated.js';

/** Who performs the steps of a column in C, and how its functions begin. */
interface Side {
  readonly column: 'container' | 'host' | 'server';
  readonly prefix: string;
  readonly actor: string;
  /** What they call it. */
  readonly as: string;
  readonly what: string;
}

const SIDES: readonly Side[] = [
  {
    column: 'container',
    prefix: 'step',
    actor: 'child',
    as: 'child',
    what: 'Steps of the container, which the child performs',
  },
  {
    column: 'host',
    prefix: 'act',
    actor: 'supervisor',
    as: 'self',
    what: 'Acts on the host, which the supervisor performs',
  },
  {
    column: 'server',
    prefix: 'serve',
    actor: 'server',
    as: 'server',
    what: 'Steps in a running container, which a server performs',
  },
];

const made = '// Made by scripts/dispatch.ts from lib/plan/steps.ts. Do not edit.';

function opsOf({ column }: Side): readonly Op[] {
  const columns: readonly string[] = column === 'server' ? [column] : [column, 'both'];
  return (Object.keys(STEPS) as Op[]).filter((op) => columns.includes(STEPS[op].column));
}

function header(side: Side): string {
  const { prefix, actor, as, what } = side;
  const prototypes = opsOf(side).map((op) => {
    const name = snake(op);
    return `struct outcome ${prefix}_${name}(struct ${actor} *${as}, const struct step_${name} *step);`;
  });
  return `// SPDX-License-Identifier: MIT
// ${what}: one function a step.
${made}
#pragma once
#include "${actor}.h"

// Performs the step that \`record\` is of; plan_check has seen that it is one of these.
struct outcome ${prefix}_dispatch(struct ${actor} *${as}, const struct record *record);

${prototypes.join('\n')}
`;
}

function source(side: Side): string {
  const { prefix, actor, as, what } = side;
  const cases = opsOf(side).map((op) => {
    const name = snake(op);
    const call = `${prefix}_${name}(${as}, (const struct step_${name} *)record)`;
    return `\tcase STEP_${upper(op)}:\n\t\treturn ${call};`;
  });
  return `// SPDX-License-Identifier: MIT
// ${what}: which function performs which.
${made}
#include "${prefix}.h"

// NOLINTNEXTLINE(readability-function-size)
struct outcome ${prefix}_dispatch(struct ${actor} *${as}, const struct record *record)
{
	switch (record->op) {
${cases.join('\n')}
	}
	__builtin_trap();
}
`;
}

for (const side of SIDES) {
  generate(`src-native/launcher/${side.prefix}.h`, header(side), 'lib/plan/steps.ts');
  generate(`src-native/launcher/${side.prefix}.c`, source(side), 'lib/plan/steps.ts');
}
