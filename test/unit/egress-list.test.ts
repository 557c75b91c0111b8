/** The list of what may be reached, as a part of the definition. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container, type DefinitionInput } from 'carrel';

const box = new Container();
const GOOD = [
  'api.example.org:443',
  '*.example.com:443',
  '203.0.113.5:80',
  '203.0.113.0/24:443',
  '[2001:db8::5]:443',
  '[2001:db8::/32]:443',
  'host.docker.internal:5432',
  'xn--bcher-kva.example:443',
  'under_score.example.org:65535',
  'a-b.example:1',
];

/** Entries that are none, and why. */
const BAD: Readonly<Record<string, string>> = {
  x: 'no port',
  ':80': 'no name',
  'x:0': 'no such port',
  'x:*': 'any port',
  'x:65536': 'no such port',
  'x:-1': 'no port',
  'x:80 ': 'a space',
  'x:0x50': 'no number',
  'x:1e2': 'no number',
  'x:': 'no port',
  'http://x:80': 'a URL',
  'x:80/path': 'a path',
  'user@x:80': 'a user',
  '*:443': 'every name',
  '*.:443': 'every name',
  'a.*.b:1': 'a star in the middle',
  '*a.b:1': 'a star that is not alone',
  '**.b:1': 'two stars',
  '10.0.0.1': 'no port',
  '10.0.0:80': 'no address',
  '10.0.0.256:80': 'no address',
  '010.0.0.1:80': 'an octal one, or not',
  '0x7f000001:80': 'a number that inet_aton(3) takes for an address',
  '2130706433:80': 'a number that inet_aton(3) takes for an address',
  '203.0.113.0/33:80': 'too long a prefix',
  '203.0.113.0/:80': 'no prefix',
  '203.0.113.5/24:80': 'bits beyond the prefix',
  '2001:db8::5:80': 'an address of IPv6 without brackets',
  '[2001:db8::5]': 'no port',
  '[2001:db8::5:80': 'no closing bracket',
  '[fe80::1%eth0]:80': 'a zone',
  '[203.0.113.5]:80': 'IPv4 in brackets',
  '127.0.0.1:80': 'the loopback of the container',
  '[::1]:80': 'the loopback of the container',
  'localhost:80': 'the loopback of the container',
  'a..b:80': 'an empty label',
  '.a:80': 'an empty label',
  '-a.b:80': 'a label that begins with a hyphen',
  'bücher.example:80': 'not written as the network has it',
  'a b:80': 'a space',
  'a\0b:80': 'NUL',
};

function rejects(act: () => unknown, entry: unknown, why?: string): void {
  assert.throws(
    act,
    (error: Error & { code?: string }) => {
      assert.match(error.code ?? '', /^ERR_(INVALID_ARG_(VALUE|TYPE)|OUT_OF_RANGE)$/, `${why}: ${error.message}`);
      assert.match(error.message, /allow/, why);
      const [shown = ''] = String(entry).trim().split('\0', 1);
      assert.ok(error.message.includes(shown), `${error.message} does not name ${entry}`);
      return true;
    },
    `${JSON.stringify(entry)}: ${why}`,
  );
}

suite('an entry', () => {
  for (const entry of GOOD)
    test(`is ${entry}`, () => {
      const { network } = box.network({ allow: [entry] }).toJSON();
      assert.deepEqual(network, { allow: [entry] });
    });

  for (const [entry, why] of Object.entries(BAD))
    test(`is not ${JSON.stringify(entry)}: ${why}`, () => {
      rejects(() => box.network({ allow: ['example.org:1', entry] }), entry, why);
      rejects(() => new Container({ network: { allow: [entry] } }), entry, why);
    });

  test('is a text', () => {
    for (const entry of [7, null, undefined, {}, ['a:1'], /a/, Symbol('a:1')])
      assert.throws(() => box.network({ allow: [entry as unknown as string] }), { code: /^ERR_INVALID_ARG/ });
  });

  test('is up to as long as a name can be', () => {
    const label = 'a'.repeat(63);
    const longest = [label, label, label, 'a'.repeat(61)].join('.');
    assert.equal(longest.length, 253);
    assert.deepEqual(box.network({ allow: [`${longest}:1`] }).toJSON().network, { allow: [`${longest}:1`] });
    for (const entry of [`a${label}.b:1`, `a${longest}:1`, `${'a.'.repeat(5000)}b:1`])
      assert.throws(() => box.network({ allow: [entry] }), { code: 'ERR_INVALID_ARG_VALUE', message: /allow/ });
  });
});

