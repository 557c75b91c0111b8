/**
 * The boundary behind which the engine is: what compiles plans, starts the launcher and supervises. Importing carrel
 * does not load it; the first call of one of these functions does.
 *
 * Here it is an ordinary list of exports. `scripts/bundle.ts` makes dist/engine.cjs of all that is reached from it
 * alone. In place of these, it gives the doors and the builder functions that load that file and call it. So this list
 * has functions only, and there is no other way to the engine.
 */

export { checkInserted } from '../definition/inserted.js';
export { doctor, isSupported } from '../doctor/doctor.js';
export { installLauncher } from '../launch/install.js';
export { explain } from '../plan/explain.js';
export { run as runPlan, spawn as spawnPlan } from './plan.js';
export { pool } from './pool/pool.js';
export { run } from './run.js';
export { planOf, spawn } from './spawn.js';
export { start } from './start.js';
