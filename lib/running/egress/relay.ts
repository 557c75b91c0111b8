/** Connects what comes from inside to what it was meant for, if that is allowed. */

import { setMaxListeners } from 'node:events';
import { connect, type Socket } from 'node:net';
import { addressBytes } from '../../plan/addresses.js';
import { Connections } from '../ports/connections.js';
import { finish, gone, reset } from '../ports/joined.js';
import type { Attempts, Connection, OpenConnection } from './connection.js';
import { Lookups, ownAddresses } from './lookup.js';
import type { Names } from './names.js';
import { isHost, type Rules } from './rules.js';

/** Milliseconds until somebody outside has answered. */
const PATIENCE_MS = 30_000;
const LOOPBACK = ['127.0.0.1', '::1'];

/** What somebody inside has connected to. */
interface Target {
  readonly name: string | undefined;
  /** Of a name: that inside. */
  readonly address: string;
  readonly port: number;
}

/** What a target leads to on the host. */
interface Way {
  readonly outcome: Connection['outcome'];
  readonly addresses: readonly string[];
}

/** A connection that is relayed. */
interface Relayed {
  readonly target: Target;
  readonly inner: Socket;
  readonly noted: OpenConnection;
}

export class Relay {
  readonly #names: Names;
  readonly #attempts: Attempts;
  readonly #lookups = new Lookups();
  readonly #connections = new Connections();
  /** Those that are relayed, until both sides have ended. */
  readonly #relayed = new Set<Relayed>();
  /** What is not decided yet. */
  readonly #attempted = new Set<Promise<void>>();
  /** Nobody waits any more. */
  readonly #stop = new AbortController();
  #isOver = false;
  #rules: Rules;

