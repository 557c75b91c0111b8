/** `planEgressChange` does what makes one list of another, and nothing else. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planEgressChange } from '#lib/compile/egress-change.js';
import type { JoinedNamespace } from '#lib/definition/namespaces.js';
import type { Host } from '#lib/host/facts.js';
import type { Plan } from '#lib/index.js';
import { encode } from '#lib/plan/encode.js';
import { explain, parse, stringify } from '#lib/plan.js';
import { namespaceRoot, root as rootHost, user as userHost } from '../support/hosts.js';
import { all, only } from '../support/plans.js';

const root: Host = { ...rootHost, ipv6: true };
const user: Host = { ...userHost, ipv6: true };
const at = (type: JoinedNamespace['type'], inode: number): JoinedNamespace => {
  return { type, path: `/proc/7/fd/${inode}`, inode };
};
const WHERE = { user: at('user', 1), network: at('network', 2), gateway: at('network', 3) };

function change(
  now: readonly string[],
  next: readonly string[],
  { open = [], host = root, where = WHERE as Parameters<typeof planEgressChange>[0] } = {} as {
    readonly open?: readonly number[];
    readonly host?: Host;
    readonly where?: Parameters<typeof planEgressChange>[0];
  },
): Plan | undefined {
  return planEgressChange(where, { now, next, open: new Set(open) }, host);
}

/** In which namespaces what is done: each step in a word or two. */
function wordsOf(made: Plan | undefined): readonly string[] {
  return (made ?? assert.fail('no plan')).steps.map((step) => {
    switch (step.op) {
      case 'setns':
        return `in ${made?.slots[step.slot]} ${step.slot}`;
      case 'addRoute':
        return `+ ${step.name} ${step.type} ${step.destination}/${step.prefix} ${step.gateway ?? '-'}`;
      case 'removeRoute':
        return `- ${step.name} ${step.type} ${step.destination}/${step.prefix}`;
      case 'listenTcp':
        return `tcp ${step.family} ${step.port}`;
      case 'give':
        return `give ${step.slots.map((slot) => made?.slots[slot]).join()}`;
      default:
        return step.op;
    }
  });
}

describe('allow()', () => {
  test('has the kernel do nothing where only names change, or nothing does', () => {
    assert.equal(change([], []), undefined);
    assert.equal(change(['a:1'], ['b:1', '*.c:1'], { open: [1] }), undefined);
    assert.equal(change(['a:1', 'b:2'], [], { open: [1, 2] }), undefined);
    assert.equal(change(['10.0.0.1:1'], ['10.0.0.1:2'], { open: [1, 2] }), undefined);
    // The resolver listens there already.
    assert.equal(change([], ['a:53']), undefined);
  });

  test('adds what is missing and takes away what is left over, in both networks', () => {
    const made = change(['10.0.0.0/8:1', 'a:1', '[2001:db8::/32]:1'], ['192.0.2.1:2', '10.0.0.0/8:1', 'b:3'], {
      open: [1, 3],
    });
    assert.deepEqual(wordsOf(made), [
      'in network namespace 1',
      '+ lo local 192.0.2.1/32 -',
      '- lo local 2001:db8::/32',
      'tcp ipv6 2',
      'in network namespace 2',
      '+ eth0 unicast 192.0.2.1/32 198.18.0.1',
      '- eth0 unicast 2001:db8::/32',
      'give port 2',
      'exit',
    ]);
    assert.deepEqual(
      all(made?.before ?? [], 'openNamespace').map(({ slot, type, inode }) => [slot, type, inode]),
      [
        [0, 'user', 1],
        [1, 'network', 3],
        [2, 'network', 2],
      ],
    );
  });

  test('gives nothing where no port is new, and has no routes where no range is', () => {
    assert.ok(!wordsOf(change(['10.0.0.1:1'], [], { open: [1] })).some((word) => word.startsWith('give')));
    assert.deepEqual(wordsOf(change([], ['a:8', 'b:7'])), [
      ...['in network namespace 1', 'tcp ipv6 7', 'tcp ipv6 8', 'in network namespace 2', 'give port 7,port 8', 'exit'],
    ]);
  });

  test('keeps a range whose port alone changes, and one that is listed twice', () => {
    const both = ['10.0.0.0/8:1', '10.0.0.0/8:2'];
    assert.equal(change(both, both.slice(1), { open: [1, 2] }), undefined);
    assert.deepEqual(wordsOf(change([], both, { open: [1, 2] })).filter((word) => word.startsWith('+')).length, 2);
    const narrower = wordsOf(change(['10.0.0.0/8:1'], ['10.0.0.0/16:1'], { open: [1] }));
    assert.deepEqual(
      narrower.filter((word) => /^[+-]/.test(word)),
      [
        ...['+ lo local 10.0.0.0/16 -', '- lo local 10.0.0.0/8'],
        ...['+ eth0 unicast 10.0.0.0/16 198.18.0.1', '- eth0 unicast 10.0.0.0/8'],
      ],
    );
  });

  test('takes its rights from the user namespace of the networks; groups go where they may', () => {
    const ops = (host: Host, where?: Parameters<typeof planEgressChange>[0]): readonly string[] =>
      (change([], ['a:1'], { host, ...(where && { where }) }) ?? assert.fail()).before.map(({ op }) => op);
    const opens = ['openNamespace', 'openNamespace', 'openNamespace'];
    assert.deepEqual(ops(root), [...opens, 'setGroups', 'setns']);
    assert.deepEqual(ops(user), [...opens, 'setns']);
    assert.deepEqual(ops({ ...namespaceRoot, ipv6: true }), [...opens, 'setns']);
    const { user: _, ...host } = WHERE;
    assert.deepEqual(ops(root, { ...host, user: undefined }), opens.slice(1));
  });

  test('has nothing of IPv6 where the host has none', () => {
    const { ipv6: _, ...without } = root;
    assert.equal(change([], ['[2001:db8::1]:1'], { open: [1], host: without }), undefined);
    const made = change([], ['[2001:db8::1]:2', '192.0.2.1:1'], { host: without });
    assert.deepEqual(
      wordsOf(made).filter((word) => /tcp|\+ lo/.test(word)),
      ['+ lo local 192.0.2.1/32 -', 'tcp ipv4 1', 'tcp ipv4 2'],
    );
  });

  test('is a plan like any other: in sentences, as JSON, in bytes', () => {
    const made = change(['10.0.0.0/8:1'], ['192.0.2.1:2']) ?? assert.fail();
    assert.deepEqual(parse(stringify(made)), made);
    assert.ok(encode(made).length > 0);
    assert.match(explain(made), /192\.0\.2\.1/);
    assert.equal(only(made.steps, 'exit').status, 0);
    assert.ok(Object.isFrozen(made.steps));
  });

  test('and back again is the opposite', () => {
    const [one, other] = [
      ['10.0.0.0/8:1', '192.0.2.1:1'],
      ['[2001:db8::/32]:1', '192.0.2.1:1'],
    ];
    const routes = (made: Plan | undefined): readonly string[] =>
      wordsOf(made)
        .filter((word) => /^[+-]/.test(word))
        .map((word) => word.replace(/ (\S+\/\d+).*/, ' $1'));
    const opposite = (word: string): string => `${word.startsWith('+') ? '-' : '+'}${word.slice(1)}`;
    const [there, back] = [routes(change(one, other, { open: [1] })), routes(change(other, one, { open: [1] }))];
    assert.deepEqual([...back].sort(), there.map(opposite).sort());
    assert.equal(there.length, 4);
  });
});
