/** The caller's side of the command's descriptors: pipes and sockets, and the streams on their ends. */

import type { Duplex, Readable, Stream } from 'node:stream';
import { invalidType, invalidValue, outOfRange } from '../errors/errors.js';
import { descriptorOf, isOwn, prepare, wayOf } from './handed.js';
import { native } from './native.js';
import { StdioEnd } from './stdio-end.js';
import { openHeldSocket, openWriter } from './streams.js';

/**
 * One entry of the `stdio` option, as in `child_process`: a stream must have a descriptor of its own. A stream of
 * another {@link ContainerProcess} is handed over: it is closed here once the command has it. From the fourth on,
 * `'pipe'` is a stream both ways, and what is left out is `'ignore'`.
 */
export type StdioEntry = 'pipe' | 'ignore' | 'inherit' | number | Stream | { readonly fd: number } | null | undefined;
/** The `stdio` option: one entry a descriptor, from 0 on; a word is for the first three. */
export type StdioOption = 'pipe' | 'ignore' | 'inherit' | readonly StdioEntry[];

/**
 * What one of the command's descriptors is, checked: a pipe or socket to make, nothing, the container's terminal, or a
 * descriptor of the caller's.
 */
export type StdioChoice =
  | { readonly kind: 'socket' | 'ignore' | 'terminal' }
  /**
   * Instead of a stream for the caller: `from` is what is carried into it; `into` takes over the descriptor that it is
   * read from.
   */
  | { readonly kind: 'pipe'; readonly from?: Readable; readonly into?: (descriptor: number) => void }
  /** `of`: the stream that has it. */
  | { readonly kind: 'descriptor'; readonly descriptor: number; readonly of?: object };

/** The caller's side of a command's descriptors. */
export interface StdioEnds {
  /** One entry a descriptor, `null` where nothing of it is here. */
  readonly ends: readonly (StdioEnd | null)[];
  /** The terminal's stream, both ways; `null` where there is none. */
  readonly terminal: Duplex | null;
}

/** Descriptors to send, and the ends that stay here. */
export interface Stdio extends StdioEnds {
  readonly sent: readonly number[];
  /** Those of `sent` that were made for this and are to be closed once they are sent. */
  readonly owned: readonly number[];
  /** Streams of carrel's own whose descriptors are among `sent`, and that are let go of then. */
  readonly handed: readonly Duplex[];
}

const STANDARD = 3;
/** The most descriptors of a command: so many fit into one message, beside those that carrel sends itself. */
const MOST = 240;

/**
 * Checks the `stdio` option; fills in what is left out: of the first three by a pipe, or by the container's terminal
 * where it has one.
 */
export function checkStdio(option: unknown, terminal = false): readonly StdioChoice[] {
  if (option === undefined) return checkStdio([], terminal);
  if (typeof option === 'string') return checkStdio([option, option, option], terminal);
  if (!Array.isArray(option)) throw invalidType('stdio', 'an array, "pipe", "ignore" or "inherit"', option);
  if (option.length > MOST) throw outOfRange('stdio.length', `at most ${MOST}`, option.length);
  const length = Math.max(STANDARD, option.length);
  return Array.from({ length }, (_, index) => checkEntry(`stdio[${index}]`, option[index], index, terminal));
}

function checkEntry(name: string, entry: unknown, index: number, terminal: boolean): StdioChoice {
  const standard = index < STANDARD;
  const left = terminal ? 'terminal' : 'pipe';
  if (entry === undefined || entry === null) return { kind: standard ? left : 'ignore' };
  if (entry === 'pipe') return { kind: standard ? 'pipe' : 'socket' };
  if (entry === 'ignore') return { kind: 'ignore' };
  if (typeof entry === 'object' && isOwn(entry)) return checkHanded(name, entry);
  const descriptor = entry === 'inherit' ? index : typeof entry === 'object' ? descriptorOf(entry) : entry;
  if (typeof descriptor !== 'number') {
    throw invalidValue(name, '"pipe", "ignore", "inherit", a descriptor, or a stream that has one', entry);
  }
  if (!Number.isInteger(descriptor) || descriptor < 0) throw outOfRange(name, 'a descriptor, 0 or more', descriptor);
  return { kind: 'descriptor', descriptor, ...(typeof entry === 'object' ? { of: entry } : {}) };
}

