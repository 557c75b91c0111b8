/** Where a connection of a container may lead, by its list: names, addresses, and what is not public. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressBytes, addressText } from '#lib/plan/addresses.js';
import { Rules } from '#lib/running/egress/rules.js';
import { specialRange } from '#lib/running/egress/special.js';

/** Written here once more: a range that somebody drops is missed. */
const SPECIAL = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 96],
  ['::ffff:0:0', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const;

const PUBLIC = [
  ...['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '168.63.129.15'],
  ...['172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0', '198.17.255.255', '198.20.0.0', '223.0.0.1'],
  ...['2001:200::', '2001:db8::1', '2003::', '2606:4700::1111', 'fbff::', '64:ff9b:2::', '64:ff9b::1:0:0'],
];

const number = (address: string): bigint =>
  BigInt(`0x${Buffer.from(addressBytes(address) ?? assert.fail(address)).toString('hex')}`);
const bitsOf = (address: string): number => (address.includes(':') ? 128 : 32);
const text = (value: bigint, bits: number): string =>
  addressText(Buffer.from(value.toString(16).padStart(bits / 4, '0'), 'hex'));

interface Bounds {
  readonly first: bigint;
  readonly last: bigint;
  readonly bits: number;
  readonly prefix: number;
}

const BOUNDS: readonly Bounds[] = SPECIAL.map(([address, prefix]) => {
  const bits = bitsOf(address);
  const first = number(address);
  return { first, last: first + (1n << BigInt(bits - prefix)) - 1n, bits, prefix };
});

/** How many bits the range has that an address is in, reckoned otherwise. */
function expected(value: bigint, size: number): number | undefined {
  return BOUNDS.find(({ first, last, bits }) => bits === size && value >= first && value <= last)?.prefix;
}

const prefixOf = (address: string): number | undefined => specialRange(addressBytes(address) ?? assert.fail(address));
const NOBODY: ReadonlySet<string> = new Set();

describe('an address is not public', () => {
  for (const [index, [address, prefix]] of SPECIAL.entries())
    test(`from the first of ${address}/${prefix} to the last`, () => {
      const { first, last, bits } = BOUNDS[index] as Bounds;
      for (const value of [first, last, first + (last - first) / 2n]) assert.equal(prefixOf(text(value, bits)), prefix);
      for (const value of [first - 1n, last + 1n])
        if (value >= 0n && value < 1n << BigInt(bits))
          assert.equal(prefixOf(text(value, bits)), expected(value, bits), text(value, bits));
    });

  test('and is, everywhere else', () => {
    for (const address of PUBLIC) assert.equal(prefixOf(address), undefined, address);
  });
});

describe('a connection may lead', () => {
  const mayLead = (allow: readonly string[], address: string, own = NOBODY): boolean =>
    new Rules(allow).mayLeadTo(address, 443, own);

  test('to what is public, whatever is listed: a name may lead there', () => {
    for (const address of PUBLIC) assert.ok(mayLead([], address), address);
  });

  test('to what is not, where that address is listed itself, by its port', () => {
    for (const { first, last, bits } of BOUNDS)
      for (const address of [text(first, bits), text(last, bits)]) {
        const entry = (port: number): string => `${bits === 32 ? address : `[${address}]`}:${port}`;
        assert.equal(mayLead([], address), false, address);
        assert.equal(mayLead([entry(80)], address), false, address);
        assert.equal(mayLead([entry(443)], address), true, address);
      }
  });

  test('to what is not, where a range of its kind is listed, and by no wider one', () => {
    for (const { first, last, bits, prefix } of BOUNDS) {
      const listed = (length: number): string => {
        const rest = BigInt(bits - length);
        const range = `${text((first >> rest) << rest, bits)}`;
        return bits === 32 ? `${range}/${length}:443` : `[${range}/${length}]:443`;
      };
      const address = text(last, bits);
      assert.equal(mayLead([listed(prefix)], address), true, address);
      for (let length = prefix - 1; length >= 0; length -= 1)
        assert.equal(mayLead([listed(length)], address), false, `${address} by ${listed(length)}`);
    }
  });

  test('to an address of the host’s, where that is listed itself, and by no range', () => {
    const own = new Set(['203.0.113.5', '2001:db8::5']);
    for (const address of own) assert.equal(mayLead([], address, own), false);
    assert.equal(mayLead(['203.0.113.4/31:443', '[2001:db8::4/127]:443'], '203.0.113.5', own), false);
    assert.equal(mayLead(['203.0.113.5:443'], '203.0.113.5', own), true);
    assert.equal(mayLead(['[2001:db8::5]:443'], '2001:db8::5', own), true);
    assert.equal(mayLead([], '203.0.113.4', own), true);
  });

  test('to nothing that is no address', () => {
    for (const address of ['', 'a', '1.2.3', 'fe80::1%eth0']) assert.equal(mayLead(['0.0.0.0/0:443'], address), false);
  });
});

describe('a list allows', () => {
  const rules = new Rules(['api.example.org:443', '*.example.com:80', '192.0.2.0/24:22', '[2001:db8::1]:22']);

  test('names, by their ports; names below one, but not itself', () => {
    assert.deepEqual(
      ['api.example.org', 'b.example.com', 'a.b.example.com', 'example.com', 'example.org', 'x.api.example.org'].map(
        (name) => [rules.knows(name), rules.allowsName(name, 443), rules.allowsName(name, 80)],
      ),
      [
        [true, true, false],
        [true, false, true],
        [true, false, true],
        [false, false, false],
        [false, false, false],
        [false, false, false],
      ],
    );
  });

  test('addresses, by their ports', () => {
    const allowed = (address: string): readonly boolean[] =>
      [22, 443].map((port) => rules.allowsAddress(address, port));
    assert.deepEqual(allowed('192.0.2.255'), [true, false]);
    assert.deepEqual(allowed('192.0.3.0'), [false, false]);
    assert.deepEqual(allowed('2001:db8::1'), [true, false]);
    assert.deepEqual(allowed('2001:db8::2'), [false, false]);
    assert.deepEqual(allowed('api.example.org'), [false, false]);
  });

  test('nothing, where it is empty', () => {
    const none = new Rules([]);
    assert.ok(!none.knows('a') && !none.allowsName('a', 1) && !none.allowsAddress('1.1.1.1', 1));
  });
});
