/** A system call that a container's filter has refused. */

import { errorName } from '../errors/errors.js';
import { addressText } from '../plan/addresses.js';
import type { MessageOf } from '../plan/messages.js';
import { toldOf } from '../seccomp/report.js';
import { type Architecture, SYSCALLS } from '../seccomp/syscalls.js';

/** A refused system call. All but `syscall` and `code` is what the program says of itself, and not to be trusted. */
export interface Violation {
  /** When it was refused, in milliseconds since 1970, by the host's clock. */
  readonly timeMs: number;
  /** The process that has made the call, as the host numbers it. */
  readonly pid: number;
  /** What it is called, as ps(1) shows it: up to 15 bytes; empty where /proc does not tell. proc_pid_comm(5) */
  readonly program: string;
  /** The call's name; `syscall_1000` where carrel knows none. */
  readonly syscall: string;
  /** The path that it is about, as the program wrote it, up to 1,024 bytes. Of two paths the one that changes. */
  readonly path?: string;
  /**
   * Where it would have connected, bound or sent to: `192.0.2.1:80`, `[2001:db8::1]:80`, the path of a unix socket, or
   * `@` and its abstract name. Of socket(2), and for other families, the family: `AF_PACKET`.
   */
  readonly address?: string;
  /** What it was answered with, such as `EPERM`. */
  readonly code: string;
}

/** What a notice says. */
export function violationOf(notice: MessageOf<'violation'>): Violation {
  const { timeS, timeUs, argument, pid, call, error, nameLength, bytes } = notice;
  const syscall = names().get(call) ?? `syscall_${call}`;
  const rest = bytes.subarray(nameLength);
  return Object.freeze({
    timeMs: timeS * 1e3 + timeUs / 1e3,
    pid,
    program: bytes.toString('utf8', 0, nameLength),
    syscall,
    ...about(syscall, argument, rest),
    code: errorName(error),
  });
}

function about(syscall: string, argument: number, bytes: Buffer): Pick<Violation, 'path' | 'address'> {
  const told = toldOf(syscall);
  switch (told) {
    case undefined:
      return {};
    case 'family':
      return { address: familyName(argument) };
    case 'path':
      return bytes.length === 0 ? {} : { path: cString(bytes) };
    case 'address':
      return bytes.length < FAMILY_BYTES ? {} : { address: addressOf(bytes) };
    default:
      return told satisfies never;
  }
}

const FAMILY_BYTES = 2;
const UNIX = 1;
const INET = 2;
const INET6 = 10;
/** Bytes of a `struct sockaddr_in` and `sockaddr_in6` up to the end of the address. */
const INET_BYTES = 8;
const INET6_BYTES = 24;

/** A `struct sockaddr`. */
function addressOf(bytes: Buffer): string {
  const family = bytes.readUInt16LE(0);
  if (family === UNIX) return unixName(bytes.subarray(FAMILY_BYTES));
  if (family === INET && bytes.length >= INET_BYTES)
    return `${addressText(bytes.subarray(4, 8))}:${bytes.readUInt16BE(2)}`;
  if (family === INET6 && bytes.length >= INET6_BYTES)
    return `[${addressText(bytes.subarray(8, 24))}]:${bytes.readUInt16BE(2)}`;
  return familyName(family);
}

/** unix(7): an abstract name begins with NUL, and ends with the address. */
function unixName(bytes: Buffer): string {
  if (bytes.length === 0) return familyName(UNIX);
  return bytes[0] === 0 ? `@${bytes.toString('utf8', 1)}` : cString(bytes);
}

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

/** By number, socket(2) and linux/socket.h. */
const FAMILIES: readonly string[] = (
  'UNSPEC UNIX INET AX25 IPX APPLETALK NETROM BRIDGE ATMPVC X25 INET6 ROSE DECnet NETBEUI SECURITY KEY NETLINK ' +
  'PACKET ASH ECONET ATMSVC RDS SNA IRDA PPPOX WANPIPE LLC IB MPLS CAN TIPC BLUETOOTH IUCV RXRPC ISDN PHONET ' +
  'IEEE802154 CAIF ALG NFC VSOCK KCM QIPCRTR SMC XDP MCTP'
).split(' ');

function familyName(family: number): string {
  const name = FAMILIES[family];
  return name === undefined ? `family ${family}` : `AF_${name}`;
}

let known: ReadonlyMap<number, string> | undefined;

/** The names of this machine's calls. */
function names(): ReadonlyMap<number, string> {
  known ??= new Map(Object.entries(SYSCALLS[process.arch as Architecture]).map(([name, number]) => [number, name]));
  return known;
}
