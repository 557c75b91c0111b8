/** Addresses of IPv4 and IPv6: as text, and as the bytes that the kernel has. inet_pton(3), RFC 5952 */

const IPV4_BYTES = 4;
const GROUPS = 8;

/** The bytes of an address, 4 or 16; `undefined` for what is none. */
export function addressBytes(text: string): Uint8Array | undefined {
  return text.includes(':') ? ipv6Bytes(text) : ipv4Bytes(text);
}

/** An address of 4 or 16 bytes as a text: the longest run of zeros of IPv6 is left out. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === IPV4_BYTES) return bytes.join('.');
  const groups = Array.from({ length: GROUPS }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  const runFrom = (from: number): number => groups.slice(from).findIndex((group) => group !== '0');
  const runs = groups.map((_, from) => (runFrom(from) < 0 ? groups.length - from : runFrom(from)));
  const longest = Math.max(...runs);
  if (longest < 2) return groups.join(':');
  const at = runs.indexOf(longest);
  return `${groups.slice(0, at).join(':')}::${groups.slice(at + longest).join(':')}`;
}

/** Four numbers, each written as no other could be taken for: `010` is 8 to some. */
function ipv4Bytes(text: string): Uint8Array | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  const parts = text.split('.').map(Number);
  return parts.join('.') === text && parts.every((part) => part < 256) ? Uint8Array.from(parts) : undefined;
}

function ipv6Bytes(text: string): Uint8Array | undefined {
  const [left = '', right, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const before = groupBytes(left, right === undefined);
  const after = right === undefined ? [] : groupBytes(right, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = 2 * GROUPS - before.length - after.length;
  if (right === undefined ? missing !== 0 : missing < 2) return undefined;
  return Uint8Array.from([...before, ...new Array<number>(missing).fill(0), ...after]);
}

/** `last`: an address of IPv4 may stand at the end. */
function groupBytes(text: string, last: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes = groups.map((group, index): readonly number[] | undefined => {
    if (last && index === groups.length - 1 && group.includes('.')) {
      const own = ipv4Bytes(group);
      return own === undefined ? undefined : [...own];
    }
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    const number = Number.parseInt(group, 16);
    return [number >> 8, number & 0xff];
  });
  return bytes.includes(undefined) ? undefined : (bytes as readonly (readonly number[])[]).flat();
}
