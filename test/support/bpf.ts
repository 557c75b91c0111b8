/** Classic BPF as the kernel runs it for seccomp(2): what a program says of a call. */

/** What the kernel gives a filter: `struct seccomp_data`. */
export interface Call {
  readonly number: number;
  /** `AUDIT_ARCH_*` of linux/audit.h. */
  readonly arch: number;
  /** Six at most; those that are left out are 0. */
  readonly args?: readonly bigint[];
}

/** Runs the program, and counts its instructions. Throws where the kernel would not have taken it. */
export function runFilter(program: Uint8Array, call: Call): { readonly verdict: number; readonly steps: number } {
  const data = dataOf(call);
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const count = program.byteLength / 8;
  let accumulator = 0;
  let at = 0;
  for (let steps = 1; ; steps += 1) {
    if (!Number.isInteger(at) || at < 0 || at >= count)
      throw new RangeError(`the program goes on at ${at} of ${count}`);
    const code = view.getUint16(at * 8, true);
    const k = view.getUint32(at * 8 + 4, true);
    const jump = (holds: boolean): void => {
      at += view.getUint8(at * 8 + (holds ? 2 : 3));
    };
    switch (code) {
      case 0x20: // BPF_LD | BPF_W | BPF_ABS
        if (k % 4 !== 0 || k >= data.byteLength) throw new RangeError(`a load at ${k}`);
        accumulator = data.getUint32(k, true);
        break;
      case 0x54: // BPF_ALU | BPF_AND | BPF_K
        accumulator = (accumulator & k) >>> 0;
        break;
      case 0x05: // BPF_JMP | BPF_JA
        at += k;
        break;
      case 0x15: // BPF_JMP | BPF_JEQ | BPF_K
        jump(accumulator === k);
        break;
      case 0x25: // BPF_JMP | BPF_JGT | BPF_K
        jump(accumulator > k);
        break;
      case 0x35: // BPF_JMP | BPF_JGE | BPF_K
        jump(accumulator >= k);
        break;
      case 0x45: // BPF_JMP | BPF_JSET | BPF_K
        jump((accumulator & k) !== 0);
        break;
      case 0x06: // BPF_RET | BPF_K
        return { verdict: k, steps };
      default:
        throw new RangeError(`code ${code}`);
    }
    at += 1;
  }
}

/** The call as the kernel has it for a filter: `struct seccomp_data`. */
export function dataOf({ number, arch, args = [] }: Call): DataView {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, true);
  data.setUint32(4, arch, true);
  for (const [index, argument] of args.entries()) data.setBigUint64(16 + 8 * index, argument, true);
  return data;
}
