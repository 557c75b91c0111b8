/** Names of the tables in TypeScript, as C writes them. */

/** Of functions, structs and fields: `mountSetattr` is `mount_setattr`. */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Of constants: `mountSetattr` is `MOUNT_SETATTR`. */
export const upper = (name: string): string => snake(name).toUpperCase();
