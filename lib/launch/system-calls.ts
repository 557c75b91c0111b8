/**
 * The system calls of the addon, as they are: numbers for flags and descriptors, buffers that end with NUL for texts,
 * `null` for none. Each is one call in the calling thread, and throws its negative errno. What they are called outside
 * is lib/syscalls/.
 */

/** A text as bytes that end with NUL. */
export type CString = Uint8Array;

export interface SystemCalls {
  mount(source: CString | null, target: CString, type: CString | null, flags: number, data: CString | null): void;
  umount2(target: CString, flags: number): void;
  pivotRoot(newRoot: CString, putOld: CString): void;
  fsopen(type: CString): number;
  fspick(directory: number, path: CString, flags: number): number;
  fsconfig(context: number, command: number, key: CString | null, value: CString | null, aux: number): void;
  fsmount(context: number, attributes: number): number;
  openTree(directory: number, path: CString, flags: number): number;
  moveMount(fromDirectory: number, from: CString, toDirectory: number, to: CString, flags: number): void;
  mountSetattr(
    directory: number,
    path: CString,
    flags: number,
    set: number,
    clear: number,
    propagation: number,
    userNamespace: number,
  ): void;

  openat2(directory: number, path: CString, flags: number, mode: number, resolve: number): number;
  chroot(path: CString): void;
  unshare(flags: number): void;
  setns(descriptor: number, types: number): void;
  /** Not ended by NUL: the call takes a length. */
  sethostname(name: Uint8Array): void;
  /** Not ended by NUL. */
  setdomainname(name: Uint8Array): void;
  /** For options whose arguments are no pointers. */
  prctl(option: number, a: number, b: number): number;
  /** For options that store one int where their argument points. */
  prctlRead(option: number): number;

  /** Effective, permitted, inheritable. */
  capget(thread: number): [bigint, bigint, bigint];
  capset(effective: bigint, permitted: bigint, inheritable: bigint): void;
  /** Ids of 32 bits each, in the machine's order. */
  setgroups(ids: Uint8Array): void;
  setresuid(real: number, effective: number, saved: number): void;
  setresgid(real: number, effective: number, saved: number): void;

  pidfdOpen(pid: number, flags: number): number;
  pidfdSendSignal(process: number, signal: number): void;
  pidfdGetfd(process: number, descriptor: number): number;
}
