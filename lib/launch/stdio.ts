/** The caller's side of the command's descriptors: pipes and sockets, and the streams on their ends. */

import { Socket } from 'node:net';
import type { Duplex, Readable, Writable } from 'node:stream';
import { invalidType, invalidValue, outOfRange } from '../errors.js';
import { native } from './native.js';

/** One entry of the `stdio` option, as in `child_process`: a stream must have a descriptor of its own. */
export type StdioEntry = 'pipe' | 'ignore' | 'inherit' | number | { readonly fd: number } | null | undefined;
export type StdioOption = 'pipe' | 'ignore' | 'inherit' | readonly StdioEntry[];

/** What the command's three descriptors are, checked: a pipe to make, nothing, or a descriptor of the caller's. */
export type StdioChoice =
  | { readonly kind: 'pipe' | 'ignore' }
  | { readonly kind: 'descriptor'; readonly descriptor: number };

/** Descriptors to send, and the streams that stay here. */
export interface Stdio {
  readonly sent: readonly number[];
  /** Those of `sent` that were made for this and are to be closed once they are sent. */
  readonly owned: readonly number[];
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
}

const STANDARD = 3;

/** Checks the `stdio` option; fills in what is left out. */
export function checkStdio(option: unknown): readonly StdioChoice[] {
  if (option === undefined) return checkStdio('pipe');
  if (typeof option === 'string') return checkStdio([option, option, option]);
  if (!Array.isArray(option)) throw invalidType('stdio', 'an array, "pipe", "ignore" or "inherit"', option);
  if (option.length > STANDARD) throw outOfRange('stdio.length', `at most ${STANDARD}`, option.length);
  return Array.from({ length: STANDARD }, (_, index) => checkEntry(`stdio[${index}]`, option[index], index));
}

function checkEntry(name: string, entry: unknown, index: number): StdioChoice {
  if (entry === 'pipe' || entry === undefined || entry === null) return { kind: 'pipe' };
  if (entry === 'ignore') return { kind: 'ignore' };
  const descriptor = entry === 'inherit' ? index : typeof entry === 'object' ? (entry as { fd?: unknown }).fd : entry;
  if (typeof descriptor !== 'number') {
    throw invalidValue(name, '"pipe", "ignore", "inherit", a descriptor, or a stream that has one', entry);
  }
  if (!Number.isInteger(descriptor) || descriptor < 0) throw outOfRange(name, 'a descriptor, 0 or more', descriptor);
  return { kind: 'descriptor', descriptor };
}

/** Makes the pipes. Where one cannot be made, none is left. */
export function openStdio(choices: readonly StdioChoice[]): Stdio {
  const sent: number[] = [];
  const owned: number[] = [];
  const streams: (Socket | null)[] = [];
  const stdio = (): Stdio => ({
    sent,
    owned,
    stdin: streams[0] ?? null,
    stdout: streams[1] ?? null,
    stderr: streams[2] ?? null,
  });
  try {
    for (const [index, choice] of choices.entries()) streams.push(openOne(choice, index, sent, owned));
  } catch (error) {
    closeStdio(stdio());
    throw error;
  }
  return stdio();
}

function openOne(choice: StdioChoice, index: number, sent: number[], owned: number[]): Socket | null {
  if (choice.kind === 'ignore') return null;
  if (choice.kind === 'descriptor') {
    sent.push(choice.descriptor);
    return null;
  }
  const [read, write] = native().pipe();
  const [theirs, ours] = index === 0 ? [read, write] : [write, read];
  sent.push(theirs);
  owned.push(theirs);
  // Before the command starts, so that nothing it says is lost; it waits in the pipe until somebody reads.
  return new Socket({ fd: ours, readable: index > 0, writable: index === 0 });
}

/** Gives up what was made for a command that will not be started. */
export function closeStdio({ owned, stdin, stdout, stderr }: Stdio): void {
  for (const descriptor of owned) native().close(descriptor);
  for (const stream of [stdin, stdout, stderr]) stream?.destroy();
}

/** One stream both ways, to the supervisor, which carries it to the container's terminal and back. */
export function openTerminal(): Stdio & { readonly stream: Duplex } {
  const [ours, theirs] = native().socketpair();
  // Whoever ends the input still reads the output; once that is over, nobody is left to type to.
  const stream = new Socket({ fd: ours, allowHalfOpen: true });
  stream.once('end', () => stream.destroy());
  stream.on('error', () => stream.destroy());
  return { sent: [theirs], owned: [theirs], stdin: stream, stdout: stream, stderr: null, stream };
}
