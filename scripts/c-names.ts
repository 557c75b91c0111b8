/** Names and numbers of the tables in TypeScript, as C writes them. */

import type { Width } from '#lib/plan/layout.js';

/** Of functions, structs and fields: `mountSetattr` is `mount_setattr`. */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Of constants: `mountSetattr` is `MOUNT_SETATTR`. */
export const upper = (name: string): string => snake(name).toUpperCase();

/** Of numbers. */
export const C_TYPES: Readonly<Record<Width, string>> = {
  u32: 'uint32_t',
  i32: 'int32_t',
  u64: 'uint64_t',
  i64: 'int64_t',
};

/** A table of numbers as an enum. */
export function constants(prefix: string, values: Readonly<Record<string, number>>): string {
  const lines = Object.entries(values).map(([name, value]) => `\t${prefix}_${upper(name)} = ${value},`);
  return `enum {\n${lines.join('\n')}\n};\n`;
}
