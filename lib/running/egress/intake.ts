/**
 * What comes in by the sockets that Node has of a gateway: datagrams, and connections. Node's own sockets cannot be
 * told to wait. So an intake that rests closes its own, and makes another one of the same descriptor later.
 */

import { createSocket, type RemoteInfo } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { native } from '../../launch/native.js';
import { Pace } from './pace.js';

/** Questions and connections in a tenth of a second. */
const DATAGRAMS_MOST = 1000;
const CONNECTIONS_MOST = 200;

interface Closable {
  close(): unknown;
}

/** Why nothing is taken: too much has come in a while, or too much is open. */
type Obstacle = 'pace' | 'room';

/** One socket, from which something is taken. */
export class Intake {
  readonly #make: () => Closable;
  readonly #pace: Pace;
  readonly #obstacles = new Set<Obstacle>();
  #socket: Closable | undefined;

  constructor(most: number, make: (count: () => void) => Closable) {
    this.#pace = new Pace(
      most,
      () => this.rest('pace'),
      () => this.goOn('pace'),
    );
    this.#make = () => make(() => this.#pace.count());
    this.#socket = this.#make();
  }

  /** Takes nothing as long as there is an obstacle. */
  rest(obstacle: Obstacle): void {
    this.#obstacles.add(obstacle);
    this.#close();
  }

  goOn(obstacle: Obstacle): void {
    this.#obstacles.delete(obstacle);
    if (this.#obstacles.size === 0) this.#socket ??= this.#make();
  }

  /** Takes nothing any more. */
  end(): void {
    this.#pace.end();
    this.rest('room');
  }

  #close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}

/** Datagrams: each may be answered. */
export function takeDatagrams(descriptor: number, answer: (message: Buffer) => Buffer | undefined): Intake {
  return new Intake(DATAGRAMS_MOST, (count) => {
    // An address is one already.
    const socket = createSocket({ type: 'udp4', lookup: (address, _options, found) => found(null, address, 4) });
    socket.on('error', () => {});
    socket.on('message', (message: Buffer, { port, address }: RemoteInfo) => {
      const said = answer(message);
      if (said !== undefined) socket.send(said, port, address, () => {});
      // The last: it may close the socket.
      count();
    });
    socket.bind({ fd: native().duplicate(descriptor), exclusive: true });
    socket.unref();
    return socket;
  });
}

/** Connections, which are paused. */
export function takeConnections(descriptor: number, taker: (socket: Socket) => void): Intake {
  return new Intake(CONNECTIONS_MOST, (count) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.on('error', () => {});
    server.on('connection', (socket: Socket) => {
      count();
      socket.unref();
      taker(socket);
    });
    server.listen({ fd: native().duplicate(descriptor), exclusive: true });
    server.unref();
    return server;
  });
}
