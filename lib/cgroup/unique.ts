/** Names of cgroups, units and containers that nobody else has. */

/**
 * The process is for humans. It may have another number where somebody else makes cgroups in the same place, and its
 * threads have the same one.
 */
export function uniqueName(): string {
  return `${process.pid}-${randomHex(8)}`;
}

/** `node:crypto` is not imported: to load it takes a while, and few containers need a name. */
export function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex');
}
