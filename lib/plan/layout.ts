/** Numbers side by side as C lays them out: what stands where, in what is read and written on both sides. Pure. */

/** A number: its signedness and its bits. */
export type Width = 'u32' | 'i32' | 'u64' | 'i64';

/** One number for each name of a table, in the table's order. */
export interface Each {
  readonly each: Width;
  readonly of: Readonly<Record<string, number>>;
}

/** One of the names of a table, as its number. */
export interface OneOf {
  readonly oneOf: Readonly<Record<string, number>>;
}

/** A member of a struct. */
export type Member = Width | Each | OneOf;
/** A struct: its members in their order. */
export type Layout = Readonly<Record<string, Member>>;

/** What a member is on this side. */
type ValueOf<M extends Member> = M extends Width
  ? number
  : M extends Each
    ? Readonly<Record<keyof M['of'] & string, number>>
    : M extends OneOf
      ? keyof M['oneOf'] & string
      : never;
/** What a whole struct is on this side. */
export type ValuesOf<L extends Layout> = { readonly [Name in keyof L]: ValueOf<L[Name]> };

const BYTES: Readonly<Record<Width, number>> = { u32: 4, i32: 4, u64: 8, i64: 8 };
const HALF = 2 ** 32;

/** How wide a member's numbers are, and how many there are. */
export function shapeOf(member: Member): { readonly width: Width; readonly count: number } {
  if (typeof member === 'string') return { width: member, count: 1 };
  return 'each' in member ? { width: member.each, count: Object.keys(member.of).length } : { width: 'u32', count: 1 };
}

/** Where each member of a struct begins. */
export function offsetsOf<L extends Layout>(layout: L): { readonly [Name in keyof L]: number } {
  return walk(layout).offsets as { readonly [Name in keyof L]: number };
}

/** The size of a whole struct, as `sizeof` has it. */
export function sizeOf(layout: Layout): number {
  const { end, alignment } = walk(layout);
  return align(end, alignment);
}

/** Reads a struct from `begin` on. */
export type Reader<L extends Layout> = (bytes: Buffer, begin: number) => ValuesOf<L>;
/** Writes a struct from `begin` on. */
export type Writer<L extends Layout> = (bytes: Buffer, begin: number, values: ValuesOf<L>) => void;

/** The reader of a layout. It throws a RangeError for a number that stands for no name, and where bytes are missing. */
export function readerOf<L extends Layout>(layout: L): Reader<L> {
  const members = membersOf(layout).map(({ name, member, at }) => ({ name, at, read: reading(name, member) }));
  return (bytes, begin) => {
    const values: Record<string, unknown> = {};
    for (const { name, at, read } of members) values[name] = read(bytes, begin + at);
    return values as ValuesOf<L>;
  };
}

/** The writer of a layout. */
export function writerOf<L extends Layout>(layout: L): Writer<L> {
  const members = membersOf(layout).map(({ name, member, at }) => ({ name, at, write: writing(member) }));
  return (bytes, begin, values) => {
    for (const { name, at, write } of members) write(bytes, begin + at, values[name]);
  };
}

function membersOf(layout: Layout): readonly { readonly name: string; readonly member: Member; readonly at: number }[] {
  const { offsets } = walk(layout);
  return Object.entries(layout).map(([name, member]) => ({ name, member, at: offsets[name] ?? 0 }));
}

function reading(what: string, member: Member): (bytes: Buffer, at: number) => unknown {
  if (typeof member === 'string') return READ[member];
  if ('each' in member) {
    const read = READ[member.each];
    const places = Object.keys(member.of).map((name, index) => [name, BYTES[member.each] * index] as const);
    return (bytes, at) => {
      const values: Record<string, number> = {};
      for (const [name, offset] of places) values[name] = read(bytes, at + offset);
      return values;
    };
  }
  const names = new Map(Object.entries(member.oneOf).map(([name, number]) => [number, name]));
  return (bytes, at) => {
    const number = bytes.readUInt32LE(at);
    const name = names.get(number);
    if (name === undefined) throw new RangeError(`${what} cannot be ${number}`);
    return name;
  };
}

function writing(member: Member): (bytes: Buffer, at: number, value: unknown) => void {
  if (typeof member === 'string') return WRITE[member] as (bytes: Buffer, at: number, value: unknown) => void;
  if ('each' in member) {
    const write = WRITE[member.each];
    const places = Object.keys(member.of).map((name, index) => [name, BYTES[member.each] * index] as const);
    return (bytes, at, value) => {
      const values = value as Readonly<Record<string, number>>;
      for (const [name, offset] of places) write(bytes, at + offset, values[name] ?? 0);
    };
  }
  return (bytes, at, value) => WRITE.u32(bytes, at, member.oneOf[value as string] ?? 0);
}

/**
 * Numbers of each width. 64 bits by halves: a BigInt takes ten times as long, and what is above 2^53 is rounded either
 * way.
 */
export const READ: Readonly<Record<Width, (bytes: Buffer, at: number) => number>> = {
  u32: (bytes, at) => bytes.readUInt32LE(at),
  i32: (bytes, at) => bytes.readInt32LE(at),
  u64: (bytes, at) => bytes.readUInt32LE(at + 4) * HALF + bytes.readUInt32LE(at),
  i64: (bytes, at) => bytes.readInt32LE(at + 4) * HALF + bytes.readUInt32LE(at),
};

const WRITE: Readonly<Record<Width, (bytes: Buffer, at: number, value: number) => void>> = {
  u32: (bytes, at, value) => bytes.writeUInt32LE(value, at),
  i32: (bytes, at, value) => bytes.writeInt32LE(value, at),
  u64: (bytes, at, value) => {
    bytes.writeUInt32LE(value % HALF, at);
    bytes.writeUInt32LE(Math.floor(value / HALF), at + 4);
  },
  i64: (bytes, at, value) => {
    const high = Math.floor(value / HALF);
    bytes.writeUInt32LE(value - high * HALF, at);
    bytes.writeInt32LE(high, at + 4);
  },
};

function walk(layout: Layout): {
  readonly offsets: Readonly<Record<string, number>>;
  readonly end: number;
  readonly alignment: number;
} {
  const offsets: Record<string, number> = {};
  let end = 0;
  let alignment = 1;
  for (const [name, member] of Object.entries(layout)) {
    const { width, count } = shapeOf(member);
    alignment = Math.max(alignment, BYTES[width]);
    end = align(end, BYTES[width]);
    offsets[name] = end;
    end += BYTES[width] * count;
  }
  return { offsets, end, alignment };
}

function align(at: number, bytes: number): number {
  return Math.ceil(at / bytes) * bytes;
}
