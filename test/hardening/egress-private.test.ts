/** Names that are listed, and resolve to what must not be reached by a name. */

import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, before, beforeEach, suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { all, reach } from '../support/outside/reach.js';
import { lookups, names, seen } from '../support/outside.js';

/** The host's own server, on all of its addresses. */
let came = 0;
const own: Server = createServer((socket) => {
  came += 1;
  socket.on('error', () => {}).pipe(socket);
});
let ownPort = 0;

useCleanHost({
  warmUp: async () => {
    await new Promise<void>((resolve) => own.listen(0, '::', resolve));
    ownPort = (own.address() as AddressInfo).port;
    await new Container().run('true');
  },
});
after(() => own.close());

/** Of the neighbour's, which would answer each. */
const SPECIAL = [
  '10.1.2.3',
  '172.16.5.5',
  '192.168.7.5',
  '100.64.1.5',
  '169.254.169.254',
  'fd00:5::5',
  '64:ff9b::a01:203',
  '2002:a01:203::1',
  '::ffff:10.1.2.3',
  '::ffff:203.0.113.6',
  '::ffff:a9fe:a9fe',
];

/** Of the host, whose server would answer each, and forms of them. */
const OWN = [
  '127.0.0.1',
  '127.1.2.3',
  '0.0.0.0',
  '::1',
  '::',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::127.0.0.1',
  '203.0.113.1',
  '198.51.100.1',
  '10.1.2.1',
  '2001:db8::1',
  '2001:db8:1::1',
  '::ffff:203.0.113.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::7f00:1',
  '2002:7f00:1::1',
];

/** Those where nobody is. */
const NOBODY = [
  '0.1.2.3',
  '198.18.0.1',
  '198.19.255.255',
  '224.0.0.1',
  '239.1.2.3',
  '240.0.0.1',
  '255.255.255.255',
  '192.0.0.8',
  '100.100.100.200',
  'fe80::1',
  'fec0::1',
  'fc00::1',
  'fd00:ec2::254',
  'fd63:6172:7265:6c00::1',
  'ff02::1',
  'ff0e::1',
  '2001::1',
  '64:ff9b::cb00:7105',
  '2002:cb00:7105::1',
];

beforeEach(async () => {
  await seen();
  lookups.length = 0;
  came = 0;
});

/** Each of the addresses has a name of its own; a list of lists is what one name has. */
function named(answers: readonly (string | readonly string[])[]): readonly string[] {
  return answers.map((answer, index) => {
    const name = `n${index}.example.com`;
    names.set(name, typeof answer === 'string' ? [answer] : answer);
    return name;
  });
}

async function refuses(addresses: readonly string[], port: number): Promise<void> {
  const box = new Container().network({ allow: [`*.example.com:${port}`, `*.example.com:9999`] });
  await using running = await box.start();
  const targets = named(addresses).map((name) => `${name}:${port}`);
  const found = await reach(running, ...targets);
  const wrong = addresses.filter((_, index) => found[targets[index] ?? ''] !== 'reset');
  assert.deepEqual(wrong, [], 'the program sees a reset');
  assert.deepEqual(await seen(), []);
  assert.equal(came, 0);
  const { connections } = await running.stop({ grace: 0 });
  const reasons = addresses.map((address, index) => `${address} ${connections[index]?.outcome}`);
  assert.deepEqual(
    reasons,
    addresses.map((address) => `${address} private-address`),
  );
}

suite('a name is refused that resolves to', () => {
  test('private, shared, link-local, metadata addresses, and forms of them', () => refuses(SPECIAL, 7));

  test('an address of the host, and forms of it', () => refuses(OWN, ownPort));

  test('addresses where nobody is, or that mean many', () => refuses(NOBODY, 7));
});

suite('of several addresses', () => {
  test('only those are tried that may be reached', async () => {
    const box = new Container().network({ allow: ['*.example.com:7'] });
    const [one, two, three] = named([
      ['10.1.2.3', '203.0.113.5', '127.0.0.1'],
      ['::1', 'fd00:5::5', '2001:db8::5'],
      ['10.1.2.3', 'fd00:5::5'],
    ]);
    const found = await reach(box, `${one}:7`, `${two}:7`, `${three}:7`);
    assert.deepEqual(Object.values(found), ['reached', 'reached', 'reset']);
    assert.deepEqual(
      (await seen()).map(({ address }) => address),
      ['203.0.113.5', '2001:db8::5'],
    );
  });

  test('the next is tried where one refuses', async () => {
    const box = new Container().network({ allow: ['*.example.com:6379'] });
    // Redis listens on one of them.
    const [name] = named([['203.0.113.6', '2001:db8::5', '203.0.113.5']]);
    const words = ['-c', `printf 'PING\\r\\nQUIT\\r\\n' >/dev/tcp/${name}/6379`];
    const { connections } = await box.run('bash', words);
    assert.deepEqual(
      connections.map(({ address, outcome }) => [address, outcome]),
      [['203.0.113.5', 'relayed']],
    );
  });
});

suite('a name whose address changes', () => {
  test('is looked up once for each connection, and that answer counts', async () => {
    let turn = 0;
    names.set('turn.example.com', () => (turn++ % 2 === 0 ? ['203.0.113.5'] : ['10.1.2.3']));
    await using running = await new Container().network({ allow: ['turn.example.com:7'] }).start();
    for (let round = 0; round < 6; round += 1)
      assert.deepEqual(await reach(running, 'turn.example.com:7'), {
        'turn.example.com:7': round % 2 === 0 ? 'reached' : 'reset',
      });
    assert.equal(lookups.length, 6);
    assert.deepEqual(
      (await seen()).map(({ address }) => address),
      Array(3).fill('203.0.113.5'),
    );
  });
});

suite('an address that is listed', () => {
  const name = 'lan.example.com:7';

  before(() => {
    names.set('lan.example.com', ['10.1.2.3']);
  });

  test('is reached by itself, and by a name', async () => {
    for (const entry of ['10.1.2.3:7', '10.0.0.0/8:7', '10.1.0.0/16:7'])
      assert.deepEqual(await reach(new Container().network({ allow: [name, entry] }), name, '10.1.2.3:7'), {
        [name]: 'reached',
        '10.1.2.3:7': 'reached',
      });
  });

  test('is not, where another port, another address or all of them are listed', async () => {
    for (const entry of ['10.1.2.3:80', '10.1.2.4:7', '192.168.0.0/16:7', '0.0.0.0/0:7'])
      assert.deepEqual(
        await reach(new Container().network({ allow: [name, entry] }), name),
        { [name]: 'reset' },
        entry,
      );
    assert.deepEqual(await seen(), []);
  });

  test('is not, where everything is: public ones are', async () => {
    const box = new Container().network({ allow: ['0.0.0.0/0:7', '[::/0]:7'] });
    const open = ['203.0.113.5:7', '8.8.8.8:7', '[2001:db8::5]:7'];
    assert.deepEqual(await reach(box, ...open), all(open, 'reached'));
    await seen();
    const found = await reach(
      box,
      '10.1.2.3:7',
      '169.254.169.254:7',
      '[fd00:5::5]:7',
      '[64:ff9b::a01:203]:7',
      '203.0.113.1:7',
    );
    for (const [target, verdict] of Object.entries(found))
      assert.match(verdict, /^(reset|ECONNREFUSED|ENETUNREACH|EADDRNOTAVAIL)$/, target);
    assert.deepEqual(await seen(), []);
  });
});
