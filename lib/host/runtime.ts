/**
 * The JavaScript runtime, where it is another than Node.js: old ones lack what carrel needs of it, and would hang or
 * lose output.
 */

const OLDEST = {
  // Before, a socket loses what follows the end of its other direction, and in 1.1 input may never end.
  bun: [1, 4],
  // Before, net.Socket takes over no descriptor.
  deno: [2, 7],
} as const;

/** Why this runtime will not do; `undefined` where it does. `versions` are those of `process`. */
export function runtimeLack(versions: Readonly<Record<string, string | undefined>>): string | undefined {
  for (const [name, oldest] of Object.entries(OLDEST)) {
    const version = versions[name];
    if (version === undefined) continue;
    const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
    const [oldestMajor, oldestMinor] = oldest;
    if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) continue;
    return `${name} ${version} is too old, ${oldest.join('.')} is the oldest that will do`;
  }
  return undefined;
}
