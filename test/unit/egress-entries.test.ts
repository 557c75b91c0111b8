/** What an entry of `network({ allow })` means, how it is kept, and what is said of one that is none. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Container, type DefinitionInput } from '#lib/index.js';
import { addressBytes } from '#lib/plan/addresses.js';
import { entryOf, isInRange, isNamedBy, portsOf, ruleOf, rulesOf, withoutRest } from '#lib/plan/egress-list.js';

const box = new Container();
const kept = (...allow: readonly string[]): unknown => box.network({ allow }).toJSON().network;
const bytesOf = (text: string): Uint8Array => addressBytes(text) ?? assert.fail(text);

/** How each is kept. */
const FORMS = {
  'api.example.org:443': 'api.example.org:443',
  'API.Example.ORG:443': 'api.example.org:443',
  'api.example.org.:443': 'api.example.org:443',
  'db:5432': 'db:5432',
  '_srv._tcp.example.org:1': '_srv._tcp.example.org:1',
  '1password.com:443': '1password.com:443',
  '*.Example.org.:1': '*.example.org:1',
  'a:65535': 'a:65535',
  '203.0.113.5:80': '203.0.113.5:80',
  '203.0.113.5/32:80': '203.0.113.5:80',
  '203.0.113.0/24:80': '203.0.113.0/24:80',
  '0.0.0.0/0:443': '0.0.0.0/0:443',
  '10.0.0.0/8:5432': '10.0.0.0/8:5432',
  '169.254.169.254:80': '169.254.169.254:80',
  '[2001:DB8::5]:443': '[2001:db8::5]:443',
  '[2001:db8:0:0::5/128]:443': '[2001:db8::5]:443',
  '[2001:db8::/32]:443': '[2001:db8::/32]:443',
  '[2001:db8::]/32:443': '[2001:db8::/32]:443',
  '[::/0]:443': '[::/0]:443',
  '[64:ff9b::1.2.3.4]:1': '[64:ff9b::102:304]:1',
  'host.docker.internal:8080': 'host.docker.internal:8080',
} as const;

const URLISH =
  'network.allow[0] must be "name:port", "*.name:port", "address:port", "address/prefix:port" or "[IPv6 address]:port"';
const WRONG = `${URLISH}, with a port from 1 to 65535`;
const RANGE = 'network.allow[0] must be a range whose address has no bits behind its prefix';
const outside = (why: string): string => `network.allow[0] must be an address outside: ${why}`;
const OWN = '127.0.0.0/8 is the container’s own loopback';
const LOCALHOST = 'network.allow[0] must be a name outside: "localhost" is the container’s own';
const IDN = `${URLISH}, where a name is in ASCII, as "xn--…"`;

/** What is said of each, and what is to be written instead. */
const REFUSED: Readonly<Record<string, readonly [message: string, remedy?: string]>> = {
  'example.org': [WRONG, '"example.org:443"'],
  'Example.ORG': [WRONG, '"example.org:443"'],
  '*.example.org': [WRONG, '"*.example.org:443"'],
  '': [WRONG],
  ':443': [WRONG],
  'a:0': [WRONG],
  'a:65536': [WRONG],
  'a:443\n': [WRONG],
  'a\n:443': [WRONG],
  '*:443': [WRONG],
  'a:*': [`${URLISH}, where a port is a number from 1 to 65535`],
  'https://example.org': [URLISH, '"example.org:443"'],
  'HTTP://Example.org/path': [URLISH, '"example.org:80"'],
  'http://example.org:8080/path': [URLISH, '"example.org:8080"'],
  'postgres://db:5432/x': [URLISH, '"db:5432"'],
  'bücher.example:443': [IDN],
  '1.2.3.4/33:1': [WRONG],
  '1.2.3:1': [WRONG],
  '1.2.3.4:1.2.3.4:1': [WRONG],
  '*.1.2.3.4:1': [WRONG],
  'a.0x7f:1': [WRONG],
  '[1.2.3.4]:1': [WRONG],
  '[2001:db8::/129]:1': [WRONG],
  '[2001:db8::/32]/32:1': [WRONG],
  '2001:db8::5:443': [WRONG],
  '[::1%lo]:1': [WRONG],
  '203.0.113.5/24:80': [RANGE, '"203.0.113.0/24:80"'],
  '1.2.3.4/0:80': [RANGE, '"0.0.0.0/0:80"'],
  '[2001:db8::5/32]:443': [RANGE, '"[2001:db8::/32]:443"'],
  '[2001:db8:8000::/32]:443': [RANGE, '"[2001:db8::/32]:443"'],
  'localhost:80': [LOCALHOST, '"host.docker.internal:80"'],
  'app.LOCALHOST:80': [LOCALHOST, '"host.docker.internal:80"'],
  '*.localhost:80': [LOCALHOST, '"host.docker.internal:80"'],
  '127.0.0.1:80': [outside(OWN), '"host.docker.internal:80"'],
  '127.0.0.0/8:80': [outside(OWN), '"host.docker.internal:80"'],
  '[::1]:80': [outside('::/96 is no address of another machine'), '"host.docker.internal:80"'],
  '[::]:80': [outside('::/96 is no address of another machine')],
  '0.0.0.0:80': [outside('0.0.0.0/8 is no address of a machine')],
  '198.19.255.255:80': [outside('198.18.0.0/15 is where names are found inside')],
  '224.0.0.0/4:80': [outside('224.0.0.0/3 is no address of a single machine')],
  '255.255.255.255:80': [outside('224.0.0.0/3 is no address of a single machine')],
  '[::ffff:1.2.3.4]:80': [outside('::ffff:0:0/96 is an address of IPv4: write it as one')],
  '[fd63:6172:7265:6c01::1]:1': [outside('fd63:6172:7265:6c00::/63 is where names are found inside')],
  '[fe80::1]:80': [outside('fe80::/10 is an address that counts on one link only')],
  '[ff02::1]:80': [outside('ff00::/8 is no address of a single machine')],
};

