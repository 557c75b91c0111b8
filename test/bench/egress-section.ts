/** The table about `network({ allow })`, of what a run found. */

import { ratio, spread } from './cells.js';
import type { Section } from './report.js';
import type { Results } from './results.js';
import type { Summary } from './statistics.js';

export function egressSection({ egress }: Results): Section {
  const row = (what: string, of: Summary, to: Summary, unit: number): readonly string[] => [
    ...[what, ...spread(of, unit, 2), ...spread(to, unit, 2), ratio(of, to)],
  ];
  const rate = egress?.answersPerSecond.toFixed(0);
  return {
    title: 'What a container may reach, by `network({ allow })`',
    note:
      'Starts with a list take turns with starts without, in blocks: the launcher makes its spare like the last one. ' +
      'Bytes are relayed from a server outside to a program inside, beside a relay of Node’s own sockets and ' +
      '`pipe()`, between the same two programs on loopback. The last is a name that is looked up, connected to, and ' +
      `says a byte. The resolver answered ${rate} questions a second, 32 in flight; it takes up to 10,000 of one ` +
      'container.',
    head: ['what', 'median ms', 'p10–p90 ms', 'without: median ms', 'p10–p90 ms', '×'],
    rows:
      egress === undefined
        ? []
        : [
            row('a start', egress.listedNs, egress.plainNs, 1e6),
            row(`${egress.bytes / 2 ** 20} MB, relayed`, egress.relayedMs, egress.nodeMs, 1),
            row('a name', egress.nameMs, egress.loopbackMs, 1),
          ],
  };
}
