/**
 * What the kernel counts for a user and not for a container: a container gets less of it than its caller has, so that
 * what a container uses up is not the caller's too. user_namespaces(7) has no walls here.
 */

import type { LimitValue, ResourceLimits } from '../definition/rlimits.js';
import { type Host, hasCapability } from '../host/facts.js';
import { type IdPlan, ownsAllIds } from './ids.js';

/** Of what the caller may open. */
const DESCRIPTORS = 3 / 4;

/**
 * Limits of the command that nobody has asked for. As many descriptors of a user may be under way in sockets as the
 * process that sends the next one may open. Where the container is the caller's own user, it gets fewer. Otherwise it
 * could fill that, and carrel could send its next launcher no plan. unix(7), ETOOMANYREFS
 */
export function impliedLimits(ids: IdPlan, host: Host): ResourceLimits {
  const { nofile } = host.rlimits;
  const isCounted = !(hasCapability(host, 'CAP_SYS_RESOURCE') && ownsAllIds(host));
  if (ids.kind === 'range' || !isCounted || nofile === undefined || nofile.soft === 'unlimited') return {};
  const hard = Math.floor(nofile.soft * DESCRIPTORS);
  return { nofile: { soft: smaller(nofile.soft, hard), hard } };
}

function smaller(limit: LimitValue, than: number): number {
  return limit === 'unlimited' ? than : Math.min(limit, than);
}
