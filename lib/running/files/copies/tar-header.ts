/** Headers of tar archives: ustar, PAX, and what GNU tar adds. Pure. tar(5), POSIX pax */

import type { Times } from './entries.js';

/** Headers and contents are padded to so many bytes. */
export const BLOCK = 512;

/** What an entry's header says. */
export interface TarHeader extends Times {
  /** One character: what kind of entry it is. */
  readonly type: string;
  readonly path: Buffer;
  readonly target: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
}

/** What a PAX header says of the entries behind it. */
export type Records = ReadonlyMap<string, Buffer>;

const FIELDS = {
  path: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  target: [157, 100],
  prefix: [345, 155],
} as const;
const TYPE_AT = 156;
/** Of a sparse file of GNU tar: whether a block of its map follows, in its header and in each such block. */
const MAP_AT = { header: 482, map: 504 } as const;
const MAGIC_AT = 257;
const MAGIC = Buffer.from('ustar\x0000', 'latin1');
const SPACE = 0x20;

type Name = keyof typeof FIELDS;

function fieldOf(block: Buffer, name: Name): Buffer {
  const [at, length] = FIELDS[name];
  return block.subarray(at, at + length);
}

function upToNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** In octal digits, or as GNU tar has it, in base 256. `undefined` where it is neither. */
function numberOf(field: Buffer): number | undefined {
  const first = field[0] ?? 0;
  if (first === 0x80 || first === 0xff) {
    // Its first bit says that it is one.
    const value = BigInt.asIntN(8 * field.length - 1, BigInt(`0x${field.toString('hex')}`));
    return Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
  }
  const text = upToNul(field).toString('latin1').trim();
  return text === '' ? 0 : /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

/** Where the sum is, spaces count. */
function sumOf(block: Buffer): number {
  const [at, length] = FIELDS.checksum;
  let sum = 0;
  for (let index = 0; index < BLOCK; index += 1)
    sum += index >= at && index < at + length ? SPACE : (block[index] as number);
  return sum;
}

/** What a block says by itself; `undefined` where it is no header. */
export function readHeader(block: Buffer): TarHeader | undefined {
  const [mode, uid, gid, size, mtime, checksum] = (['mode', 'uid', 'gid', 'size', 'mtime', 'checksum'] as const).map(
    (name) => numberOf(fieldOf(block, name)),
  );
  if (checksum !== sumOf(block) || size === undefined || size < 0) return undefined;
  const isUstar = block.subarray(MAGIC_AT, MAGIC_AT + 6).equals(MAGIC.subarray(0, 6));
  const name = upToNul(fieldOf(block, 'path'));
  const prefix = isUstar ? upToNul(fieldOf(block, 'prefix')) : Buffer.alloc(0);
  const type = String.fromCharCode(block[TYPE_AT] as number);
  return {
    type: type === '\0' || type === '7' ? '0' : type,
    path: prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]),
    target: upToNul(fieldOf(block, 'target')),
    mode: mode ?? 0,
    uid: uid ?? 0,
    gid: gid ?? 0,
    size,
    ...timesOf(mtime ?? 0, 0),
  };
}

/** Whether a block of the map of a sparse file follows on this one. */
export function hasMapBehind(block: Buffer, kind: keyof typeof MAP_AT): boolean {
  return block[MAP_AT[kind]] !== 0;
}

function timesOf(seconds: number, nanoseconds: number): Times {
  return { atimeS: seconds, atimeNs: nanoseconds, mtimeS: seconds, mtimeNs: nanoseconds };
}

/** The keys that say something here. Others are not kept: headers for all that follows may have any number of them. */
const KEYS = /^(?:path|linkpath|size|mtime|atime)$/;
/** What all keys of a sparse file begin with: one is as good as many. */
export const SPARSE = 'GNU.sparse';

