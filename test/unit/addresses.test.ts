/** Addresses as texts and as bytes: what is one, what is none, and the one way in which each is written. */

import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, test } from 'node:test';
import { addressBytes, addressText } from '#lib/plan/addresses.js';
import { generator } from '../support/random.js';

const hex = (text: string): string | undefined => {
  const bytes = addressBytes(text);
  return bytes && Buffer.from(bytes).toString('hex');
};

const IPV4 = {
  '0.0.0.0': '00000000',
  '1.2.3.4': '01020304',
  '127.0.0.1': '7f000001',
  '198.18.0.1': 'c6120001',
  '255.255.255.255': 'ffffffff',
} as const;

/** Each with how it is written back. */
const IPV6 = {
  '::': ['00'.repeat(16), '::'],
  '::1': [`${'00'.repeat(15)}01`, '::1'],
  '1::': [`0001${'00'.repeat(14)}`, '1::'],
  '2001:db8::5': ['20010db8000000000000000000000005', '2001:db8::5'],
  '2001:DB8:0:0:0:0:0:5': ['20010db8000000000000000000000005', '2001:db8::5'],
  '2001:0db8:0000:0000:0000:0000:0000:0005': ['20010db8000000000000000000000005', '2001:db8::5'],
  '1:2:3:4:5:6:7:8': ['00010002000300040005000600070008', '1:2:3:4:5:6:7:8'],
  // One zero is no run.
  '1:2:3:4:5:6:7::': ['00010002000300040005000600070000', '1:2:3:4:5:6:7:0'],
  '::2:3:4:5:6:7:8': ['00000002000300040005000600070008', '0:2:3:4:5:6:7:8'],
  // The longest run, and of two the first. RFC 5952, 4.2.3
  '1:0:0:4:0:0:0:8': ['00010000000000040000000000000008', '1:0:0:4::8'],
  '1:0:0:4:5:0:0:8': ['00010000000000040005000000000008', '1::4:5:0:0:8'],
  '::ffff:1.2.3.4': ['00000000000000000000ffff01020304', '::ffff:102:304'],
  '::1.2.3.4': ['00000000000000000000000001020304', '::102:304'],
  '64:ff9b::192.0.2.33': ['0064ff9b0000000000000000c0000221', '64:ff9b::c000:221'],
  '1:2:3:4:5:6:7.8.9.10': ['0001000200030004000500060708090a', '1:2:3:4:5:6:708:90a'],
  'fd63:6172:7265:6c01::1': ['fd63617272656c010000000000000001', 'fd63:6172:7265:6c01::1'],
} as const;

/** What is no address, and why. */
const NONE = {
  '': 'nothing',
  '1.2.3': 'three numbers',
  '1.2.3.4.5': 'five numbers',
  '1.2.3.256': 'more than a byte',
  '1.2.3.-4': 'less than a byte',
  '01.2.3.4': 'a leading zero',
  '1.2.3.04': 'a leading zero',
  '1.2.3.00': 'a leading zero',
  '0x1.2.3.4': 'a number of another base',
  '1.2.3.1e1': 'a number written otherwise',
  '1..2.3': 'a number that is missing',
  ' 1.2.3.4': 'a space',
  '1.2.3.4\n': 'an end of line',
  '1.2.3.4/8': 'a range',
  '１.2.3.4': 'a digit of another script',
  '2130706433': 'a number for all of it',
  ':': 'a colon',
  ':::': 'three colons',
  '1:': 'a colon at the end',
  ':1': 'a colon at the begin',
  ':1::2': 'a colon at the begin',
  '1::2:': 'a colon at the end',
  '1::2::3': 'two runs of zeros',
  '::1::': 'two runs of zeros',
  '1:2:3:4:5:6:7': 'seven groups',
  '1:2:3:4:5:6:7:8:9': 'nine groups',
  '1:2:3:4::5:6:7:8': 'a run of no zeros',
  '::1:2:3:4:5:6:7:8': 'a run of no zeros',
  '00001::': 'five digits',
  'g::': 'no digit',
  '+1::': 'a sign',
  '::1%eth0': 'a zone',
  'fe80::1%1': 'a zone',
  '[::1]': 'brackets',
  '::1/64': 'a range',
  '::1.2.3': 'three numbers at the end',
  '::1.2.3.256': 'more than a byte at the end',
  '::01.2.3.4': 'a leading zero at the end',
  '::1.2.3.4:5': 'an address of IPv4 in front of a group',
  '1.2.3.4::': 'an address of IPv4 at the begin',
  '::1.2.3.4::': 'an address of IPv4 in the middle',
  '1:2:3:4:5:6:7:1.2.3.4': 'nine groups',
  '1:2:3:4:5:6::1.2.3.4': 'a run of no zeros',
} as const;

describe('an address', () => {
  for (const [text, bytes] of Object.entries(IPV4))
    test(`of IPv4 is ${text}`, () => {
      assert.equal(hex(text), bytes);
      assert.equal(addressText(Buffer.from(bytes, 'hex')), text);
    });

  for (const [text, [bytes, written]] of Object.entries(IPV6))
    test(`of IPv6 is ${text}`, () => {
      assert.equal(hex(text), bytes);
      assert.equal(addressText(Buffer.from(bytes, 'hex')), written);
      assert.equal(hex(written), bytes);
    });

  for (const [text, why] of Object.entries(NONE))
    test(`is not ${JSON.stringify(text)}: ${why}`, () => assert.equal(hex(text), undefined));

  test('of any bytes is a text that leads back to them, and that Node takes for one', () => {
    const random = generator(15);
    // Many of them zero, as addresses have them.
    const byte = (): number => (random.boolean() ? 0 : random.below(256));
    for (let round = 0; round < 20_000; round += 1) {
      const bytes = Uint8Array.from({ length: random.boolean() ? 4 : 16 }, byte);
      const text = addressText(bytes);
      assert.deepEqual(addressBytes(text), bytes, text);
      assert.equal(isIP(text), bytes.length === 4 ? 4 : 6, text);
    }
  });

  test('is one only where Node says so too', () => {
    const random = generator(16);
    const parts = [
      '0',
      '1',
      '9',
      'f',
      '255',
      '256',
      '01',
      'ffff',
      '10000',
      '.',
      '.',
      '.',
      ':',
      ':',
      ':',
      '::',
      '%',
      '/',
    ];
    let taken = 0;
    for (let round = 0; round < 50_000; round += 1) {
      const text = random.list(12, () => random.pick(parts)).join('');
      const bytes = addressBytes(text);
      if (text.includes('%')) assert.equal(bytes, undefined, text);
      else assert.equal(bytes?.length ?? 0, { 0: 0, 4: 4, 6: 16 }[isIP(text)], text);
      if (bytes !== undefined) taken += 1;
    }
    assert.ok(taken > 100, `${taken}`);
  });
});
