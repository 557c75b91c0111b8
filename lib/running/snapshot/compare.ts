/** Compares what a container has written with what was there before. */

import { readFileSync } from 'node:fs';
import { setupUser } from '../../compile/ids.js';
import type { User } from '../../definition/user.js';
import { hasEnded } from '../../errors/errors.js';
import { idRanges } from '../../host/parsers.js';
import { probe } from '../../host/probe.js';
import { Bounds } from './bounds.js';
import { type Change, Comparison } from './changes.js';
import { Keeper } from './keeper.js';
import { madeBy } from './made.js';
import { TOP } from './walk.js';
import { givenPlaces, type Written } from './written.js';

/** What {@link RunningContainer.changes} does. */
export async function listChanges(written: Written): Promise<readonly Change[]> {
  const { places, given } = givenPlaces(written, 'changes()');
  const { user, ids, supervision } = written;
  const layers = [...new Set(places.flatMap(({ overlay }) => overlay?.lower ?? []))];
  const keeper = new Keeper(
    { user, ids, places: places.length, layers, directory: undefined, snapshots: [] },
    given,
    Bounds.ofChanges(),
  );
  const over = (): void => keeper.stop(hasEnded('changes()'));
  supervision.ended.then(over, over);
  try {
    const made = madeBy(supervision.plan.steps, new Set(places.map(({ target }) => target)));
    const changes: Change[] = [];
    for (const [index, place] of places.entries()) {
      const slots = (place.overlay?.lower ?? []).map((path) => keeper.slots.layers[layers.indexOf(path)] ?? 0);
      const slot = keeper.slots.places[index] ?? 0;
      const comparison = new Comparison(keeper, {
        place,
        slot,
        under: { slots, path: TOP },
        made,
        maker: makerOf(written),
      });
      changes.push(...(await comparison.run()));
    }
    keeper.mustRun();
    return Object.freeze(changes.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path))));
  } finally {
    await keeper.end(hasEnded('changes()'));
  }
}

/** Whose is what the plan makes before the command runs. */
function makerOf({ ids, supervision }: Written): User {
  const host = probe();
  const first = setupUser(ids, host);
  if (first !== undefined) return first;
  if (ids.kind === 'one') return { uid: ids.uid, gid: ids.gid };
  if (ids.kind !== 'joined') return { uid: host.uid, gid: host.gid };
  const pid = supervision.state.command?.first ?? 0;
  return { uid: inside(`/proc/${pid}/uid_map`, host.uid), gid: inside(`/proc/${pid}/gid_map`, host.gid) };
}

/** What an id of the caller's is in a user namespace that was joined: only the kernel knows its map. */
function inside(path: string, id: number): number {
  let map = '';
  try {
    map = readFileSync(path, 'utf8');
  } catch {
    // The container has ended, and so does what asks.
  }
  const range = idRanges(map).find(({ outside, count }) => id >= outside && id < outside + count);
  return range === undefined ? id : range.inside + id - range.outside;
}
