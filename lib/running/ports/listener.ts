/** A port or a path inside where programs inside connect to the caller. */

import { createServer, type Server, type ServerOpts, type Socket } from 'node:net';
import { StepError } from '../../errors/errors.js';
import type { ServedStep, StepOf } from '../../plan/steps.js';
import type { Asked } from '../files/fault.js';
import { LOOPBACK } from './connect.js';
import { Connections } from './connections.js';
import { listenOn } from './listening.js';
import type { SocketMaker } from './maker.js';
import { type ConnectionHandler, checkHandler, checkTarget, type PortTarget } from './target.js';

/** As Node's own servers have it. */
const BACKLOG = 511;
/** The container has no such loopback address. */
const ABSENT = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'];

type About = Pick<Asked, 'path' | 'address'>;

/**
 * Serves what programs inside connect to. It holds Node until it is closed, the container ends, or `unref()` is called.
 */
export class Listener implements AsyncDisposable {
  readonly #servers: readonly Server[];
  readonly #closed: (one: Listener) => Promise<void>;
  readonly #open: Connections;

  /** @internal */
  constructor(servers: readonly Server[], open: Connections, closed: (one: Listener) => Promise<void>) {
    this.#servers = servers;
    this.#open = open;
    this.#closed = closed;
  }

  /** Lets Node wait for it, as it does by default. */
  ref(): void {
    for (const server of this.#servers) server.ref();
  }

  /** Lets Node end without waiting for it. Connections that are open hold Node still. */
  unref(): void {
    for (const server of this.#servers) server.unref();
  }

  /** Listens no more, and removes the path where it listened. Connections that are open go on. */
  async close(): Promise<void> {
    if (!this.#servers.some((server) => server.listening)) return;
    for (const server of this.#servers) server.close();
    await this.#closed(this);
  }

  /** Listens no more, ends all connections, and waits until they are gone. For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.close(), this.#open.end()]);
  }
}

/** Listens inside, and hands over what comes. */
export async function listen(
  sockets: SocketMaker,
  given: unknown,
  handler: unknown,
  all: Connections,
  forget: (one: Listener) => void,
): Promise<Listener> {
  const target = checkTarget('target', given);
  const taker = checkHandler(handler);
  const open = new Connections(all);
  const servers: Server[] = [];
  for (const descriptor of await listening(sockets, target)) servers.push(await serve(descriptor, taker, open));
  return new Listener(servers, open, async (one) => {
    forget(one);
    if (typeof target !== 'number') await sockets.remove(target.path);
  });
}

/** What listens at the target: on both loopback addresses, as far as there are two. */
async function listening(sockets: SocketMaker, target: PortTarget): Promise<readonly number[]> {
  const make = (
    domain: StepOf<'socket'>['domain'],
    bind: (slot: number) => ServedStep,
    asked: About,
  ): Promise<number> => {
    const steps = (slot: number): readonly ServedStep[] => [
      { op: 'socket', slot, domain },
      bind(slot),
      { op: 'listen', slot, backlog: BACKLOG },
    ];
    return sockets.make(steps, { syscall: 'bind', ...asked });
  };
  if (typeof target !== 'number') {
    const { path } = target;
    return [await make('unix', (slot) => ({ op: 'bindUnix', slot, path }), { path })];
  }
  const at = (domain: keyof typeof LOOPBACK): Promise<number> =>
    make(domain, (slot) => ({ op: 'bindTcp', slot, port: target }), { address: `${LOOPBACK[domain]}:${target}` });
  const first = await at('ipv4');
  try {
    return [first, await at('ipv6')];
  } catch (error) {
    if (error instanceof StepError && ABSENT.includes(error.code)) return [first];
    sockets.drop(first);
    throw error;
  }
}

/** A server of Node's on what listens already; what it accepts it hands over. */
async function serve(descriptor: number, taker: ConnectionHandler, open: Connections): Promise<Server> {
  const server = createServer(typeof taker === 'function' ? {} : optionsOf(taker));
  server.on('connection', (socket: Socket) => {
    open.keep(socket);
    if (typeof taker === 'function') taker(socket);
    else taker.emit('connection', socket);
  });
  await listenOn(server, { fd: descriptor });
  return server;
}

/** The caller's server is told of connections only: how they are made it has said to its own sockets. */
function optionsOf(server: Server): ServerOpts {
  const { allowHalfOpen, pauseOnConnect, noDelay, keepAlive, highWaterMark } = server as Server & ServerOpts;
  const given = { allowHalfOpen, pauseOnConnect, noDelay, keepAlive, highWaterMark };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
