/**
 * The boundary behind which is what serves and keeps: containers that stay, their files, ports and snapshots. A
 * container of one command does without, unless files of it are collected.
 *
 * Like `engine.ts` an ordinary list of functions, of which `scripts/bundle.ts` makes dist/staying.cjs.
 */

export { collectFrom, collectOfEnded } from './collecting.js';
export { pool } from './pool/pool.js';
export { start } from './start.js';
