/** The cgroups of a container that stays, and of commands that enter it: which are made, entered and watched. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CgroupFacts } from '#lib/cgroup/files.js';
import type { CgroupSurroundings, EnteredCgroups } from '#lib/compile/cgroups.js';
import { type LimitPlan, limitsWithin, planLimits } from '#lib/compile/limits.js';
import { Slots } from '#lib/compile/slots.js';
import { checkLimits, type LimitsInput } from '#lib/definition/limits.js';
import { CGROUPS } from '../support/hosts.js';
import { all } from '../support/plans.js';

const { v1, v2, hybrid } = CGROUPS;

function limitsOf(limits: LimitsInput | undefined, facts: CgroupFacts, surroundings: CgroupSurroundings): LimitPlan {
  return planLimits(limits === undefined ? undefined : checkLimits(limits), facts, new Slots(), surroundings);
}

function entered({ hierarchies }: CgroupFacts, limits: LimitsInput = {}): EnteredCgroups {
  return {
    limits: checkLimits(limits),
    places: hierarchies.map((hierarchy) => {
      const path = `${hierarchy.parent}/carrel/box`;
      const isMain = hierarchy.version === 2 && hierarchy.controllers.length > 0;
      return { path, inode: 7, hierarchy, processes: isMain ? { path: `${path}/main`, inode: 8 } : { path, inode: 7 } };
    }),
  };
}

describe('a container that stays', () => {
  test('with version 2 hands all controllers down, and has its processes in a cgroup below its own', () => {
    const { before, acts, below, after } = limitsOf({ memory: '64m' }, v2, { stays: true });
    const [own] = all(before, 'makeCgroup');
    assert.deepEqual([...(own?.enable ?? [])].sort(), ['cpu', 'cpuset', 'io', 'memory', 'pids']);
    assert.deepEqual(all(acts, 'enterCgroup')[0]?.slots, [own?.slot]);
    const [nest, enter, hand, watch, ...others] = below;
    assert.deepEqual(others, []);
    assert.ok(nest?.op === 'nestCgroup' && enter?.op === 'enterCgroup' && hand?.op === 'writeCgroup');
    assert.deepEqual([nest.name, nest.within, enter.slots], ['main', own?.slot, [nest.slot]]);
    assert.deepEqual([hand.slot, hand.file], [own?.slot, 'cgroup.subtree_control']);
    assert.deepEqual(hand.value.split(' ').sort(), ['+cpu', '+cpuset', '+io', '+memory', '+pids']);
    // A command that is killed for its own limits is no reason for the container.
    assert.ok(watch?.op === 'watchOom' && watch.slot === nest.slot);
    assert.deepEqual(all(before, 'watchOom'), []);
    const slots = all(after, 'readCounter').map(({ counter, slot }) => [counter, slot]);
    for (const [counter, slot] of slots) assert.equal(slot, counter === 'oomKills' ? nest.slot : own?.slot);
    assert.deepEqual(
      all(after, 'removeCgroup').map(({ slot }) => slot),
      [nest.slot, own?.slot],
    );
  });

  for (const [name, facts] of Object.entries({ v1, hybrid }))
    test(`with controllers of version 1 is in its own cgroups: ${name}`, () => {
      const { below, ...rest } = limitsOf({ memory: '64m' }, facts, { stays: true });
      assert.deepEqual(below, []);
      assert.deepEqual(rest.acts, limitsOf({ memory: '64m' }, facts, {}).acts);
      assert.deepEqual(rest.before, limitsOf({ memory: '64m' }, facts, {}).before);
    });

  test('without limits has none', () => {
    const { before, acts, below, after } = limitsOf(undefined, v2, { stays: true });
    assert.deepEqual([before, acts, below, after], [[], [], [], []]);
  });
});

describe('a command that enters', () => {
  for (const [name, facts] of Object.entries({ v1, v2, hybrid })) {
    test(`without limits is where the container’s processes are: ${name}`, () => {
      const { before, early, acts, after } = limitsOf(undefined, facts, { entered: entered(facts) });
      assert.deepEqual([acts, after], [[], []]);
      assert.deepEqual(
        all(before, 'openCgroup').map(({ path, inode }) => [path, inode]),
        facts.hierarchies.map(({ parent }) =>
          name === 'v2' ? [`${parent}/carrel/box/main`, 8] : [`${parent}/carrel/box`, 7],
        ),
      );
      assert.equal(before.length, facts.hierarchies.length);
      assert.deepEqual(
        all(early, 'enterCgroup').map(({ slots }) => slots),
        [all(before, 'openCgroup').map(({ slot }) => slot)],
      );
    });

    test(`with limits is in cgroups of its own below the container’s, and in all others of it: ${name}`, () => {
      const { before, early, acts, after } = limitsOf({ pids: 8 }, facts, { entered: entered(facts) });
      assert.deepEqual([early, all(before, 'makeCgroup')], [[], []]);
      const nested = all(before, 'nestCgroup');
      const opened = new Map(all(before, 'openCgroup').map(({ slot, path }) => [slot, path]));
      assert.ok(nested.length > 0 && nested.every(({ within }) => /\/carrel\/box$/.test(opened.get(within) ?? '')));
      const withins = nested.map(({ within }) => within);
      const others = [...opened.keys()].filter((slot) => !withins.includes(slot));
      const slots = all(acts, 'enterCgroup')[0]?.slots ?? [];
      assert.deepEqual([...slots].sort(), [...nested.map(({ slot }) => slot), ...others].sort());
      assert.equal(slots.length, facts.hierarchies.length);
      assert.deepEqual(
        all(after, 'removeCgroup').map(({ slot }) => slot),
        nested.map(({ slot }) => slot).reverse(),
      );
    });
  }

  test('makes a cgroup beside the container’s where that has none', () => {
    const { before, early, acts } = limitsOf({ pids: 8 }, v2, { entered: { limits: checkLimits({}), places: [] } });
    assert.equal(all(before, 'makeCgroup').length, 1);
    assert.deepEqual([early.length, acts.length], [0, 1]);
    const none = limitsOf(undefined, v2, { entered: { limits: checkLimits({}), places: [] } });
    assert.deepEqual([none.before, none.early], [[], []]);
  });

  test('cannot have more than the container, and is sized by it', () => {
    const container = checkLimits({ memory: 65536, swap: 4096, cpus: 2, pids: 64 });
    const within = (own: LimitsInput) => limitsWithin(checkLimits(own), container);
    assert.deepEqual(within({ pids: 8 }), {
      ...{ onUnsupported: 'error', pids: 8 },
      ...{ memory: 65536, swap: 4096, cpus: 2 },
    });
    assert.deepEqual(within({ memory: 8192, swap: 0, cpus: 8 }), {
      ...{ onUnsupported: 'error', memory: 8192, swap: 0, cpus: 2 },
    });
    assert.deepEqual(limitsWithin(checkLimits({ pids: 8 }), checkLimits({})), checkLimits({ pids: 8 }));
    assert.equal(limitsWithin(checkLimits({ memory: 8192 }), checkLimits({})).swap, undefined);
  });
});
