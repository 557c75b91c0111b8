/** Answers for names: those that are listed have addresses, no others exist. Nothing of it leaves this process. */

import type { Socket } from 'node:net';
import { isName } from '../../plan/egress-list.js';
import type { Attempts } from './connection.js';
import { answerTo, CODE, questionOf, TYPE } from './dns.js';
import type { Names } from './names.js';
import type { Rules } from './rules.js';

/** Milliseconds that a connection has for its next question. RFC 7766, 6.2.3 */
const IDLE_MS = 10_000;
/** In front of each message of a connection. */
const LENGTH_SIZE = 2;

export interface Resolving {
  /** Those that hold now. */
  readonly rules: Rules;
  readonly names: Names;
  readonly attempts: Attempts;
  readonly hasIpv6: boolean;
}

/** The answer to a message; `undefined` where there is none. */
export function resolve(message: Buffer, { rules, names, attempts, hasIpv6 }: Resolving): Buffer | undefined {
  const question = questionOf(message);
  if (question === undefined) return undefined;
  if (typeof question === 'number') return answerTo(message, question, question);
  const { name, type } = question;
  if (!isName(name) || !rules.knows(name)) {
    // Names of addresses are asked for by programs that log.
    if (name !== '' && !name.endsWith('.arpa')) attempts.refuse(name);
    return answerTo(message, question, CODE.noSuchName);
  }
  if (type !== TYPE.a && (type !== TYPE.aaaa || !hasIpv6)) return answerTo(message, question, CODE.noError);
  const addresses = names.of(name);
  if (addresses === undefined) return answerTo(message, question, CODE.serverFailure);
  return answerTo(message, question, CODE.noError, type === TYPE.a ? addresses.ipv4 : addresses.ipv6);
}

/** Answers what is asked by a connection, one after the other. */
export function serve(socket: Socket, resolving: () => Resolving): void {
  let waiting: Buffer = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('end', () => socket.end());
  socket.on('data', (data: Buffer) => {
    waiting = waiting.length === 0 ? data : Buffer.concat([waiting, data]);
    while (waiting.length >= LENGTH_SIZE && waiting.length >= LENGTH_SIZE + waiting.readUInt16BE(0)) {
      const end = LENGTH_SIZE + waiting.readUInt16BE(0);
      const answer = resolve(waiting.subarray(LENGTH_SIZE, end), resolving());
      waiting = waiting.subarray(end);
      if (answer !== undefined && !say(socket, answer)) return;
    }
  });
  socket.resume();
}

/** Who does not read what it has asked for is not answered any more. */
function say(socket: Socket, answer: Buffer): boolean {
  const length = Buffer.alloc(LENGTH_SIZE);
  length.writeUInt16BE(answer.length);
  const isTaken = socket.write(Buffer.concat([length, answer]));
  if (!isTaken) socket.destroy();
  return isTaken;
}
