/** The filter of a container's system calls. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { SeccompProfile } from '../definition/seccomp.js';
import { contradiction } from '../errors/errors.js';
import { type Host, hasCapability } from '../host/facts.js';
import type { Capability } from '../plan/constants.js';
import { Memo } from '../plan/memo.js';
import type { ContainerStep, StepOf } from '../plan/steps.js';
import { bytesOf, instructionsOf, PROGRAM_MAX } from '../seccomp/bpf.js';
import { DEFAULT_PROFILE } from '../seccomp/default.js';
import { partsOf, reportedRules, toldArguments } from '../seccomp/report.js';
import { type Machine, mayPass, type Rules, rulesOf } from '../seccomp/rules.js';
import { hasNamespace } from './ids.js';

/** What of a plan its filter depends on. */
interface Surroundings {
  /** Where the listener of a filter is that reports calls; `undefined`: it does not. */
  readonly listener: number | undefined;
  /** The steps between the filter and the ending. */
  readonly behind: readonly ContainerStep[];
  readonly ending: 'exec' | 'hold';
}

/** @param capabilities The most that any program of the container can have. */
export function planSeccomp(
  definition: ContainerDefinition,
  capabilities: readonly Capability[],
  host: Host,
  { listener, behind, ending }: Surroundings,
): readonly ContainerStep[] {
  const { noNewPrivileges } = definition;
  const { profile: chosen } = partsOf(definition.seccomp);
  if (chosen === 'unconfined') return [];
  checkMayLoad(definition, host, 'load a seccomp filter', "seccomp('unconfined')");
  const profile = chosen === 'default' ? DEFAULT_PROFILE : chosen;
  const { arch, kernel } = host;
  const { filter, rules } = filters.get(profile, { arch, kernel, capabilities });
  const ops = new Set([...(noNewPrivileges ? [] : ['setCapabilities']), ...behind.map(({ op }) => op), ending]);
  for (const [step, calls] of Object.entries(AFTERWARDS)) if (ops.has(step)) checkPasses(rules, step, calls);
  const flags = profile.flags ?? [];
  if (listener === undefined) return [{ op: 'seccomp', filter, flags, from: 'seccomp()' }];
  return [
    {
      op: 'seccompReport',
      filter,
      reported: compiled(reportedRules(rules)),
      // There is one thread, and the kernel takes no listener with this flag.
      flags: flags.filter((flag) => flag !== 'SECCOMP_FILTER_FLAG_TSYNC'),
      slot: listener,
      ...toldArguments(arch),
      from: 'seccomp()',
    },
  ];
}

/** The kernel wants CAP_SYS_ADMIN of who could mislead a set-user-id program by `what`. */
export function checkMayLoad(definition: ContainerDefinition, host: Host, what: string, without: string): void {
  if (definition.noNewPrivileges || hasNamespace(definition, 'user') || hasCapability(host, 'CAP_SYS_ADMIN')) return;
  throw contradiction(
    `noNewPrivileges(false) needs CAP_SYS_ADMIN here, to ${what}: keep "user" among the namespaces, or add ${without}`,
  );
}

/** A filter of carrel's own, beside the container's. */
export function guardStep(profile: SeccompProfile, { arch, kernel }: Host, from: string): StepOf<'seccomp'> {
  const { filter } = filters.get(profile, { arch, kernel, capabilities: [] });
  return { op: 'seccomp', filter, flags: profile.flags ?? [], from };
}

/** To compile a profile takes longer than all the rest of a plan. */
const filters = new Memo((profile: SeccompProfile, machine: Machine): { filter: Uint8Array; rules: Rules } => {
  const rules = rulesOf(profile, machine);
  return { filter: compiled(rules), rules };
});

function compiled(rules: Rules): Uint8Array {
  const instructions = instructionsOf(rules);
  if (instructions === undefined)
    throw contradiction(`seccomp: a filter holds ${PROGRAM_MAX} instructions, and the profile needs more`);
  return bytesOf(instructions);
}

const ENTERING = 'close_range mmap munmap pipe2 clone close read prctl ppoll sendmsg setsid exit_group'.split(' ');

/** The calls of the steps that stand behind the filter. */
const AFTERWARDS = {
  setCapabilities: ['capget', 'capset', 'prctl'],
  enter: ENTERING,
  controllingTerminal: ['ioctl'],
  setRlimit: ['prlimit64'],
  hold: ['sendmsg', 'exit_group'],
  exec: ['mmap', 'close_range', 'sendmsg', 'fcntl', 'dup3', 'umask', 'execve', 'exit_group'],
} as const;

/** Else the refusal is told as a broken step, or kills the child without a word. */
function checkPasses(rules: Rules, step: string, calls: readonly string[]): void {
  const refused = calls.filter((name) => !mayPass(rules, name));
  if (refused.length > 0)
    throw contradiction(`seccomp: the profile refuses ${refused.join(', ')}, which carrel's own step "${step}" needs`);
}
