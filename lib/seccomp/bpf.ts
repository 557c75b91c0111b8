/**
 * Rules → a filter as the kernel takes it: classic BPF. Pure. seccomp(2)
 *
 * ```
 * architecture? no → the process is killed
 * number: x32? → ENOSYS
 * a balanced tree of comparisons with the number, whose leaves are verdicts, or the cases of one call
 * each call's cases: comparisons with halves of arguments, since the machine has 32 bits
 * ```
 *
 * A program is written from its end: every jump goes forward, so that where it leads is there already.
 */

import type { SeccompArgument } from '../definition/seccomp.js';
import { SECCOMP_ACTIONS } from '../plan/constants.js';
import { type Case, type Rules, type Verdict, verdictOf } from './rules.js';
import type { Architecture } from './syscalls.js';

/** `AUDIT_ARCH_*` of linux/audit.h. */
export const AUDIT_ARCH: Readonly<Record<Architecture, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };
/**
 * `__X32_SYSCALL_BIT` of asm/unistd.h: the same calls with pointers of 32 bits. Minus one is above it, which a tracer
 * sets so that no call is made.
 */
const X32 = 0x40000000;
/** What a kernel without x32 says: ENOSYS. */
const NO_SUCH_CALL = verdictOf('SCMP_ACT_ERRNO', 38);
/** Else such a program goes on, and each of its calls means another one. Linux 4.14 */
const FOREIGN = SECCOMP_ACTIONS.SCMP_ACT_KILL_PROCESS;
/** `BPF_MAXINSNS` of linux/bpf_common.h. */
export const PROGRAM_MAX = 4096;

/** An instruction: `struct sock_filter` of linux/filter.h, eight bytes. */
export interface Instruction {
  readonly code: number;
  /** How many instructions are left out where the comparison holds. */
  readonly jt: number;
  /** How many where it does not. */
  readonly jf: number;
  readonly k: number;
}

/** Codes of linux/bpf_common.h. */
const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
const JUMP = 0x05; // BPF_JMP | BPF_JA
const EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const GREATER = 0x25; // BPF_JMP | BPF_JGT | BPF_K
const AT_LEAST = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const SET = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

/** Where things are in `struct seccomp_data`, seccomp(2). */
const NUMBER = 0;
const ARCH = 4;
const argumentLow = (index: number): number => 16 + 8 * index;
const argumentHigh = (index: number): number => argumentLow(index) + 4;

/** A place in a program: how many instructions come after it. */
type Label = number;

/** What becomes of all numbers from `from` on, up to the next one. */
interface Range {
  readonly from: number;
  readonly leaf: Verdict | readonly Case[];
}

/** The program of these rules, or `undefined` where it is longer than the kernel takes. */
export function instructionsOf(rules: Rules): readonly Instruction[] | undefined {
  const program = new Program();
  const begin = program.search(rangesOf(rules), CALLS_END, rules.otherwise);
  program.load(NUMBER, begin);
  const known = program.here;
  const foreign = program.verdict(FOREIGN);
  program.compare(EQUAL, AUDIT_ARCH[rules.arch], known, foreign);
  program.load(ARCH, program.here);
  const { instructions } = program;
  return instructions.length > PROGRAM_MAX ? undefined : instructions;
}

/** As the kernel reads it, little-endian. */
export function bytesOf(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, { code, jt, jf, k }] of instructions.entries()) {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, jt);
    view.setUint8(index * 8 + 3, jf);
    view.setUint32(index * 8 + 4, k, true);
  }
  return bytes;
}

/** Allows every call, for the sake of its listener. */
export const ALLOW_ALL: Uint8Array = bytesOf([{ code: RETURN, jt: 0, jf: 0, k: SECCOMP_ACTIONS.SCMP_ACT_ALLOW }]);

/** From 0 on, in order; neighbours differ. */
function rangesOf({ arch, otherwise, calls }: Rules): readonly Range[] {
  const ranges: Range[] = [];
  const add = (from: number, leaf: Range['leaf']): void => {
    if (ranges.at(-1)?.leaf !== leaf) ranges.push({ from, leaf });
  };
  let next = 0;
  for (const number of [...calls.keys()].sort((a, b) => a - b)) {
    if (number > next) add(next, otherwise);
    const cases = calls.get(number) ?? [];
    add(number, cases[0]?.args.length === 0 ? cases[0].verdict : cases);
    next = number + 1;
  }
  add(next, otherwise);
  if (arch === 'x64') add(X32, NO_SUCH_CALL);
  return ranges;
}