suite('a list', () => {
  test('is kept in lower case and in order, and is plain data', () => {
    const allow = ['API.Example.ORG:443', '*.EXAMPLE.com:80', '[2001:DB8::5]:1'];
    const json = JSON.parse(JSON.stringify(box.network({ allow }))) as DefinitionInput;
    assert.deepEqual(json.network, { allow: ['api.example.org:443', '*.example.com:80', '[2001:db8::5]:1'] });
    assert.deepEqual(new Container(json).toJSON(), box.network({ allow }).toJSON());
  });

  test('is copied: what is changed later does not count', () => {
    const allow = ['a.example:1'];
    const made = box.network({ allow });
    allow.push('b.example:1');
    assert.deepEqual(made.toJSON().network, { allow: ['a.example:1'] });
  });

  test('has each entry once', () => {
    const { network } = box.network({ allow: ['a.example:1', 'b.example:1', 'A.example:1'] }).toJSON();
    assert.deepEqual(network, { allow: ['a.example:1', 'b.example:1'] });
  });

  test('has up to 32 different ports', () => {
    const entries = Array.from({ length: 33 }, (_, index) => `a.example:${index + 1}`);
    box.network({ allow: entries.slice(1) });
    assert.throws(() => box.network({ allow: entries }), { code: 'ERR_INVALID_ARG_VALUE', message: /allow.*32/ });
  });

  test('has up to 1,000 entries', () => {
    const entries = Array.from({ length: 1001 }, (_, index) => `n${index}.example:1`);
    box.network({ allow: entries.slice(1) });
    assert.throws(() => box.network({ allow: entries }), { message: /allow.*1,?000/ });
  });

  test('is a list, of an object that has nothing else', () => {
    for (const network of [{}, { allow: 'a:1' }, { allow: undefined }, { alow: [] }, { allow: [], deny: [] }, [], 7])
      assert.throws(() => box.network(network as never), { code: /^ERR_INVALID_ARG/, message: /network|allow|deny/ });
  });

  test('is replaced by another network, and taken back', () => {
    const made = box.network({ allow: ['a.example:1'] });
    assert.deepEqual(made.network(undefined).toJSON(), box.toJSON());
    assert.equal(made.network('none').toJSON().network, box.network('none').toJSON().network);
    assert.deepEqual(made.network({ allow: [] }).toJSON().network, { allow: [] });
  });

  test('takes a network and mounts of the container’s own', () => {
    for (const namespaces of [['user', 'network'], []] as const)
      assert.throws(
        () =>
          box
            .namespaces(namespaces)
            .network({ allow: ['a.example:1'] })
            .plan('true'),
        {
          code: 'ERR_INVALID_ARG_VALUE',
          message: /"mount"/,
        },
      );
    const later = box.network({ allow: ['a.example:1'] });
    assert.throws(() => later.namespaces(['user', 'mount']).plan('true'), { message: /"network"/ });
  });

  test('shows in what a container is explained by', () => {
    const text = box.network({ allow: ['api.example.org:443', '203.0.113.0/24:443'] }).explain('true');
    assert.match(text, /198\.18\.0\.0\/15/);
    assert.match(text, /203\.0\.113\.0\/24/);
    assert.doesNotMatch(box.network({ allow: [] }).explain('true'), /203\.0\.113/);
    assert.doesNotMatch(box.explain('true'), /198\.18/);
  });
});
