/** What carrel itself makes where a container writes: the plan says it, and it is no change of the container's. */

import type { ContainerStep, Step } from '../../plan/steps.js';

/** What is made at one path. */
export type Made =
  | { readonly kind: 'directory'; readonly mode: number }
  | { readonly kind: 'file'; readonly mode: number; readonly content: Uint8Array }
  | { readonly kind: 'symlink'; readonly text: string }
  /** Something is mounted there: what is below is not the container's to see. */
  | { readonly kind: 'covered' };

/** By the path inside. `places`: where the container writes, which is mounted too. */
export function madeBy(steps: readonly Step[], places: ReadonlySet<string>): ReadonlyMap<string, Made> {
  const made = new Map<string, Made>();
  for (const step of steps) {
    const found = madeByStep(step as ContainerStep);
    if (found === undefined || found.target === '/') continue;
    for (const parent of parentsOf(found.target))
      if (!made.has(parent)) made.set(parent, { kind: 'directory', mode: 0o755 });
    // A directory that is there stays as it is.
    if (found.made.kind !== 'directory' || !made.has(found.target)) made.set(found.target, found.made);
  }
  for (const place of places) if (place !== '/') made.set(place, { kind: 'covered' });
  return made;
}

function madeByStep(step: ContainerStep): { readonly target: string; readonly made: Made } | undefined {
  switch (step.op) {
    case 'directory':
      return { target: step.target, made: { kind: 'directory', mode: step.mode } };
    case 'file':
      return { target: step.target, made: { kind: 'file', mode: step.mode, content: step.content } };
    case 'symlink':
      return { target: step.target, made: { kind: 'symlink', text: step.text } };
    case 'bind':
    case 'mount':
    case 'device':
    case 'makeTarget':
      return { target: step.target, made: { kind: 'covered' } };
    default:
      return undefined;
  }
}

function parentsOf(path: string): readonly string[] {
  const names = path.split('/').slice(1, -1);
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
}
