/** Deletes a directory of a test, but never what is mounted in it: a bind of the host's files would be emptied. */

import { readFileSync, realpathSync, rmSync } from 'node:fs';

export function removeTree(path: string): void {
  const root = realpathSync(path);
  const inside = mountPoints().filter((point) => point === root || point.startsWith(`${root}/`));
  if (inside.length > 0) throw new Error(`not deleted, because of mounts: ${inside.join(', ')}`);
  rmSync(root, { recursive: true, force: true });
}

function mountPoints(): readonly string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n');
  const decode = (text: string): string =>
    text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return lines.map((line) => decode(line.split(' ')[4] ?? ''));
}