/** Instructions from the end on. What is asked for comes in front of what is there. */
class Program {
  readonly #reversed: Instruction[] = [];
  /** Where cases are, by what they say. */
  readonly #written = new Map<string, Label>();
  /** Where each verdict was returned last. */
  readonly #verdicts = new Map<Verdict, Label>();

  get instructions(): readonly Instruction[] {
    return [...this.#reversed].reverse();
  }

  /** The instruction that is in front. */
  get here(): Label {
    return this.#reversed.length;
  }

  /** Looks for the range of the number that is loaded, which is below `end`. */
  search(ranges: readonly Range[], end: number, otherwise: Verdict): Label {
    const [first, ...others] = ranges;
    if (first === undefined) return this.verdict(otherwise);
    if (others.length === 0)
      return typeof first.leaf === 'number' ? this.verdict(first.leaf) : this.#shared(first.leaf, otherwise);
    const middle = middleOf(ranges, end);
    const from = ranges[middle]?.from ?? 0;
    const above = this.search(ranges.slice(middle), end, otherwise);
    const below = this.search(ranges.slice(0, middle), from, otherwise);
    return this.compare(AT_LEAST, from, above, below);
  }

  /** Returns `verdict`: there, where it is near enough that a jump may reach it, else here. */
  verdict(verdict: Verdict): Label {
    const known = this.#verdicts.get(verdict);
    // A tree of this size is between here and the comparison that leads there, at most.
    if (known !== undefined && this.here - known < NEAR) return known;
    const label = this.#put({ code: RETURN, jt: 0, jf: 0, k: verdict });
    this.#verdicts.set(verdict, label);
    return label;
  }

  load(offset: number, next: Label): Label {
    this.#reach(next);
    return this.#put({ code: LOAD, jt: 0, jf: 0, k: offset });
  }

  /** Goes on at `holds` where what is loaded compares so with `k`, else at `fails`. */
  compare(code: number, k: number, holds: Label, fails: Label): Label {
    // The second way station moves the first one away by one.
    const far = (label: Label, more: number): Label => (this.here - label + more > 255 ? this.#jump(label) : label);
    const nearHolds = far(holds, 1);
    const nearFails = far(fails, 0);
    return this.#put({ code, jt: this.here - nearHolds, jf: this.here - nearFails, k });
  }

  /** The same cases of another call, where there are some. */
  #shared(cases: readonly Case[], otherwise: Verdict): Label {
    const key = JSON.stringify(cases);
    const label = this.#written.get(key) ?? this.#cases(cases, otherwise);
    this.#written.set(key, label);
    return label;
  }

  /** The cases of one call, one after the other. */
  #cases(cases: readonly Case[], otherwise: Verdict): Label {
    let next = this.verdict(otherwise);
    for (const { verdict, args, bits } of withBits(cases).reverse()) {
      let holds = this.verdict(verdict);
      if (bits !== undefined) holds = this.#anyBit(args[0]?.index ?? 0, bits, holds, next);
      else if (args.length === 1 && args[0] !== undefined && this.#isLoaded(args[0], next))
        holds = this.#sameLoad(args[0], holds);
      else for (const one of [...args].reverse()) holds = this.#argument(one, holds, next);
      next = holds;
    }
    return next;
  }

  #anyBit(index: number, bits: number, holds: Label, fails: Label): Label {
    return this.load(argumentLow(index), this.compare(SET, bits, holds, fails));
  }

  /** Whether what is in front, at `next`, begins with the load and the mask that `one` needs. */
  #isLoaded({ index, op, value }: SeccompArgument, next: Label): boolean {
    const [high, mask] = halves(value);
    const [first, second] = [this.#reversed.at(-1), this.#reversed.at(-2)];
    if (op !== 'SCMP_CMP_MASKED_EQ' || high !== 0 || next !== this.here) return false;
    if (first?.code !== LOAD || first.k !== argumentLow(index)) return false;
    return mask === 0xffffffff ? second?.code === EQUAL : second?.code === AND && second.k === mask;
  }

  /** The comparison `one` between that load and what follows it, which goes on where this one fails. */
  #sameLoad({ value, valueTwo = 0 }: SeccompArgument, holds: Label): Label {
    const load = this.#reversed.pop() as Instruction;
    const mask = halves(value)[1] === 0xffffffff ? undefined : (this.#reversed.pop() as Instruction);
    this.compare(EQUAL, halves(valueTwo)[1], holds, this.here);
    if (mask !== undefined) this.#put(mask);
    return this.#put(load);
  }

