/** What the doctor would observe on a host that is described by hand: its facts, and what it refuses. */

import { compile } from '#lib/compile/container.js';
import { RANGE_FIRST } from '#lib/compile/ids.js';
import { define } from '#lib/definition/definition.js';
import type { Sample } from '#lib/doctor/options.js';
import type { Host } from '#lib/host/facts.js';
import type { Plan } from '#lib/plan/plan.js';
import { askedBy, checkCommand } from '#lib/running/command.js';

/** The plan of a container there, or why there is none. */
export function planned(host: Host): (sample: Sample) => Plan | Error {
  return ({ definition, terminal }) => {
    const call = { file: 'true', args: [], options: terminal ? { terminal } : {} };
    try {
      return compile(define(undefined, definition), checkCommand(askedBy(call, false)).command, host, RANGE_FIRST);
    } catch (error) {
      return error as Error;
    }
  };
}
