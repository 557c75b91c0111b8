/** Names of cgroups and units that nobody else has. */

/**
 * The process is for humans. It may have another number where somebody else makes cgroups in the same place, and its
 * threads have the same one. `node:crypto` is not imported: to load it takes a while, and few containers need a name.
 */
export function uniqueName(): string {
  return `${process.pid}-${Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex')}`;
}