describe('an entry', () => {
  for (const [entry, text] of Object.entries(FORMS))
    test(`is ${entry}`, () => {
      assert.deepEqual(kept(entry), { allow: [text] });
      const rule = ruleOf(text) ?? assert.fail(text);
      assert.equal(entryOf(rule), text);
      assert.deepEqual(ruleOf(entry), rule);
    });

  for (const [entry, [message, remedy]] of Object.entries(REFUSED))
    test(`is not ${JSON.stringify(entry)}`, () => {
      const received = `. Received string ${JSON.stringify(entry).replace(/^"(.*)"$/, "'$1'")}`;
      assert.throws(() => kept(entry), {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_VALUE',
        message: `${message}${received}${remedy === undefined ? '' : `. Write ${remedy}`}`,
      });
    });

  test('that is to be written instead is one', () => {
    for (const [, remedy] of Object.values(REFUSED)) if (remedy !== undefined) kept(JSON.parse(remedy));
  });

  test('is named with its place in the list', () => {
    assert.throws(() => kept('a:1', 'b:1', 'c'), { message: /^network\.allow\[2\] must be / });
  });

  test('of any length is refused at once', () => {
    for (const text of ['a'.repeat(1e6), '1.'.repeat(5e5), `[${':'.repeat(1e6)}]:1`, `http://${'a'.repeat(1e6)}:1`])
      assert.throws(() => kept(text), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});

describe('a list', () => {
  test('keeps its order, and what is the same entry once', () => {
    assert.deepEqual(kept('b:2', 'A:1', 'a.:1', '[::2:0:0:1/128]:1', '[::2:0:0:1]:1', 'b:1'), {
      allow: ['b:2', 'a:1', '[::2:0:0:1]:1', 'b:1'],
    });
  });

  test('of 1,000 entries with 32 ports becomes a container again, by JSON', () => {
    const allow = Array.from({ length: 1000 }, (_, index) => `n${index}.example.org:${1 + (index % 32)}`);
    const made = box.network({ allow });
    const again = new Container(JSON.parse(JSON.stringify(made)) as DefinitionInput);
    assert.deepEqual(again.toJSON(), made.toJSON());
    assert.deepEqual(again.toJSON().network, { allow });
    const most = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE', message: /^network\.allow .* up to 1000 entries/ };
    assert.throws(() => kept(...allow, 'a:1'), most);
    const ports = 'network.allow has 33 different ports: there can be up to 32';
    assert.throws(() => kept(...allow.slice(1), 'a:33'), { code: 'ERR_INVALID_ARG_VALUE', message: ports });
  });

  test('says its ports in order, each once', () => {
    assert.deepEqual(portsOf(['a:443', '10.0.0.1:80', '[::2]:443', '*.b:8080']), [80, 443, 8080]);
    assert.deepEqual(portsOf([]), []);
    assert.equal(rulesOf(['a:1', 'nonsense', '*.b:2']).length, 2);
  });
});

describe('a rule', () => {
  test('of names below one says nothing of itself, nor of what merely ends alike', () => {
    const [below, itself, address] = rulesOf(['*.example.org:1', 'example.org:1', '10.0.0.1:1']);
    assert.ok(below && itself && address);
    const named = (rule: typeof below): readonly string[] =>
      ['example.org', 'a.example.org', 'a.b.example.org', 'aexample.org', 'example.org.net', '10.0.0.1'].filter(
        (name) => isNamedBy(rule, name),
      );
    assert.deepEqual(named(below), ['a.example.org', 'a.b.example.org']);
    assert.deepEqual(named(itself), ['example.org']);
    assert.deepEqual(named(address), []);
  });

  test('of a range has what begins with its bits, of its own family', () => {
    const holds = (range: string, prefix: number, address: string): boolean =>
      isInRange(bytesOf(address), bytesOf(range), prefix);
    assert.deepEqual(
      ['172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0', '::'].map((one) => holds('172.16.0.0', 12, one)),
      [false, true, true, false, false],
    );
    assert.ok(holds('0.0.0.0', 0, '255.255.255.255') && !holds('0.0.0.0', 0, '::') && !holds('::', 0, '0.0.0.0'));
    assert.ok(holds('::1', 128, '::1') && !holds('::1', 128, '::') && holds('::1', 127, '::'));
  });

  test('has no bits behind its prefix', () => {
    for (let prefix = 0; prefix <= 128; prefix += 1) {
      const [one, all] = [new Uint8Array(16).fill(0xff), withoutRest(new Uint8Array(16).fill(0xff), prefix)];
      const bits = [...all].map((byte) => byte.toString(2).padStart(8, '0')).join('');
      assert.equal(bits, '1'.repeat(prefix).padEnd(128, '0'));
      assert.ok(isInRange(one, all, prefix));
    }
  });
});
