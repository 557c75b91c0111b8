/** Names have addresses of their own inside: each its own, in both families, and none twice. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressBytes, addressText } from '#lib/plan/addresses.js';
import { GATEWAY, NAMES, RESOLVER } from '#lib/plan/egress-addresses.js';
import { isInRange } from '#lib/plan/egress-list.js';
import { Names } from '#lib/running/egress/names.js';

const MOST = 65_536;
const [V4, V6] = NAMES;
const bytesOf = (text: string): Uint8Array => addressBytes(text) ?? assert.fail(text);

function textsOf(names: Names, name: string): readonly string[] {
  const found = names.of(name) ?? assert.fail(`no address of ${name}`);
  return [addressText(found.ipv4), addressText(found.ipv6)];
}

describe('a name', () => {
  test('has an address in each family, the same each time', () => {
    const names = new Names();
    assert.deepEqual(textsOf(names, 'a'), ['198.18.0.4', 'fd63:6172:7265:6c00::4']);
    assert.deepEqual(textsOf(names, 'b'), ['198.18.0.5', 'fd63:6172:7265:6c00::5']);
    assert.deepEqual(textsOf(names, 'a'), ['198.18.0.4', 'fd63:6172:7265:6c00::4']);
  });

  test('is found by either, and by no address that nobody has got', () => {
    const names = new Names();
    const at = (address: string): string | undefined => names.at(bytesOf(address));
    assert.equal(at('198.18.0.4'), undefined);
    names.of('a');
    assert.deepEqual([at('198.18.0.4'), at('fd63:6172:7265:6c00::4')], ['a', 'a']);
    const others = ['198.18.0.5', '198.18.1.4', '198.17.0.4', '199.18.0.4', '0.0.0.4', 'fd63:6172:7265:6c01::4'];
    for (const address of [...others, 'fd63:6172:7265:6c00::1:0:4', '::4', '255.255.255.255'])
      assert.equal(at(address), undefined, address);
  });

  test('has none of the two ends, nor the resolver’s, nor their network’s', () => {
    const names = new Names();
    names.of('a');
    const taken = [RESOLVER, ...GATEWAY.flatMap(({ outer, inner }) => [outer, inner]), '198.18.0.0', '198.18.0.3'];
    for (const address of taken) assert.equal(names.at(bytesOf(address)), undefined, address);
  });

  test('has its own, and the one after 65,536 has none; they stay what they were', () => {
    const names = new Names();
    const seen = new Set<string>();
    for (let number = 0; number < MOST; number += 1) {
      const name = `n${number}`;
      const found = names.of(name) ?? assert.fail(name);
      assert.ok(isInRange(found.ipv4, bytesOf(V4.address), V4.prefix), name);
      assert.ok(isInRange(found.ipv6, bytesOf(V6.address), V6.prefix), name);
      seen.add(addressText(found.ipv4)).add(addressText(found.ipv6));
      assert.deepEqual([names.at(found.ipv4), names.at(found.ipv6)], [name, name]);
    }
    assert.equal(seen.size, 2 * MOST);
    assert.deepEqual(textsOf(names, `n${MOST - 1}`), ['198.19.0.3', 'fd63:6172:7265:6c00::1:3']);
    for (let more = 0; more < 3; more += 1) assert.equal(names.of(`more${more}`), undefined);
    assert.equal(names.at(bytesOf('198.19.0.4')), undefined);
    assert.deepEqual(textsOf(names, 'n0'), ['198.18.0.4', 'fd63:6172:7265:6c00::4']);
  });

  test('of another container is another one', () => {
    const [one, other] = [new Names(), new Names()];
    one.of('a');
    other.of('b');
    assert.equal(one.at(bytesOf('198.18.0.4')), 'a');
    assert.equal(other.at(bytesOf('198.18.0.4')), 'b');
  });

  test('is one whatever objects have of themselves', () => {
    const names = new Names();
    assert.deepEqual(textsOf(names, '__proto__'), ['198.18.0.4', 'fd63:6172:7265:6c00::4']);
    assert.equal(names.at(bytesOf('198.18.0.4')), '__proto__');
  });
});
