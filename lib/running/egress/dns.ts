/** Questions and answers of DNS, as far as a resolver needs them that knows addresses only. RFC 1035 */

const HEAD = 12;
const LABEL_MOST = 63;
const NAME_MOST = 255;
const CLASS_IN = 1;
const RECORD_HEAD = 12;
/** Seconds that an answer counts. Addresses stay what they are; the list may change. */
const TTL_S = 60;

/** Kinds of record. */
export const TYPE = { a: 1, aaaa: 28 } as const;

/** How an answer is meant. */
export const CODE = { noError: 0, formatError: 1, serverFailure: 2, noSuchName: 3, notImplemented: 4 } as const;

export interface Question {
  /** In lower case, with dots between its labels. What is no letter, digit, `-` or `_` in it stands as it came. */
  readonly name: string;
  readonly type: number;
  /** Where it ends in the message. */
  readonly end: number;
}

/**
 * The question of a message; a code where it cannot be answered; `undefined` where it is to be ignored: it is no
 * question at all.
 */
export function questionOf(message: Buffer): Question | number | undefined {
  if (message.length < HEAD || (message.readUInt8(2) & 0x80) !== 0) return undefined;
  if ((message.readUInt8(2) & 0x78) !== 0) return CODE.notImplemented;
  if (message.readUInt16BE(4) !== 1) return CODE.formatError;
  const labels: string[] = [];
  let at = HEAD;
  for (;;) {
    const length = message[at];
    // Nobody compresses the only name in front of all others.
    if (length === undefined || length > LABEL_MOST || at + length + 1 >= message.length) return CODE.formatError;
    at += 1;
    if (length === 0) break;
    // The zero that ends it is one of them.
    if (at + length - HEAD >= NAME_MOST) return CODE.formatError;
    labels.push(message.toString('latin1', at, at + length));
    at += length;
  }
  if (at + 4 > message.length) return CODE.formatError;
  const type = message.readUInt16BE(at);
  if (message.readUInt16BE(at + 2) !== CLASS_IN) return CODE.notImplemented;
  return { name: labels.join('.').toLowerCase(), type, end: at + 4 };
}

/** The answer to a message: with the question, if it was understood, and with an address, if there is one. */
export function answerTo(message: Buffer, question: Question | number, code: number, address?: Uint8Array): Buffer {
  const asked = typeof question === 'number' ? HEAD : question.end;
  const answer = Buffer.alloc(asked + (address === undefined ? 0 : RECORD_HEAD + address.length));
  message.copy(answer, 0, 0, asked);
  // It is a response, by who can ask others, to who has or has not wanted that.
  answer.writeUInt8(0x80 | (message.readUInt8(2) & 0x79), 2);
  answer.writeUInt8(0x80 | code, 3);
  answer.writeUInt16BE(typeof question === 'number' ? 0 : 1, 4);
  answer.writeUInt16BE(address === undefined ? 0 : 1, 6);
  answer.writeUInt32BE(0, 8);
  if (address === undefined) return answer;
  // The name is that of the question.
  answer.writeUInt16BE(0xc000 | HEAD, asked);
  answer.writeUInt16BE(address.length === 4 ? TYPE.a : TYPE.aaaa, asked + 2);
  answer.writeUInt16BE(CLASS_IN, asked + 4);
  answer.writeUInt32BE(TTL_S, asked + 6);
  answer.writeUInt16BE(address.length, asked + 10);
  answer.set(address, asked + RECORD_HEAD);
  return answer;
}
