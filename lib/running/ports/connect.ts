/** Connections to services inside. */

import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { StepError, timedOut } from '../../errors/errors.js';
import { openSocket } from '../../launch/streams.js';
import type { ServedStep } from '../../plan/steps.js';
import type { SocketMaker } from './maker.js';
import { checkConnectOptions, checkTarget, type PortTarget } from './target.js';

/** A service on the same machine takes a connection at once, or its queue is full. Others inside wait meanwhile. */
const ATTEMPT_MS = 20;
/** Between two attempts of those that wait for one service. */
const PAUSE_MS = 100;
/** So long TCP itself tries by default: tcp_syn_retries in tcp(7). */
const TCP_MS = 127_000;

/** As Node writes them before a port. */
export const LOOPBACK = { ipv4: '127.0.0.1', ipv6: '::1' } as const;

/** What a service says that has no room in its queue now. Of Unix sockets it is EAGAIN. connect(2) */
const LATER = ['ETIMEDOUT', 'EAGAIN'];
/** Nobody listens at one of the two loopback addresses, or there is none. */
const ABSENT = ['ECONNREFUSED', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'];

export class Connector {
  readonly #sockets: SocketMaker;
  /** Who waits for a service whose queue is full, in their order. It tells whether the last one has got in. */
  readonly #lines = new Map<string, Promise<boolean>>();

  constructor(sockets: SocketMaker) {
    this.#sockets = sockets;
  }

  /** A connected socket. */
  async connect(given: unknown, options: unknown = {}, allowHalfOpen = false): Promise<Socket> {
    const target = checkTarget('target', given);
    const { timeout, signal } = checkConnectOptions(options);
    signal?.throwIfAborted();
    const stop = new AbortController();
    const abort = (): void => stop.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    const late = (): void => stop.abort(timedOut('connect()', timeout));
    const timer = timeout === 0 ? undefined : setTimeout(late, timeout);
    const descriptor = this.#patiently(target, stop.signal);
    try {
      return openSocket(await Promise.race([descriptor, stopped(stop.signal)]), allowHalfOpen);
    } catch (error) {
      // Nothing is left of what comes later either.
      const left = descriptor.then((one) => this.#sockets.drop(one)).catch(() => {});
      if (signal?.aborted === true) await left;
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** As long as TCP itself tries. */
  async #patiently(target: PortTarget, stop: AbortSignal): Promise<number> {
    const until = performance.now() + TCP_MS;
    const attempt = (): Promise<number> => this.#attempt(target);
    try {
      return await attempt();
    } catch (error) {
      if (!isOneOf(LATER, error)) throw error;
    }
    return this.#inLine(typeof target === 'number' ? String(target) : target.path, stop, until, attempt);
  }

  /** One of those that wait tries at a time: however many they are, others have their turns inside. */
  #inLine(service: string, stop: AbortSignal, until: number, attempt: () => Promise<number>): Promise<number> {
    const ahead = this.#lines.get(service);
    const mine = (async (): Promise<number> => {
      let isOpen = (await Promise.race([ahead, stopped(stop)])) ?? false;
      for (;;) {
        if (!isOpen) await sleep(PAUSE_MS, undefined, { signal: stop });
        try {
          return await attempt();
        } catch (error) {
          if (!isOneOf(LATER, error) || performance.now() > until) throw error;
          isOpen = false;
        }
      }
    })();
    const all = Promise.allSettled([mine, ahead]).then(([{ status }]) => status === 'fulfilled');
    this.#lines.set(service, all);
    void all.then(() => {
      if (this.#lines.get(service) === all) this.#lines.delete(service);
    });
    return mine;
  }

  async #attempt(target: PortTarget): Promise<number> {
    if (typeof target !== 'number') {
      const { path } = target;
      const asked = { syscall: 'connect', path };
      const steps = (slot: number): readonly ServedStep[] => [
        { op: 'socket', slot, domain: 'unix' },
        { op: 'connectUnix', slot, path },
      ];
      return this.#sockets.make(steps, asked);
    }
    const over = (domain: 'ipv4' | 'ipv6'): Promise<number> => {
      const asked = { syscall: 'connect', address: `${LOOPBACK[domain]}:${target}` };
      const steps = (slot: number): readonly ServedStep[] => [
        { op: 'socket', slot, domain },
        { op: 'connectTcp', slot, port: target, timeoutMs: ATTEMPT_MS },
      ];
      return this.#sockets.make(steps, asked);
    };
    try {
      return await over('ipv4');
    } catch (first) {
      if (!isOneOf(ABSENT, first)) throw first;
      return over('ipv6').catch((error) => {
        throw isOneOf(ABSENT, error) ? first : error;
      });
    }
  }
}

function isOneOf(codes: readonly string[], error: unknown): boolean {
  return error instanceof StepError && codes.includes(error.code);
}

function stopped(stop: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (stop.aborted) reject(stop.reason);
    else stop.addEventListener('abort', () => reject(stop.reason), { once: true });
  });
}
