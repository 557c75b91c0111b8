/**
 * `carrel/plan`: plans as values. A plan is the ordered list of kernel acts that make a container; `Container` computes
 * one, and you can compose one of steps from `carrel/steps`. It can be read, changed, joined with others,
 * stored, compared and run.
 *
 * ```ts
 * import { exec, mount, propagation } from 'carrel/steps';
 * import { explain, plan, run } from 'carrel/plan';
 *
 * const own = plan({
 *   clone: ['mount'],
 *   steps: [
 *     propagation({ target: '/', type: 'private' }),
 *     mount({ type: 'tmpfs', target: '/mnt' }),
 *     exec({ args: ['/bin/ls', '-la', '/mnt'] }),
 *   ],
 * });
 * console.log(explain(own));
 * console.log((await run(own)).stdout);
 * ```
 *
 * carrel adds nothing to a plan of your own: no limit, no map of ids, no dropped capability that is not a step of it.
 *
 * @packageDocumentation
 */

export { concat, equals, explain, type PlanInput, plan } from './definition/plan.js';
export { parse, stringify } from './definition/plan-json.js';
export type { Namespace } from './plan/constants.js';
export type { Plan } from './plan/plan.js';
export type { ContainerStep, HostStep, ServedStep, Step } from './plan/steps.js';
export { runPlan as run, spawnPlan as spawn } from './running/engine.js';
export type { ServedList } from './running/files/server.js';
export type { RunPlanOptions, SpawnPlanOptions } from './running/plan.js';
