/**
 * What is measured in a Node process, each from the call to the end of the command.
 *
 * The command is always the same file: `true` of the root filesystem's static busybox.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Container } from '#lib/index.js';
import type { Peer } from './peers.js';

export interface Sample {
  /** From the call to the end of the command. */
  readonly totalNs: number;
  /** From the call to its return: nothing else happens in this Node process meanwhile. */
  readonly blockedNs: number;
}

/** Where things are: the same for all processes of a run. */
export interface Places {
  readonly rootfs: string;
  /** What else starts containers, by name. */
  readonly peers: Readonly<Record<string, Peer>>;
}

/** Starts the command; the promise is its end, and rejects unless it ended with exit code 0. */
type Case = (places: Places) => () => Promise<void>;

const CASES: Readonly<Record<string, Case>> = {
  'carrel rootfs spawn': ({ rootfs }) => {
    const box = new Container().rootfs(rootfs);
    return () => ended(box.spawn('true', [], { stdio: 'ignore' }));
  },
  'carrel rootfs run': ({ rootfs }) => {
    const box = new Container().rootfs(rootfs);
    return async () => void (await box.run('true', [], { check: true }));
  },
  'carrel spawn': () => {
    const box = new Container();
    return () => ended(box.spawn('true', [], { stdio: 'ignore' }));
  },
  'carrel run': () => {
    const box = new Container();
    return async () => void (await box.run('true', [], { check: true }));
  },
  'child_process spawn': ({ rootfs }) => {
    const path = join(rootfs, 'bin/true');
    return () => ended(spawn(path, [], { stdio: 'ignore' }));
  },
  'child_process execFile': ({ rootfs }) => {
    const path = join(rootfs, 'bin/true');
    const run = promisify(execFile);
    return async () => void (await run(path));
  },
};

/** A function that starts the command of the case or the peer `name`. */
export function starter(name: string, places: Places): () => Promise<void> {
  const known = CASES[name];
  if (known !== undefined) return known(places);
  const peer = places.peers[name];
  if (peer === undefined) throw new Error(`no ${name}`);
  return () => ended(spawn(peer.file, peer.args, { stdio: 'ignore' }));
}

/** A function that measures `name` once. */
export function prepare(name: string, places: Places): () => Promise<Sample> {
  const start = starter(name, places);
  return async () => {
    const began = process.hrtime.bigint();
    const end = start();
    const blockedNs = Number(process.hrtime.bigint() - began);
    await end;
    return { totalNs: Number(process.hrtime.bigint() - began), blockedNs };
  };
}

function ended(child: ChildProcess | EventEmitter): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code: number | null, signal: string | null) => {
      if (code === 0) resolve();
      else reject(new Error(`the command ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}
