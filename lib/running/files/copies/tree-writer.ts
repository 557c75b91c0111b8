/**
 * Writes entries into a tree by a server, many with one list. Each is made anew: what is there by its name is removed
 * first, and nothing is written through a link.
 */

import { constants } from 'node:os';
import { errorName } from '../../../errors/errors.js';
import { readStat } from '../../../plan/serving-bytes.js';
import type { ServedStep } from '../../../plan/steps.js';
import { openDirectory } from '../descent.js';
import { type Asked, fault } from '../fault.js';
import { FileStats } from '../stats.js';
import { ask, letGo, NOTHING } from '../view.js';
import type { Course } from './course.js';
import type { Entry, OpenFile, StreamedFile, Times } from './entries.js';
import { type EntryPlace, EntrySteps, timesOf, type Whole } from './entry-steps.js';
import { kindError } from './kind-error.js';
import { finish, pour } from './pour.js';
import { REQUEST_ROOM, type Side, sizeOf, slotsOf } from './side.js';

const { EEXIST, EISDIR, ELOOP, EMLINK, ENAMETOOLONG, ENOENT, ENOTDIR, ENOTEMPTY, EPERM, EXDEV } = constants.errno;
/** A name is taken, or free again, so often while it is to be made. */
const TRIES = 16;
/** What is written with one list of a file that does not come whole. */
const PIECE = 192 * 1024;
const OWNER = 0o700;

/** How a tree is written. */
export interface Manner extends EntryPlace {
  /** The container's side, which copies large contents. */
  readonly inside: Side;
  /**
   * As archives are unpacked: directories above an entry are made, whatever is there is replaced, directories that are
   * there get the entry's mode and times, and what cannot be made is left out. Otherwise as fs.cp has it.
   */
  readonly unpacks?: { readonly umask: number };
}

/** An entry that is to be made. */
interface Item {
  readonly entry: Entry;
  readonly path: string | Buffer;
  /** What is there is removed first; `'directory'`: that. */
  replaces: false | 'file' | 'directory';
  tries: number;
}

interface Finish extends Times {
  readonly path: Buffer;
  readonly mode: number | undefined;
}

export class TreeWriter {
  readonly #side: Side;
  readonly #course: Course;
  readonly #manner: Manner;
  readonly #steps: EntrySteps;
  #items: Item[] = [];
  #size = 0;
  #sending: Promise<void> = Promise.resolve();
  readonly #directories: Finish[] = [];

  constructor(side: Side, course: Course, manner: Manner) {
    this.#side = side;
    this.#course = course;
    this.#manner = manner;
    this.#steps = new EntrySteps(manner, side.slots.passing);
  }

