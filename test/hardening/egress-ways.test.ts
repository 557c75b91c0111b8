/** Ways out that a hostile program tries, where it may reach one name, one address and one range. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, beforeEach, suite, test } from 'node:test';
import { Container, type RunningContainer } from 'carrel';
import { verdicts } from '../support/attacker.js';
import { freshBusyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { reach } from '../support/outside/reach.js';
import { lookups, names, seen } from '../support/outside.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const TRIES = readFileSync(new URL('../../../test/hardening/egress.py', import.meta.url), 'utf8');
const ALLOW = ['echo.example.org:7', '203.0.113.5:7', '198.51.100.0/24:7', '[2001:db8::5]:7'];
const box = new Container().network({ allow: ALLOW });
const python = requires('debian-python3');

before(() => {
  names.set('echo.example.org', ['203.0.113.5']);
});

beforeEach(async () => {
  await seen();
  lookups.length = 0;
});

/** What becomes of each line of `WAY ARGUMENT`, in turn. */
async function tries(where: Container | RunningContainer, ...lines: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await where.run('/usr/bin/python3', ['-c', TRIES, ...lines], { check: true });
  const found = verdicts(stdout);
  return lines.map((line) => found[line] ?? 'none');
}

async function nothingLeft(): Promise<void> {
  assert.deepEqual(await seen(), []);
  assert.deepEqual(lookups, []);
}

suite('another protocol than TCP', python, () => {
  const targets = ['203.0.113.5:443', '203.0.113.6:443', '198.51.100.5:53', '8.8.8.8:53', '[2001:db8::5]:443'];
  for (const way of ['udp', 'quic', 'dns', 'ping'])
    test(`${way} fails at once, and nothing leaves`, async () => {
      const verdict = way === 'ping' ? /^(ENETUNREACH|EHOSTUNREACH|reached|silent)$/ : /^(ENETUNREACH|ECONNREFUSED)$/;
      const alone = await tries(new Container(), ...targets.map((target) => `${way} ${target}`));
      for (const found of alone) assert.match(found, /^(ENETUNREACH|EADDRNOTAVAIL)$/);
      for (const found of await tries(box, ...targets.map((target) => `${way} ${target}`)))
        assert.match(found, verdict);
      await nothingLeft();
    });

  test('to an address that was given for a name fails too', async () => {
    await using running = await box.start();
    const { stdout } = await running.run('getent', ['ahosts', 'echo.example.org'], { check: true });
    const given = [...new Set(stdout.split('\n').map((line) => line.split(' ')[0] ?? ''))].filter(Boolean);
    assert.equal(given.length, 2);
    for (const address of given) {
      const target = address.includes(':') ? `[${address}]` : address;
      const found = await tries(
        running,
        `udp ${target}:7`,
        `quic ${target}:443`,
        `dns ${target}:53`,
        `tcp ${target}:7`,
      );
      assert.deepEqual(found, ['ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED', 'reached']);
    }
    assert.equal((await seen()).length, 2);
  });

  test('raw packets, with the capability for them, go nowhere', async () => {
    const able = box.capabilities({ add: ['CAP_NET_RAW', 'CAP_NET_ADMIN'] });
    const found = await tries(
      able,
      'raw 203.0.113.5:9000',
      'raw 203.0.113.6:9000',
      'raw 8.8.8.8:53',
      'raw 127.0.0.1:9000',
    );
    assert.ok(
      found.every((each) => /^(sent|ENETUNREACH|EPERM|EINVAL)$/.test(each)),
      String(found),
    );
    await nothingLeft();
  });
});

suite('another address', () => {
  test('of 198.18.0.0/15 and of fd63:6172:7265:6c00::/64 that was given for no name', python, async () => {
    const targets = ['198.18.0.1:7', '198.18.0.2:7', '198.18.77.77:7', '198.19.255.255:7', '198.20.0.1:7'];
    const six = ['1', '2', 'ffff:ffff:ffff:ffff'].map((rest) =>
      `[fd63:6172:7265:6c00::${rest}]:7`.replace(/::(?=ffff)/, ':'),
    );
    for (const found of await tries(box, ...[...targets, ...six].map((target) => `tcp ${target}`)))
      assert.match(found, /^(ECONNRESET|EPIPE|ECONNREFUSED|ENETUNREACH|closed)$/);
    await nothingLeft();
  });

  test('of the host, of its loopback, of metadata, of private networks', python, async () => {
    const own = ['127.0.0.1', '203.0.113.1', '10.1.2.1', '[2001:db8::1]', '[::ffff:203.0.113.6]', '0.0.0.0'];
    const others = [
      '169.254.169.254',
      '10.1.2.3',
      '192.168.7.5',
      '[fd00:5::5]',
      '[64:ff9b::a01:203]',
      '[2002:a01:203::1]',
    ];
    for (const found of await tries(box, ...[...own, ...others].map((host) => `tcp ${host}:7`)))
      assert.match(found, /^(ECONNREFUSED|ENETUNREACH|EADDRNOTAVAIL|EHOSTUNREACH)$/);
    await nothingLeft();
  });

  test('the other end of the link, by its own', python, async () => {
    const [found = ''] = await tries(box, 'beside 7');
    assert.match(found, /^(nobody|refused)$/);
    await nothingLeft();
  });

  test('by data in the first packet', python, async () => {
    const found = await tries(box, 'fast echo.example.org:7', 'fast 203.0.113.6:7', 'fast 198.51.100.5:80');
    assert.equal(found[0], 'reached');
    assert.match(found[1] ?? '', /^ENETUNREACH$/);
    assert.match(found[2] ?? '', /^(ECONNREFUSED|ENETUNREACH)$/);
    assert.equal((await seen()).length, 1);
  });
});

