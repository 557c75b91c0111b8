/**
 * The boundary behind which is what answers for names, and relays what a list allows. Containers without one do not
 * load it. `scripts/bundle.ts` makes dist/egress.cjs of it.
 */

export { openEgress } from './egress/egress.js';
