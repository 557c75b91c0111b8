/**
 * Compares what the doctor says of each option with what becomes of a container that has it.
 *
 * It is a program, so that it can run where something is refused. It prints as JSON where the two differ.
 */

import { tmpdir } from 'node:os';
import { probeCgroups } from '#lib/cgroup/probe.js';
import { define } from '#lib/definition/definition.js';
import { exit } from '#lib/definition/step-constructors.js';
import { doctor } from '#lib/doctor/doctor.js';
import type { OptionFinding } from '#lib/doctor/findings.js';
import { type Sample, samplesFor } from '#lib/doctor/options.js';
import { probeWith } from '#lib/host/probe.js';
import { allowedCpus } from '#lib/host/surroundings.js';
import { spawn } from '#lib/running/plan.js';
import { planOf } from '#lib/running/spawn.js';

/** Which device there is, and which labels a policy has, the doctor does not ask: it says whether there are any. */
const UNTOLD = ['limits({ io })', 'apparmor()', 'selinux()'];

/** The plan of a container with the option, but no program runs in it. */
async function start({ definition, terminal }: Sample): Promise<Error | undefined> {
  try {
    const options = terminal ? { terminal } : {};
    const plan = planOf(define(undefined, definition), {}, { file: 'true', args: [], options });
    const { exitCode } = await spawn({ ...plan, steps: [...plan.steps.slice(0, -1), exit()] }).result;
    return exitCode === 0 ? undefined : new Error(`ended with ${exitCode}`);
  } catch (error) {
    return error as Error;
  }
}

const [cpu] = allowedCpus();
const ground = {
  host: probeWith(probeCgroups(), define(undefined, { landlock: { scope: ['signal'] }, apparmor: 'unconfined' })),
  path: tmpdir(),
  ...(cpu === undefined ? {} : { cpu }),
};
const { options } = await doctor();
const told = new Map<string, OptionFinding>(options.map((one) => [one.option, one]));
const differences: string[] = [];
for (const sample of samplesFor(ground)) {
  if (UNTOLD.includes(sample.option)) continue;
  const refused = await start(sample);
  const { verdict, detail } = told.get(sample.option) ?? { verdict: 'none', detail: '' };
  if ((verdict === 'fails') !== (refused !== undefined))
    differences.push(`${sample.option}: ${verdict} ${detail}, and ${refused?.message ?? 'it starts'}`);
}
const fails = options.filter(({ verdict }) => verdict === 'fails').map(({ option }) => option);
console.log(JSON.stringify({ told: told.size, fails, differences }));
