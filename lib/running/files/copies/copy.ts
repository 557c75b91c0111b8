/** Copies between the host and a container. */

import { constants } from 'node:os';
import { hostPath } from '../../../definition/checks.js';
import type { ServedStep } from '../../../plan/steps.js';
import { closeSlots, openDirectory } from '../descent.js';
import { makeAll } from '../directories.js';
import { faultOf } from '../fault.js';
import { ask, type ContainerPath, named, shown, type View } from '../view.js';
import { type CopyOptions, type CopyReport, Course } from './course.js';
import type { Entry } from './entries.js';
import { kindError } from './kind-error.js';
import { type Side, slotsOf } from './side.js';
import { type Top, TreeReader } from './tree-reader.js';
import { type Manner, TreeWriter } from './tree-writer.js';

const { ENOENT } = constants.errno;
const DIRECTORY_MODE = 0o777;
/** Of the host's directories above the destination that are missing. */
const HOST_UMASK = 0o022;

/** A tree, on one side. */
export interface Tree {
  readonly side: Side;
  readonly path: string | Uint8Array;
  readonly shown: string;
  readonly follows: boolean;
  readonly umask: number;
}

export async function copyIn(
  view: View,
  source: string | URL,
  path: ContainerPath,
  options?: CopyOptions,
): Promise<CopyReport> {
  const course = new Course('copyIn()', options);
  const from = hostPath('source', source);
  const to = named(view, 'path', path);
  course.begin(from);
  return view.copying.both(course.signal, (inside, host) =>
    copy(
      { side: host, path: from, shown: from, follows: false, umask: HOST_UMASK },
      { side: inside, path: to, shown: shown(path), follows: true, umask: view.copying.umask },
      { course, inside },
    ),
  );
}

export async function copyOut(
  view: View,
  path: ContainerPath,
  destination: string | URL,
  options?: CopyOptions,
): Promise<CopyReport> {
  const course = new Course('copyOut()', options);
  const from = named(view, 'path', path);
  const to = hostPath('destination', destination);
  course.begin(shown(path));
  return view.copying.both(course.signal, (inside, host) =>
    copy(
      { side: inside, path: from, shown: shown(path), follows: true, umask: view.copying.umask },
      { side: host, path: to, shown: to, follows: false, umask: HOST_UMASK },
      { course, inside, isKept: staysWithin },
    ),
  );
}

/** How a copy is made. */
interface Making {
  readonly course: Course;
  /** The container's side. */
  readonly inside: Side;
  /** Which links are copied. */
  readonly isKept?: (path: Buffer, target: Buffer) => boolean;
}

function copy(from: Tree, to: Tree, making: Making): Promise<CopyReport> {
  return making.course.run(() => copyTree(from, to, making));
}

async function copyTree(from: Tree, to: Tree, { course, inside, isKept }: Making): Promise<CopyReport> {
  course.check();
  const reader = new TreeReader(from.side, course, from.path, from.follows);
  try {
    const top = await reader.begin();
    if (!top.stat.isDirectory() && top.entry === undefined) return course.end();
    const { name, made } = await prepare(to, top);
    const { root } = slotsOf(to.side);
    const manner: Manner = { at: root, inside, ...(name === undefined ? {} : { name }) };
    const writer = new TreeWriter(to.side, course, manner);
    const add = async (entry: Entry): Promise<void> => {
      if (entry.kind === 'link' && isKept?.(entry.path, entry.target) === false)
        course.skip(entry.path, 'leads out of the tree');
      else await writer.add(entry);
    };
    try {
      if (top.entry?.kind === 'directory') {
        if (made) writer.finishLater(top.entry);
        for await (const entries of reader.entries()) for (const entry of entries) await add(entry);
      } else if (top.entry !== undefined) await add(top.entry);
      await writer.finish();
    } finally {
      // What was sent is done before its slots are closed.
      await writer.settled();
      await closeSlots(to.side.server, [root]).catch(() => undefined);
    }
    return course.end();
  } finally {
    await reader.close().catch(() => undefined);
  }
}

/** Opens the directory that is written to: the destination, or the one above a file. */
async function prepare(to: Tree, { stat }: Top): Promise<{ readonly name?: Buffer; readonly made: boolean }> {
  if (stat.isDirectory()) return { made: await openOrMake(to, to.path) };
  const whole = Buffer.from(to.path);
  const place = whole.lastIndexOf('/');
  const name = whole.subarray(place + 1);
  if (name.length === 0) throw kindError('ERR_FS_CP_NON_DIR_TO_DIR', to.shown);
  await openOrMake({ ...to, follows: true }, place === 0 ? '/' : whole.subarray(0, place));
  return { name, made: false };
}

/** Whether it was made. */
export async function openOrMake(
  { side, shown: name, follows, umask }: Tree,
  path: string | Uint8Array,
): Promise<boolean> {
  const steps: readonly ServedStep[] = [openDirectory(slotsOf(side).root, path, undefined, !follows)];
  const asked = { syscall: 'mkdir', path: name };
  const answer = await side.server.perform(steps);
  if (answer.error === 0) return false;
  if (answer.error !== ENOENT) throw faultOf(answer, steps, { ...asked, syscall: 'open' });
  await makeAll(side.server, path, DIRECTORY_MODE & ~umask, asked);
  await ask(side.server, steps, asked);
  return true;
}

const DOTS = '..';

/**
 * Whether a link leads to something in its tree, wherever the tree is. It goes up first, no further than to the top,
 * and then down. One that goes up later may go up behind another link, where nobody can tell how far.
 */
export function staysWithin(path: Buffer, target: Buffer): boolean {
  const text = target.toString('latin1');
  if (text.startsWith('/') || text === '') return false;
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  const ups = parts.findIndex((part) => part !== DOTS);
  const up = ups < 0 ? parts.length : ups;
  const depth = path.length === 0 ? 0 : path.toString('latin1').split('/').length - 1;
  return up <= depth && !parts.slice(up).includes(DOTS);
}
