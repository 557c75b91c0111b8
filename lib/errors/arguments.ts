/** Wrong arguments: what was given, where, and what would be right. With Node's codes. */

import { inspect } from 'node:util';

/** An argument of the wrong type, as Node words it. */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  return withCode(new TypeError(`${name} must be ${expected}. Received ${shown(value)}`), 'ERR_INVALID_ARG_TYPE');
}

/** An argument of the right type with an impossible value. */
export function invalidValue(name: string, expected: string, value: unknown): TypeError {
  return withCode(new TypeError(`${name} must be ${expected}. Received ${shown(value)}`), 'ERR_INVALID_ARG_VALUE');
}

/** A number outside its range. */
export function outOfRange(name: string, range: string, value: unknown): RangeError {
  return withCode(new RangeError(`${name} must be ${range}. Received ${shown(value)}`), 'ERR_OUT_OF_RANGE');
}

/** A name that is none of `known`, with the one that it probably means. A long list is told only where none is near. */
export function unknownName(name: string, value: string, known: readonly string[], expected?: string): TypeError {
  const near = nearest(value, known);
  const all = known.map((one) => `"${one}"`).join(', ');
  const right =
    expected ?? (near !== undefined && known.length > FEW ? `one of ${known.length} names` : `one of ${all}`);
  const error = invalidValue(name, right, value);
  if (near !== undefined) error.message += `. Did you mean "${near}"?`;
  return error;
}

/** A reader sees so many names at a glance. */
const FEW = 12;

/** What other tools have as an option, and how it is written here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  addHost: "Write hosts({ db: '127.0.0.1' })",
  binds: 'Write mount(bind(source, target))',
  cmd: 'The command is the argument of run() and spawn(), or the builder’s command()',
  entrypoint: 'Write entrypoint(…), a call of the builder',
  environment: 'Write env({ NAME: value })',
  extraHosts: "Write hosts({ db: '127.0.0.1' })",
  gid: 'Write user: { uid, gid }',
  image: 'Write rootfs(directory): carrel pulls no image, so unpack it first',
  maxBuffer: 'Write maxOutput',
  memory: 'Write limits({ memory })',
  ports: 'Write publish(port), and start()',
  privileged: 'Name what it needs: capabilities([…]), namespaces([…])',
  shell: 'Write run("sh", ["-c", script])',
  uid: 'Write user: { uid, gid }',
  volumes: 'Write mount(bind(source, target))',
  workdir: 'Write cwd',
};

/** A misspelt option, with the name that it probably means, or one of another tool. */
export function unknownOption(where: string, name: string, known: readonly string[]): TypeError {
  const near = nearest(name, known);
  const all = near === undefined ? `It takes ${known.join(', ')}` : `Did you mean "${near}"?`;
  const meant = Object.hasOwn(ELSEWHERE, name) ? ELSEWHERE[name] : all;
  return withCode(new TypeError(`${where} has no option "${name}". ${meant}`), 'ERR_INVALID_ARG_VALUE');
}

/** A mistake on the command line. */
export function usageError(message: string): TypeError {
  return withCode(new TypeError(message), 'ERR_INVALID_ARG_VALUE');
}

/** A command that `carrel` does not have. */
export function unknownCommand(name: string, known: readonly string[]): TypeError {
  const near = nearest(name, known);
  const meant = near === undefined ? `There are ${known.join(', ')}` : `Did you mean "${near}"?`;
  return usageError(`carrel has no command "${name}". ${meant}`);
}

/** Two parts of a definition that exclude each other. */
export function contradiction(message: string): TypeError {
  return withCode(new TypeError(message), 'ERR_INVALID_ARG_VALUE');
}

/** A step that puts a descriptor where there is one. `field` names it; `by` fills the slot, or else the caller. */
export function slotTaken(
  {
    field,
    slot,
    by = 'the caller',
  }: { readonly field: string; readonly slot: number; readonly by: string | undefined },
  received: number,
): TypeError {
  return contradiction(
    `${field} is slot ${slot}, which ${by} fills: each step that opens something takes its own, from ${received} on`,
  );
}

/** A process whose namespaces carrel does not know. */
export function notStarted(name: string): TypeError {
  return withCode(
    new TypeError(`${name} must be a running process: wait for its "spawn" event, and join it before it ends`),
    'ERR_INVALID_ARG_VALUE',
  );
}

/** Longer ones repeat what was given: nobody reads that. */
const REMEDY_MOST = 500;

/** Says how what was probably meant is written, where that is not long. */
export function withRemedy<E extends Error>(error: E, right: string): E {
  if (right.length <= REMEDY_MOST) error.message += `. Write ${right}`;
  return error;
}

function withCode<E extends Error>(error: E, code: string): E {
  return Object.assign(error, { code });
}

function shown(value: unknown): string {
  const text = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 80 });
  return value !== null && ['string', 'number', 'boolean', 'bigint'].includes(typeof value)
    ? `${typeof value} ${text}`
    : text;
}

export function nearest(name: string, known: readonly string[]): string | undefined {
  const scored = known.map((candidate) => ({
    candidate,
    distance: distance(name.toLowerCase(), candidate.toLowerCase()),
  }));
  const best = scored.sort((a, b) => a.distance - b.distance)[0];
  return best !== undefined && best.distance <= Math.max(2, name.length / 3) ? best.candidate : undefined;
}

/** Counts letters to change, leave out, add, or swap with their neighbour: Damerau's and Levenshtein's distance. */
function distance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? i + j) + 1 : i + j;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced, swapped));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
