/**
 * Large contents, from one side to the other. The container's server does that itself, with a descriptor of the host's
 * file that Node sends it: nothing of it passes through Node, and no descriptor of the container's comes out.
 */

import { close } from 'node:fs';
import { constants } from 'node:os';
import type { ServedStep } from '../../../plan/steps.js';
import { fault, faultOf } from '../fault.js';
import { ask, NOTHING } from '../view.js';
import type { Course } from './course.js';
import type { OpenFile } from './entries.js';
import { type Side, slotsOf } from './side.js';

/** What is copied with one list: less than a second of it on a slow disk. */
const CHUNK = 16 * 1024 * 1024;
/** What is read with one list where a file system cannot be copied from by the kernel. */
const READ = 128 * 1024;
const { EBADF, EINVAL } = constants.errno;

/** Where it goes: a file that is open, and empty. */
export interface Target {
  readonly side: Side;
  readonly slot: number;
}

/** Copies all that the file holds. The target's slot is empty afterwards, and the file's where that is the host's. */
export async function pour(file: OpenFile, target: Target, inside: Side, course: Course): Promise<void> {
  const host = file.side === inside ? target : file;
  const own = file.side === inside ? file.slot : target.slot;
  const sent = slotsOf(inside).sent;
  await send(host, inside, sent);
  try {
    const [from, to] = file.side === inside ? [own, sent] : [sent, own];
    for (let copied = 0; ; ) {
      course.check();
      // One more than there is room for: then it is too large.
      const length = Math.min(CHUNK, course.room + 1);
      const steps: readonly ServedStep[] = [{ op: 'sendfile', slot: from, to, length }];
      const answer = await inside.server.perform(steps);
      if (answer.error === EINVAL && copied === 0) {
        await pourBytes({ from, to }, file.path, inside, course);
        break;
      }
      if (answer.error !== 0) throw faultOf(answer, steps, { syscall: 'sendfile', path: course.name(file.path) });
      const size = Number((answer.given[0] ?? Buffer.alloc(8)).readBigUInt64LE(0));
      course.take(file.path, size);
      course.progress(file.path, size);
      copied += size;
      if (size < length) break;
    }
    await finish(inside, to, file.path, course);
  } finally {
    await inside.server.perform([{ op: 'close', slot: sent }]).catch(() => undefined);
  }
}

/** Closes what was written: it may turn out to have no room only now. close(2) */
export async function finish({ server }: Side, slot: number, path: Buffer, course: Course): Promise<void> {
  await ask(server, [{ op: 'close', slot }], { syscall: 'close', path: course.name(path) });
}

/** The same by reading and writing. */
async function pourBytes(
  { from, to }: { readonly from: number; readonly to: number },
  path: Buffer,
  { server }: Side,
  course: Course,
): Promise<void> {
  for (let offset = 0; ; ) {
    course.check();
    const [content = NOTHING] = await ask(server, [{ op: 'pread', slot: from, offset, length: READ }], {
      syscall: 'read',
    });
    course.take(path, content.length);
    await ask(server, [{ op: 'pwrite', slot: to, offset, content }], { syscall: 'write' });
    course.progress(path, content.length);
    offset += content.length;
    if (content.length < READ) return;
  }
}

/** Sends what is open on the host's side to the container's server. */
async function send({ side, slot }: Target, inside: Side, into: number): Promise<void> {
  await ask(side.server, [{ op: 'handOver', lane: side.slots.lane, slots: [slot] }], { syscall: 'sendmsg' });
  const [descriptor, ...others] = side.server.take();
  try {
    const refused = descriptor === undefined || others.length > 0;
    if (refused) throw fault(EBADF, { syscall: 'recvmsg' });
    inside.server.send(descriptor);
  } finally {
    // By a thread: to close a file may wait for the file system that it is on.
    for (const each of [descriptor, ...others]) if (each !== undefined) close(each, () => undefined);
  }
  await ask(inside.server, [{ op: 'takeOver', lane: inside.slots.lane, slot: into }], { syscall: 'recvmsg' });
}