  #argument({ index, op, value, valueTwo = 0 }: SeccompArgument, holds: Label, fails: Label): Label {
    const [high, low] = halves(value);
    const halve = (code: number, less: Label, more: Label): Label => {
      const lower = this.#half(argumentLow(index), code, low, more, less);
      const same = this.compare(EQUAL, high, lower, less);
      return this.load(argumentHigh(index), this.compare(GREATER, high, more, same));
    };
    switch (op) {
      case 'SCMP_CMP_EQ':
        return this.#equal(index, [0xffffffff, 0xffffffff], [high, low], holds, fails);
      case 'SCMP_CMP_NE':
        return this.#equal(index, [0xffffffff, 0xffffffff], [high, low], fails, holds);
      case 'SCMP_CMP_MASKED_EQ':
        return this.#equal(index, [high, low], halves(valueTwo), holds, fails);
      case 'SCMP_CMP_GT':
        return halve(GREATER, fails, holds);
      case 'SCMP_CMP_GE':
        return halve(AT_LEAST, fails, holds);
      case 'SCMP_CMP_LE':
        return halve(GREATER, holds, fails);
      case 'SCMP_CMP_LT':
        return halve(AT_LEAST, holds, fails);
    }
  }

  #equal(
    index: number,
    [maskHigh, maskLow]: readonly [number, number],
    [high, low]: readonly [number, number],
    holds: Label,
    fails: Label,
  ): Label {
    const lower = maskLow === 0 ? holds : this.#masked(argumentLow(index), maskLow, low, holds, fails);
    return maskHigh === 0 ? lower : this.#masked(argumentHigh(index), maskHigh, high, lower, fails);
  }

  #masked(offset: number, mask: number, value: number, holds: Label, fails: Label): Label {
    const compared = this.compare(EQUAL, value, holds, fails);
    if (mask === 0xffffffff) return this.load(offset, compared);
    this.#put({ code: AND, jt: 0, jf: 0, k: mask });
    return this.load(offset, this.here);
  }

  #half(offset: number, code: number, k: number, holds: Label, fails: Label): Label {
    return this.load(offset, this.compare(code, k, holds, fails));
  }

  /** Has what follows go on at `label`, which may be behind something else. */
  #reach(label: Label): void {
    if (label !== this.here) this.#jump(label);
  }

  #jump(label: Label): Label {
    return this.#put({ code: JUMP, jt: 0, jf: 0, k: this.here - label });
  }

  #put(instruction: Instruction): Label {
    this.#reversed.push(instruction);
    return this.here;
  }
}

/** Neighbours of one verdict, each about one bit of an int that is set, are one comparison about any of them. */
function withBits(cases: readonly Case[]): (Case & { readonly bits?: number })[] {
  const all: (Case & { readonly bits?: number })[] = [];
  for (const one of cases) {
    const [argument, ...others] = one.args;
    const bit = argument === undefined || others.length > 0 ? undefined : bitOf(argument);
    const last = all.at(-1);
    const isSame = last?.bits !== undefined && last.verdict === one.verdict && last.args[0]?.index === argument?.index;
    if (bit === undefined) all.push(one);
    else if (isSame) all.splice(-1, 1, { ...last, bits: ((last.bits ?? 0) | bit) >>> 0 });
    else all.push({ ...one, bits: bit });
  }
  return all;
}

function bitOf({ op, value, valueTwo = 0 }: SeccompArgument): number | undefined {
  const [high, low] = halves(value);
  const isBit = high === 0 && low !== 0 && (low & (low - 1)) === 0;
  return op === 'SCMP_CMP_MASKED_EQ' && isBit && BigInt(valueTwo) === BigInt(value) ? low : undefined;
}

/** A verdict is repeated beyond this distance: a jump reaches 255 instructions. */
const NEAR = 100;

/**
 * Where to divide ranges so that each half has as many numbers: when a filter is loaded the kernel runs it for every
 * call that there is, to know which are always allowed. Linux 5.11
 */
function middleOf(ranges: readonly Range[], end: number): number {
  const half = ((ranges[0]?.from ?? 0) + end) / 2;
  const distances = ranges.map(({ from }) => Math.abs(from - half));
  // Not in front of the first one: that divides nothing.
  return distances.reduce(
    (best, distance, index) => (index > 0 && distance < (distances[best] ?? 0) ? index : best),
    1,
  );
}

/** The numbers of calls are below it. */
const CALLS_END = 512;

function halves(value: number | string): readonly [high: number, low: number] {
  const number = BigInt(value);
  return [Number(number >> 32n), Number(number & 0xffffffffn)];
}
