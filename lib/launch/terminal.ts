/** Joins the caller's terminal and a container's: raw mode, window size, bytes both ways; restored whatever happens. */

import type { Readable, Writable } from 'node:stream';
import { contradiction } from '../errors/errors.js';

/** The container's side of an attachment. */
export interface Attachable {
  readonly input: Writable;
  readonly output: Readable;
  resize(columns: number, rows: number): boolean;
  /** Calls back once, when the container's terminal has said its last. */
  ended(callback: () => void): void;
}

/**
 * Takes over `process.stdin` and `process.stdout` until the container's terminal ends. Returns a function that lets go
 * of them before.
 */
export function attachTerminal(box: Attachable): () => void {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) throw contradiction('attach() needs a terminal on stdin and stdout');
  const onInput = (bytes: Buffer): void => {
    if (box.input.writable) box.input.write(bytes);
  };
  const onOutput = (bytes: Buffer): void => {
    stdout.write(bytes);
  };
  const onResize = (): void => {
    // A terminal may say that it has no size. ioctl_tty(2)
    if (stdout.columns > 0 && stdout.rows > 0) box.resize(stdout.columns, stdout.rows);
  };
  const restore = (): void => {
    stdin.off('data', onInput);
    stdout.off('resize', onResize);
    process.off('exit', restore);
    box.output.off('data', onOutput);
    stdin.setRawMode(false);
    stdin.pause();
  };
  onResize();
  stdin.setRawMode(true);
  stdin.on('data', onInput);
  stdout.on('resize', onResize);
  box.output.on('data', onOutput);
  // Also when Node ends by itself; a terminal left in raw mode is of no use to anybody.
  process.on('exit', restore);
  box.ended(restore);
  return restore;
}
