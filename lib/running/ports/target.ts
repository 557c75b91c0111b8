/** What is connected to, listened on and published: what a caller may say of it. */

import { Server, type Socket } from 'node:net';
import { abortSignal, containerPath, knownOptions, milliseconds } from '../../definition/checks.js';
import { checkServicePort } from '../../definition/publish.js';
import { invalidType } from '../../errors/errors.js';
import { TIMER_MOST_MS } from '../stop.js';

/** A port of the container's loopback, or the path of a Unix socket inside. */
export type PortTarget = number | { readonly path: string };

/** Options of {@link RunningContainer.connect}. */
export interface ConnectOptions {
  /** Milliseconds until it rejects with `ERR_TIMEOUT`, 0 to 2^31 − 1. Default: 0, which is as long as TCP tries. */
  readonly timeout?: number | undefined;
  /** Ends the attempt; a connection that is there goes on. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** What takes connections that come from inside. */
export type ConnectionHandler = ((socket: Socket) => void) | Server;

export function checkTarget(name: string, value: unknown): PortTarget {
  if (typeof value === 'number') return checkServicePort(name, value);
  if (value === null || typeof value !== 'object') throw invalidType(name, 'a port, or { path }', value);
  knownOptions(name, value, ['path']);
  return { path: containerPath(`${name}.path`, (value as { readonly path?: unknown }).path) };
}

export function checkConnectOptions(given: unknown): { readonly timeout: number; readonly signal?: AbortSignal } {
  knownOptions('connect()', given as object, ['timeout', 'signal']);
  const { timeout, signal } = given as ConnectOptions;
  abortSignal('signal', signal);
  return {
    timeout: milliseconds('timeout', timeout ?? 0, 0, TIMER_MOST_MS),
    ...(signal === undefined ? {} : { signal }),
  };
}

export function checkHandler(value: unknown): ConnectionHandler {
  if (typeof value === 'function') return value as (socket: Socket) => void;
  if (!(value instanceof Server))
    throw invalidType('handler', 'a function, or a server of node:net or node:http', value);
  return value;
}
