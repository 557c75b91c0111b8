/** Filters as libseccomp makes them, which Docker and Podman use. */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SeccompRule } from '#lib/definition/seccomp.js';
import type { Machine } from '#lib/seccomp/rules.js';
import { callsOf } from './profiles.js';
import { libseccomp } from './requires.js';

const SCRIPT = fileURLToPath(new URL('../../../test/support/libseccomp.py', import.meta.url));
const UNKNOWN =
  'import seccomp, sys; print(*[n for n in sys.argv[1:] if seccomp.resolve_syscall(seccomp.Arch(), n) < 0])';

export interface Peer {
  readonly program: Uint8Array;
  /** Names that this libseccomp is too old for. */
  readonly unknown: ReadonlySet<string>;
}

/** What is conditional is decided here, by the same lines as in Docker: libseccomp knows no conditions. */
export function byLibseccomp(rules: readonly SeccompRule[], fallback: readonly [string, number]): Peer {
  const known = new Set(callsOf({ arch: process.arch } as Machine).map(([name]) => name));
  const input = {
    default: fallback,
    rules: rules.flatMap((rule) => {
      const action = [rule.action, rule.errnoRet ?? 0];
      // What does what is done anyway, libseccomp does not take.
      if (String(action) === String(fallback)) return [];
      const args = (rule.args ?? []).map(({ index, op, value, valueTwo = 0 }) => [
        index,
        op,
        Number(value),
        Number(valueTwo),
      ]);
      return rule.names.filter((name) => known.has(name)).map((name) => [action, name, args]);
    }),
  };
  const python = libseccomp() ?? 'python3';
  const child = execFileSync(python, [SCRIPT], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const unknown = execFileSync(python, ['-c', UNKNOWN, ...known], { encoding: 'utf8' });
  return { program: Buffer.from(child, 'base64'), unknown: new Set(unknown.split(/\s+/)) };
}