/** The records of a PAX header: `LENGTH KEY=VALUE\n` each. `undefined` where it has something else. */
export function readRecords(bytes: Buffer): Map<string, Buffer> | undefined {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(SPACE, at);
    const length = space < 0 ? Number.NaN : decimalOf(bytes.subarray(at, space));
    const equals = bytes.indexOf('=', space);
    const end = at + length;
    if (
      !Number.isSafeInteger(length) ||
      end > bytes.length ||
      equals < space ||
      equals >= end ||
      bytes[end - 1] !== 0x0a
    )
      return undefined;
    const key = bytes.toString('latin1', space + 1, equals);
    if (key.startsWith(SPARSE)) records.set(SPARSE, bytes.subarray(0, 0));
    else if (KEYS.test(key)) records.set(key, bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** What the header says with those before it. `undefined` where they cannot be. */
export function withRecords(header: TarHeader, records: Records): TarHeader | undefined {
  const size = records.get('size');
  const mtime = records.get('mtime');
  const atime = records.get('atime');
  const whole = size === undefined ? header.size : decimalOf(size);
  const changed = mtime === undefined ? undefined : secondsOf(mtime);
  const read = atime === undefined ? changed : secondsOf(atime);
  if (!Number.isSafeInteger(whole)) return undefined;
  return {
    ...header,
    path: records.get('path') ?? header.path,
    target: records.get('linkpath') ?? header.target,
    size: whole,
    ...(changed === undefined ? {} : { mtimeS: changed[0], mtimeNs: changed[1] }),
    ...(read === undefined ? {} : { atimeS: read[0], atimeNs: read[1] }),
  };
}

/** In digits alone: what others read otherwise is an archive that says two things. */
function decimalOf(text: Buffer): number {
  return text.length <= 20 && /^\d+$/.test(text.toString('latin1')) ? Number(text.toString('latin1')) : Number.NaN;
}

function secondsOf(value: Buffer): readonly [seconds: number, nanoseconds: number] | undefined {
  const [, whole, fraction = ''] = /^(-?\d{1,13})(?:\.(\d+))?$/.exec(value.toString('latin1')) ?? [];
  if (whole === undefined) return undefined;
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'));
  // A time before 1970 counts its fraction down.
  if (!whole.startsWith('-') || nanoseconds === 0) return [Number(whole), nanoseconds];
  return [Number(whole) - 1, 1e9 - nanoseconds];
}

const OCTAL_MOST = { uid: 0o7777777, size: 0o77777777777 } as const;

/** A header, with a PAX one before it for what it has no room for. */
export function writeHeader(header: TarHeader): Buffer {
  const records: (readonly [string, Buffer])[] = [];
  const { path, target, size, uid, gid, mtimeS, mtimeNs } = header;
  const add = (key: string, value: Buffer | string): void => void records.push([key, Buffer.from(value as string)]);
  const isText = [path, target].every((name) => Buffer.from(name.toString()).equals(name));
  const isLong = path.length > FIELDS.path[1] || target.length > FIELDS.target[1];
  if (isLong && !isText) add('hdrcharset', 'BINARY');
  if (path.length > FIELDS.path[1]) add('path', path);
  if (target.length > FIELDS.target[1]) add('linkpath', target);
  if (size > OCTAL_MOST.size) add('size', String(size));
  if (uid > OCTAL_MOST.uid) add('uid', String(uid));
  if (gid > OCTAL_MOST.uid) add('gid', String(gid));
  if (mtimeNs !== 0 || mtimeS < 0 || mtimeS > OCTAL_MOST.size) add('mtime', textOf(mtimeS, mtimeNs));
  const block = blockOf(header);
  if (records.length === 0) return block;
  const body = Buffer.concat(records.map(([key, value]) => recordOf(key, value)));
  const pax = { ...header, type: 'x', path: Buffer.from('PaxHeader'), target: Buffer.alloc(0), size: body.length };
  return Buffer.concat([blockOf(pax), body, padding(body.length), block]);
}

function textOf(seconds: number, nanoseconds: number): string {
  const fraction = (value: number): string => String(value).padStart(9, '0');
  if (seconds >= 0 || nanoseconds === 0) return `${seconds}.${fraction(nanoseconds)}`;
  return `-${-seconds - 1}.${fraction(1e9 - nanoseconds)}`;
}

/** Its length counts itself. */
function recordOf(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function blockOf({ type, path, target, mode, uid, gid, size, mtimeS }: TarHeader): Buffer {
  const block = Buffer.alloc(BLOCK);
  const put = (name: Name, value: Buffer | string): void => {
    const [at, length] = FIELDS[name];
    Buffer.from(value as string).copy(block, at, 0, length);
  };
  const octal = (name: Name, value: number): void => {
    const digits = FIELDS[name][1] - 1;
    const most = 8 ** digits - 1;
    put(name, Math.min(Math.max(value, 0), most).toString(8).padStart(digits, '0'));
  };
  put('path', path);
  put('target', target);
  octal('mode', mode);
  octal('uid', uid);
  octal('gid', gid);
  octal('size', size);
  octal('mtime', mtimeS);
  block[TYPE_AT] = type.charCodeAt(0);
  MAGIC.copy(block, MAGIC_AT);
  put('checksum', `${sumOf(block).toString(8).padStart(6, '0')}\0 `);
  return block;
}

/** What follows so many bytes, up to the next block. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}