  /** Makes an entry, now or with the next ones. */
  async add(entry: Entry): Promise<void> {
    const item: Item = { entry, path: this.#steps.place(entry.path), replaces: false, tries: 0 };
    if (entry.kind === 'open' || entry.kind === 'streamed') {
      await this.flush();
      await this.#large(item, entry);
      return;
    }
    const size = this.#stepsOf(item).reduce((sum, step) => sum + sizeOf(step), sizeOf({ op: 'close', slot: 0 }) * 2);
    if (this.#size + size > REQUEST_ROOM && this.#items.length > 0) await this.#send();
    this.#items.push(item);
    this.#size += size;
  }

  /** Sends what waits; the one before is done then. */
  async #send(): Promise<void> {
    const items = this.#items;
    this.#items = [];
    this.#size = 0;
    await this.#sending;
    this.#sending = this.#make(items);
    this.#sending.catch(() => undefined);
  }

  /** Until all is made that was added. */
  async flush(): Promise<void> {
    await this.#send();
    await this.#sending;
  }

  /** Until nothing is on its way, whatever becomes of it. */
  settled(): Promise<void> {
    return this.#sending.catch(() => undefined);
  }

  /** Of a directory that was made otherwise. */
  finishLater(entry: Times & { readonly path: Buffer; readonly mode: number }): void {
    this.#directories.push(entry);
  }

  /** Gives the directories their modes and times, the lowest first: what is made in one changes them. */
  async finish(): Promise<void> {
    await this.flush();
    const slot = this.#side.slots.passing;
    for (const { path, mode, ...times } of this.#directories.reverse()) {
      this.#course.check();
      const steps: readonly ServedStep[] = [
        openDirectory(slot, this.#steps.place(path), this.#steps.at.at, true),
        ...(mode === undefined ? [] : [{ op: 'fchmodat', at: slot, path: '.', mode } as const]),
        { op: 'utimensat', at: slot, path: '.', ...times, nofollow: true },
        { op: 'close', slot },
      ];
      const answer = await this.#side.server.perform(steps);
      if (answer.error !== 0) this.#course.skip(path, `mode and times: ${errorName(answer.error)}`);
    }
  }

  #stepsOf({ entry, path, replaces }: Item): readonly ServedStep[] {
    return [...this.#steps.removal(path, replaces), ...this.#steps.making(entry as Whole, path)];
  }

  async #make(items: readonly Item[]): Promise<void> {
    let left = items;
    while (left.length > 0) {
      this.#course.check();
      const lists = left.map((item) => this.#stepsOf(item));
      const steps = lists.flat();
      const answer = await this.#side.server.perform(steps);
      let done = 0;
      let count = answer.error === 0 ? steps.length : answer.done;
      for (; done < left.length && count >= (lists[done]?.length ?? 0); done += 1) {
        count -= lists[done]?.length ?? 0;
        this.#made(left[done] as Item);
      }
      const refused = left[done];
      left = left.slice(done);
      const step = lists[done]?.[count];
      if (answer.error === 0 || refused === undefined || step === undefined) continue;
      if (!(await this.#again(refused, step, answer.error))) left = left.slice(1);
    }
  }

  #made({ entry }: Item): void {
    const size = entry.kind === 'small' ? entry.content.length : 0;
    this.#course.done(entry.path, size);
    if (entry.kind !== 'directory') return;
    const { mode, ...times } = entry;
    this.#directories.push({ ...timesOf(times), path: entry.path, mode: (mode & OWNER) === OWNER ? undefined : mode });
  }

  /** What follows from a refusal: whether the entry is tried again. Throws where the copy ends. */
  async #again(item: Item, step: ServedStep, error: number): Promise<boolean> {
    const { entry } = item;
    item.tries += 1;
    if (step.op === 'utimensat') {
      // It was made, and somebody has taken it away.
      this.#made(item);
      this.#course.skip(entry.path, `times: ${errorName(error)}`);
      return false;
    }
    if (item.tries <= TRIES) {
      if (step.op === 'unlinkat' && error === ENOENT) {
        item.replaces = false;
        return true;
      }
      if (step.op === 'unlinkat' && error === EISDIR && this.#manner.unpacks !== undefined) {
        item.replaces = 'directory';
        return true;
      }
      if (error === EEXIST) return this.#inTheWay(item);
      if (error === ENOENT && item.tries === 1 && (await this.#makeAbove(item))) return true;
    }
    if (step.op === 'unlinkat' && error === EISDIR)
      throw kindError('ERR_FS_CP_NON_DIR_TO_DIR', this.#course.name(entry.path));
    if (step.op === 'pwrite' || step.op === 'close') await this.#remove(item.path);
    if (isLeftOut(this.#manner, step, error)) {
      this.#course.skip(entry.path, errorName(error));
      return false;
    }
    throw fault(error, this.#asked(step, item), [step]);
  }

  /** Something is there by its name. */
  async #inTheWay(item: Item): Promise<boolean> {
    const { entry, path } = item;
    if (entry.kind === 'directory') {
      const step: ServedStep = { op: 'stat', ...this.#steps.at, path, nofollow: true };
      const { error, given } = await this.#side.server.perform([step]);
      if (error === ENOENT) return true;
      if (error !== 0) throw fault(error, this.#asked(step, item), [step]);
      if (new FileStats(readStat(given[0] ?? NOTHING)).isDirectory()) {
        this.#there(entry);
        return false;
      }
      if (this.#manner.unpacks === undefined)
        throw kindError('ERR_FS_CP_DIR_TO_NON_DIR', this.#course.name(entry.path));
    }
    item.replaces = 'file';
    return true;
  }

  /** A directory that is there keeps its mode and times, unless an archive says something else. */
  #there(entry: Extract<Entry, { readonly kind: 'directory' }>): void {
    this.#course.done(entry.path, 0);
    if (this.#manner.unpacks === undefined || entry.path.length === 0) return;
    this.#directories.push({ ...timesOf(entry), path: entry.path, mode: entry.mode });
  }

  async #makeAbove({ entry }: Item): Promise<boolean> {
    const { unpacks } = this.#manner;
    if (unpacks === undefined) return false;
    const mode = 0o777 & ~unpacks.umask;
    for (let at = entry.path.indexOf('/'); at >= 0; at = entry.path.indexOf('/', at + 1)) {
      const step: ServedStep = {
        op: 'mkdirat',
        ...this.#steps.at,
        path: this.#steps.place(entry.path.subarray(0, at)),
        mode,
      };
      const { error } = await this.#side.server.perform([step]);
      if (error !== 0 && error !== EEXIST) return false;
    }
    return true;
  }

  async #large(item: Item, entry: OpenFile | StreamedFile): Promise<void> {
    const slot = slotsOf(this.#side).written;
    for (;;) {
      const creation = this.#steps.creation(item.path, entry.mode, slot);
      const steps = [...this.#steps.removal(item.path, item.replaces), creation];
      const { error, done } = await this.#side.server.perform(steps);
      if (error === 0) break;
      if (!(await this.#again(item, steps[done] as ServedStep, error))) return;
    }
    try {
      if (entry.kind === 'open') await pour(entry, { side: this.#side, slot }, this.#manner.inside, this.#course);
      else await stream(this.#side, this.#course, entry, slot);
    } catch (error) {
      await this.#remove(item.path).catch(() => undefined);
      throw error;
    } finally {
      // Nothing is there any more, unless it has failed.
      await letGo(this.#side.server, slot);
    }
    const asked = { syscall: 'utime', path: this.#course.name(entry.path) };
    await ask(this.#side.server, [this.#steps.timing(item.path, entry)], asked);
    this.#course.done(entry.path, 0);
  }

  async #remove(path: string | Buffer): Promise<void> {
    await this.#side.server.perform([{ op: 'unlinkat', ...this.#steps.at, path, directory: false }]);
  }

  #asked({ op }: ServedStep, { entry }: Item): Asked {
    return { syscall: SYSCALLS[op] ?? op.replace(/at$/, ''), path: this.#course.name(entry.path) };
  }
}

/** As Node names the system calls. */
const SYSCALLS: Readonly<Partial<Record<ServedStep['op'], string>>> = { pwrite: 'write', utimensat: 'utime' };

/** A piece after the other. */
async function stream(side: Side, course: Course, entry: StreamedFile, slot: number): Promise<void> {
  let offset = 0;
  for await (const piece of entry.content) {
    for (let at = 0; at < piece.length; at += PIECE) {
      course.check();
      const content = piece.subarray(at, at + PIECE);
      const step: ServedStep = { op: 'pwrite', slot, offset, content };
      await ask(side.server, [step], { syscall: 'write', path: course.name(entry.path) });
      course.progress(entry.path, content.length);
      offset += content.length;
    }
  }
  await finish(side, slot, entry.path, course);
}

/** What of an archive cannot be made is left out; so is a path that the kernel does not take. */
function isLeftOut(manner: Manner, step: ServedStep, error: number): boolean {
  if (error === ENAMETOOLONG) return true;
  if (manner.unpacks === undefined) return false;
  if ([ELOOP, EXDEV, ENOTDIR].includes(error)) return true;
  return (
    (step.op === 'unlinkat' && error === ENOTEMPTY) || (step.op === 'linkat' && [ENOENT, EPERM, EMLINK].includes(error))
  );
}