suite('names that are changed inside', () => {
  test('hosts(): a listed name at an address that is not; another at one that was given out', async () => {
    const elsewhere = box.hosts({ 'echo.example.org': '203.0.113.6', 'other.example.org': '203.0.113.5' });
    assert.deepEqual(Object.values(await reach(elsewhere, 'echo.example.org:7', 'other.example.org:7')), [
      'ENETUNREACH',
      'reached',
    ]);
    assert.deepEqual(
      (await seen()).map(({ address }) => address),
      ['203.0.113.5'],
    );
    assert.deepEqual(lookups, []);
  });

  const tree = requires('busybox').skip === false ? freshBusyboxRoot() : undefined;

  test('/etc/hosts and /etc/resolv.conf, by root of a root filesystem of its own', requires('busybox'), async () => {
    const root = new Container().rootfs(tree).network({ allow: ['echo.example.org:80'] });
    const script = `
      wget -q -O - http://echo.example.org/
      for file in hosts resolv.conf; do
        rm -f /etc/$file; umount /etc/$file; mv /etc /etc2 && mkdir /etc
        printf 'nameserver 8.8.8.8\\n203.0.113.6 echo.example.org\\n' >/etc/$file
      done 2>/dev/null
      timeout 20 nslookup secret.example.net >/dev/null && echo resolved
      nslookup secret.example.net 8.8.8.8 >/dev/null && echo resolved
      nslookup secret.example.net 198.18.0.1 >/dev/null && echo resolved
      wget -q -O - -T 5 http://203.0.113.6/
      exit 0`;
    const { stdout } = await root.run('sh', ['-c', script], { check: true });
    assert.equal(stdout, 'hello echo.example.org\n');
    assert.deepEqual(
      (await seen()).map(({ address }) => address),
      ['203.0.113.5'],
    );
    assert.deepEqual(lookups, ['echo.example.org']);
  });
});

suite('ports that are taken first', python, () => {
  test('are the program’s own, and what is listed is still reached', async () => {
    const able = box.capabilities({ add: ['CAP_NET_BIND_SERVICE'] });
    const found = await tries(able, 'first 7', 'first 53', 'first 443', 'fast echo.example.org:7', 'tcp 203.0.113.5:7');
    assert.deepEqual(found, ['bound', 'bound', 'bound', 'reached', 'reached']);
    await using running = await able.start();
    const child = running.spawn(
      '/usr/bin/python3',
      ['-c', `${TRIES}\nimport time; time.sleep(600)`, 'first 7', 'first 53'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    for await (const chunk of child.stdout ?? []) if (String(chunk).includes('first 53')) break;
    assert.deepEqual(await tries(running, 'fast echo.example.org:7', 'tcp 203.0.113.5:7'), ['reached', 'reached']);
    child.kill('SIGKILL');
    await child.result;
  });
});

suite('CAP_NET_ADMIN', python, () => {
  // By routes of its own it would wait as long as it likes.
  const able = box.capabilities({ add: ['CAP_NET_ADMIN', 'CAP_NET_RAW', 'CAP_SYS_ADMIN'] }).env({ PATIENCE: '2' });

  test('makes routes, addresses and links, and nothing more is reached', async () => {
    await using running = await able.start();
    const changes = [
      'ip route add default dev eth0',
      'ip -6 route add default dev eth0',
      'ip route add 203.0.113.6/32 dev eth0',
      'ip route replace 127.0.0.0/8 dev eth0 table local',
      'ip address add 203.0.113.77/24 dev eth0',
      'ip link add dummy0 type dummy',
      'ip link add name v1 type veth peer name v2',
    ];
    await tries(running, ...changes);
    const targets = [
      '203.0.113.6:7',
      '8.8.8.8:7',
      '10.1.2.3:7',
      '169.254.169.254:7',
      '[2001:db8:5::5]:7',
      '203.0.113.1:7',
    ];
    for (const found of await tries(running, ...targets.map((target) => `tcp ${target}`)))
      assert.match(found, /^(ENETUNREACH|EHOSTUNREACH|ECONNREFUSED|ECONNRESET|EACCES|EINVAL|silent)$/);
    for (const found of await tries(running, 'udp 203.0.113.6:443', 'dns 8.8.8.8:53', 'beside 7'))
      assert.match(found, /^(ENETUNREACH|EHOSTUNREACH|ECONNREFUSED|nobody|refused|silent)$/);
    await nothingLeft();
    assert.deepEqual(await reach(running, 'echo.example.org:7'), { 'echo.example.org:7': 'reached' });
  });

  test('has no way into the namespace behind the link', async () => {
    await using running = await able.start();
    const found = await tries(running, ...[0, 1, 2, 3].map((number) => `other ${number}`));
    for (const each of found) {
      assert.doesNotMatch(each, /done/);
      assert.match(each, /^[A-Z]+(,[A-Z]+)*$/);
    }
    const moved = ['ip link set eth0 netns 1', 'ip link set lo netns 1', 'ip netns list-id', 'ip link delete eth0'];
    await tries(running, ...moved);
    await nothingLeft();
    // What it has cut off is its own.
    assert.deepEqual(await reach(box, 'echo.example.org:7'), { 'echo.example.org:7': 'reached' });
  });
});
