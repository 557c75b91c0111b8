/** What names are answered with in a container that reaches what is listed, and by which ways they are asked for. */

import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { resolve } from '../support/outside/resolve.js';
import { lookups, names, seen } from '../support/outside.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container().network({ allow: ['api.example.org:443', '*.example.com:443', '203.0.113.5:443'] });
const A = /^198\.1[89]\.\d+\.\d+$/;
const AAAA = /^fd63:6172:7265:6c00:/;

beforeEach(async () => {
  lookups.length = 0;
  await seen();
});

suite('a name that is listed', () => {
  test('has an address of each kind, which are its own; nobody is asked for it yet', async () => {
    names.set('api.example.org', ['203.0.113.5']);
    const questions = ['api.example.org', 'a.example.com', 'b.a.example.com'].flatMap((name) =>
      ['A', 'AAAA'].map((type) => [name, type] as const),
    );
    const found = await resolve(box, questions);
    for (const [index, addresses] of found.entries()) {
      assert.equal(addresses.length, 1, String(addresses));
      assert.match(addresses[0] ?? '', index % 2 === 0 ? A : AAAA);
    }
    assert.equal(new Set(found.flat()).size, 6);
    assert.deepEqual(lookups, []);
  });

  test('is the same in any case, and with a dot at its end', async () => {
    const written = ['api.example.org', 'API.Example.ORG', 'api.example.org.', 'A.EXAMPLE.COM', 'a.example.com.'];
    const [first, ...same] = await resolve(
      box,
      written.map((name) => [name, 'A'] as const),
    );
    assert.deepEqual(same.slice(0, 2), [first, first]);
    assert.deepEqual(same[2], same[3]);
    const { stdout } = await box.run('getent', ['ahosts', 'API.example.org.'], { check: true });
    assert.match(stdout, /^198\.1[89]\./m);
  });

  test('has nothing of other types, which is no error', async () => {
    const types = ['MX', 'TXT', 'SRV', 'NS', 'CNAME', 'SOA', 'CAA', 'NAPTR'];
    const found = await resolve(
      box,
      types.map((type) => ['api.example.org', type] as const),
    );
    assert.deepEqual(found, Array(types.length).fill('ENODATA'));
  });
});

suite('any other name', () => {
  test('is none, and nobody is asked for it', async () => {
    names.set('secret.example.net', ['203.0.113.5']);
    const others = ['secret.example.net', 'example.com', 'example.org', 'xapi.example.org', 'a.api.example.org', 'org'];
    const found = await resolve(
      box,
      others.flatMap((name) => ['A', 'AAAA', 'TXT', 'MX'].map((type) => [name, type] as const)),
    );
    assert.deepEqual(found, Array(4 * others.length).fill('ENOTFOUND'));
    const reverse = await resolve(box, [['5.113.0.203.in-addr.arpa', 'PTR']]);
    assert.deepEqual(reverse, ['ENOTFOUND']);
    assert.deepEqual(lookups, []);
    assert.deepEqual(await seen(), []);
  });

  test('is told once, however often it is asked for', async () => {
    const questions = Array.from({ length: 5 }, () => ['other.example.net', 'A'] as const);
    const script = 'for i in 1 2 3; do getent hosts other.example.net; done; exit 0';
    await using running = await box.start();
    await resolve(running, questions);
    await running.run('sh', ['-c', script]);
    const { connections } = await running.stop({ grace: 0 });
    const told = connections.map(({ timeMs: _, ...rest }) => rest);
    assert.deepEqual(told, [
      {
        name: 'other.example.net',
        address: undefined,
        port: 0,
        outcome: 'not-listed',
        sentBytes: 0,
        receivedBytes: 0,
      },
    ]);
  });
});

suite('the ways to ask', () => {
  test('glibc, by UDP and by TCP', async () => {
    for (const options of ['', 'use-vc', 'single-request', 'edns0', 'trust-ad']) {
      const ask = box.env({ RES_OPTIONS: options });
      const { stdout } = await ask.run('getent', ['ahosts', 'api.example.org'], { check: true });
      assert.match(stdout, /^198\.1[89]\./m, options);
      assert.match(stdout, /^fd63:6172:7265:6c00:/m, options);
      assert.equal((await ask.run('getent', ['ahosts', 'other.example.org'])).exitCode, 2);
    }
    assert.deepEqual(lookups, []);
  });

  test('many questions in one connection, in pieces and at once', requires('debian-python3'), async () => {
    const { stdout } = await box.run('/usr/bin/python3', ['-c', TCP], { check: true });
    assert.equal(stdout, '0 1\n3 0\n'.repeat(20));
  });

  test(
    'what is no question is not answered, or with an error, and harms nobody',
    requires('debian-python3'),
    async () => {
      const { stdout } = await box.run('/usr/bin/python3', ['-c', WRONG], { check: true });
      assert.match(stdout, /^(\d+ |none ){11}\n0 1\n$/);
    },
  );
});

const QUESTION = `
import socket, struct, sys
def question(name, id=7, type=1, flags=0x0100, count=1):
    labels = b''.join(bytes([len(l)]) + l.encode() for l in name.split('.')) + b'\\0'
    return struct.pack('>6H', id, flags, count, 0, 0, 0) + labels + struct.pack('>2H', type, 1)
def told(answer):
    id, flags, _, answers, _, _ = struct.unpack('>6H', answer[:12])
    return f'{flags & 15} {answers}'
`;

/** Two questions at a time, each with its length before it; byte by byte at first. RFC 1035, 4.2.2 */
const TCP = `${QUESTION}
s = socket.create_connection(('198.18.0.1', 53))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
def take(n):
    got = b''
    while len(got) < n: got += s.recv(n - len(got))
    return got
for i in range(20):
    data = b''.join(struct.pack('>H', len(q)) + q for q in [question('api.example.org'), question('x.org')])
    if i == 0:
        for byte in data: s.send(bytes([byte]))
    else: s.sendall(data)
    for _ in range(2): print(told(take(struct.unpack('>H', take(2))[0])))
`;

/** Short ones, long ones, loops of compression, answers instead of questions, several questions, other operations. */
const WRONG = `${QUESTION}
good = question('api.example.org')
wrong = [b'', b'x', good[:12], good[:-3], question('api.example.org', count=0),
    question('api.example.org', count=65535),
    question('api.example.org', flags=0x8180), question('api.example.org', flags=0x2800),
    good[:12] + b'\\xc0\\x0c\\0\\1\\0\\1', good[:12] + b'\\x3fabc', good + b'x' * 1300]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(('198.18.0.1', 53))
for each in wrong:
    s.settimeout(0.3)
    s.send(each)
    try: print(s.recv(4096)[3] & 15 if True else '', end=' ')
    except (TimeoutError, IndexError): print('none', end=' ')
print()
s.settimeout(30)
s.send(good)
print(told(s.recv(4096)))
`;