  constructor(rules: Rules, names: Names, attempts: Attempts) {
    // One for each attempt that is under way. Node would warn of the eleventh.
    setMaxListeners(0, this.#stop.signal);
    this.#rules = rules;
    this.#names = names;
    this.#attempts = attempts;
  }

  /** Other rules hold. Resolves when what they do not allow is cut off. */
  async follow(rules: Rules): Promise<void> {
    this.#rules = rules;
    const others = [...this.#relayed].filter(({ target, noted }) => !this.#mayGoOn(target, noted.address ?? ''));
    await Promise.all(others.map(({ inner }) => gone(inner)));
  }

  /** Takes a connection from inside, which is paused. */
  take(inner: Socket): void {
    this.#connections.keep(inner);
    inner.on('error', () => {});
    const target = this.#targetOf(inner);
    if (target === undefined) {
      inner.destroy();
      return;
    }
    const attempt = this.#relay(inner, target).finally(() => this.#attempted.delete(attempt));
    this.#attempted.add(attempt);
  }

  /**
   * Nobody is left inside: what was said there is still carried, and nothing else. Resolves when it is, or when the
   * time is up; then each attempt has been told.
   */
  async over(milliseconds: number): Promise<void> {
    this.#isOver = true;
    this.#connections.over();
    if (this.#attempted.size + this.#relayed.size > 0) {
      const late = setTimeout(() => this.#stop.abort(), milliseconds);
      await this.#carried();
      clearTimeout(late);
    }
    await this.#connections.end();
  }

  /** Every attempt is decided, and each that has led somewhere has ended; or the time is up. */
  async #carried(): Promise<void> {
    await Promise.all(this.#attempted);
    const { signal } = this.#stop;
    const ends = [...this.#relayed].map(({ inner }) => new Promise((resolve) => inner.once('close', resolve)));
    const stopped = new Promise((resolve) => {
      if (signal.aborted) resolve(undefined);
      else signal.addEventListener('abort', resolve, { once: true });
    });
    await Promise.race([Promise.all(ends), stopped]);
  }

  #mayGoOn(target: Target, reached: string): boolean {
    const { name, address, port } = target;
    const isAllowed =
      name === undefined ? this.#rules.allowsAddress(address, port) : this.#rules.allowsName(name, port);
    return isAllowed && this.#mayLeadTo(target, reached);
  }

  #targetOf({ localAddress = '', localPort: port = 0 }: Socket): Target | undefined {
    const address = localAddress.replace(/^::ffff:(?=\d+\.)/, '');
    const bytes = addressBytes(address);
    if (bytes === undefined) return undefined;
    return { name: this.#names.at(bytes), address, port };
  }

  async #relay(inner: Socket, target: Target): Promise<void> {
    const { name, port } = target;
    const way = await this.#wayOf(target);
    const isWanted = way.outcome === 'relayed' && !inner.destroyed;
    const outer = isWanted ? await reach(name ?? target.address, port, way.addresses, this.#stop.signal) : undefined;
    const address = outer?.remoteAddress ?? way.addresses[0] ?? (name === undefined ? target.address : undefined);
    const outcome = this.#outcomeOf(target, way, outer);
    const noted = this.#attempts.add({ name, address, port, outcome });
    if (outer !== undefined && outcome === 'relayed') this.#join(inner, outer, { target, inner, noted });
    else for (const socket of [inner, outer]) if (socket !== undefined) reset(socket);
  }

  /** Other rules may hold by the time that somebody has answered. */
  #outcomeOf(target: Target, { outcome }: Way, outer: Socket | undefined): Connection['outcome'] {
    if (outcome !== 'relayed') return outcome;
    if (outer === undefined) return 'failed';
    return this.#mayGoOn(target, outer.remoteAddress ?? '') ? 'relayed' : 'not-listed';
  }

  #join(inner: Socket, outer: Socket, relayed: Relayed): void {
    outer.unref();
    this.#connections.keep(outer);
    if (inner.destroyed) {
      outer.destroy();
      return;
    }
    this.#relayed.add(relayed);
    inner.once('close', () => {
      relayed.noted.sentBytes = inner.bytesRead;
      relayed.noted.receivedBytes = inner.bytesWritten;
      this.#relayed.delete(relayed);
    });
    this.#connections.forward(outer, inner);
    if (this.#isOver) finish(inner, outer);
  }

  /** Where it leads to on the host, and whether it may. */
  async #wayOf(target: Target): Promise<Way> {
    const { name, address, port } = target;
    if (name === undefined) {
      if (!this.#rules.allowsAddress(address, port)) return { outcome: 'not-listed', addresses: [] };
      const isAllowed = this.#mayLeadTo(target, address);
      return { outcome: isAllowed ? 'relayed' : 'private-address', addresses: [address] };
    }
    if (!this.#rules.allowsName(name, port)) return { outcome: 'not-listed', addresses: [] };
    if (isHost(name)) return { outcome: 'relayed', addresses: LOOPBACK };
    const found = await this.#lookups.of(name, this.#stop.signal);
    if (found.length === 0) return { outcome: 'unresolved', addresses: [] };
    // The list may have changed meanwhile.
    if (!this.#rules.allowsName(name, port)) return { outcome: 'not-listed', addresses: [] };
    const addresses = found.filter((one) => this.#mayLeadTo(target, one));
    return addresses.length > 0 ? { outcome: 'relayed', addresses } : { outcome: 'private-address', addresses: found };
  }

  #mayLeadTo({ name, port }: Target, address: string): boolean {
    if (name !== undefined && isHost(name)) return true;
    return this.#rules.mayLeadTo(address, port, ownAddresses());
  }
}

/** A connection to one of these addresses, and to nothing else; `undefined` where there is none, or nobody waits. */
function reach(
  host: string,
  port: number,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    const socket = connect({
      host: found.length === 1 ? (found[0]?.address ?? host) : host,
      port,
      allowHalfOpen: true,
      // What was checked is what is connected to.
      lookup: (_host, _options, answer) => answer(null, found),
    });
    const giveUp = (): unknown => socket.destroy();
    const late = setTimeout(giveUp, PATIENCE_MS).unref();
    signal.addEventListener('abort', giveUp, { once: true });
    const decided = (reached: Socket | undefined): void => {
      clearTimeout(late);
      signal.removeEventListener('abort', giveUp);
      resolve(reached);
    };
    socket.once('connect', () => decided(socket));
    socket.once('close', () => decided(undefined));
    socket.on('error', () => {});
    if (signal.aborted) giveUp();
  });
}