/** A stream of another command's. */
function checkHanded(name: string, stream: Duplex): StdioChoice {
  const way = wayOf(stream);
  switch (way) {
    case 'over':
      return { kind: 'ignore' };
    case 'closed':
      throw invalidValue(name, 'a stream that is open', stream);
    case 'through':
      return { kind: 'pipe', from: stream };
    default:
      return { kind: 'descriptor', descriptor: way.descriptor, of: stream };
  }
}

/** Makes the pipes, and the terminal's stream. Where one cannot be made, none is left. */
export function openStdio(choices: readonly StdioChoice[]): Stdio {
  const sent: number[] = [];
  const owned: number[] = [];
  const ends: (StdioEnd | null)[] = [];
  let terminal: Duplex | null = null;
  const handed: Duplex[] = [];
  try {
    for (const [index, choice] of choices.entries()) ends.push(openOne(choice, index, sent, owned));
    if (choices.some(({ kind }) => kind === 'terminal')) {
      terminal = openTerminal(sent, owned);
      const end = StdioEnd.around(terminal);
      for (const index of terminalEnds(choices)) ends[index] = end;
    }
  } catch (error) {
    closeStdio({ owned, ends });
    throw error;
  }
  for (const choice of choices) {
    if (choice.kind !== 'descriptor' || choice.of === undefined) continue;
    prepare(choice.of, choice.descriptor);
    if (isOwn(choice.of)) handed.push(choice.of);
  }
  return { sent, owned, ends, handed, terminal };
}

/** A pipe in the place of each standard stream that is ignored: who waits in a pool has three. */
export function allPipes(choices: readonly StdioChoice[]): readonly StdioChoice[] {
  return choices.map((choice, index) => (choice.kind === 'ignore' && index < STANDARD ? { kind: 'pipe' } : choice));
}

/** Closes those pipes on this side, where nothing is to be seen of them. */
export function withoutIgnored(stdio: Stdio, choices: readonly StdioChoice[]): Stdio {
  const ends = stdio.ends.map((end, index) => {
    if (choices[index]?.kind !== 'ignore') return end;
    end?.destroy();
    return null;
  });
  return { ...stdio, ends };
}

/** Which of the ends is the terminal's: standard error is none beside an output that shows both. */
function terminalEnds(choices: readonly StdioChoice[]): readonly number[] {
  const all = choices.flatMap(({ kind }, index) => (kind === 'terminal' ? [index] : []));
  return all.includes(1) ? all.filter((index) => index !== 2) : all;
}

function openOne(choice: StdioChoice, index: number, sent: number[], owned: number[]): StdioEnd | null {
  if (choice.kind === 'ignore' || choice.kind === 'terminal') return null;
  if (choice.kind === 'descriptor') {
    sent.push(choice.descriptor);
    return null;
  }
  const [theirs, ours] = choice.kind === 'socket' ? native().socketpair() : pipe(index);
  sent.push(theirs);
  owned.push(theirs);
  if (choice.kind === 'socket') return StdioEnd.of(ours, 'both');
  if (choice.kind === 'pipe' && choice.into !== undefined) {
    choice.into(ours);
    return null;
  }
  if (choice.kind === 'pipe' && choice.from !== undefined) {
    carry(choice.from, openWriter(ours));
    return null;
  }
  return StdioEnd.of(ours, index === 0 ? 'written' : 'read');
}

/** Carries what one command says to another. Who does not read it ends that, as in a pipeline. */
function carry(from: Readable, to: Duplex): void {
  from.pipe(to);
  to.on('error', () => to.destroy());
  to.on('close', () => from.destroy());
}

/** The command's end and ours. Standard streams are pipes: a socket could not be opened again by /dev/stdout. */
function pipe(index: number): readonly [theirs: number, ours: number] {
  const [read, write] = native().pipe();
  return index === 0 ? [read, write] : [write, read];
}

/** Gives up what was made for a command that will not be started. */
export function closeStdio({ owned, ends }: Pick<Stdio, 'owned' | 'ends'>): void {
  for (const descriptor of owned) native().close(descriptor);
  for (const end of ends) end?.destroy();
}

/** One stream both ways, to the supervisor, which carries it to the container's terminal and back. */
function openTerminal(sent: number[], owned: number[]): Duplex {
  const [ours, theirs] = native().socketpair();
  sent.push(theirs);
  owned.push(theirs);
  // Who ends the input still reads the output; once that is over, nobody is left to type to.
  const stream = openHeldSocket(ours, true);
  stream.once('end', () => stream.destroy());
  stream.on('error', () => stream.destroy());
  return stream;
}
