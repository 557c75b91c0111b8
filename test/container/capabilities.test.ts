/** `capabilities()` decides which capabilities a command holds: Podman’s list by default. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Capability, Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** Bits of Podman's default list. capability.h */
const DEFAULT = '00000000800405fb';
const NONE = '0000000000000000';
const box = new Container();

async function sets(container: Container): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await container.run('grep', ['-E', '^(Cap|NoNewPrivs)', '/proc/self/status'], { check: true });
  return Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/:\s+/) as [string, string]),
  );
}

function exactly(bits: string, bounding = bits): Record<string, string> {
  return { CapInh: NONE, CapPrm: bits, CapEff: bits, CapBnd: bounding, CapAmb: NONE, NoNewPrivs: '1' };
}

suite('capabilities()', () => {
  test('by default Podman’s list, nothing inheritable or ambient', async () => {
    assert.deepEqual(await sets(box), exactly(DEFAULT));
    assert.deepEqual(await sets(box.capabilities(undefined)), exactly(DEFAULT));
  });

  test('an empty list means none', async () => {
    assert.deepEqual(await sets(box.capabilities([])), exactly(NONE));
  });

  test('a list is the whole list', async () => {
    assert.deepEqual(await sets(box.capabilities(['CAP_CHOWN', 'CAP_KILL'])), exactly('0000000000000021'));
  });

  test('add and drop change the default list', async () => {
    assert.deepEqual(await sets(box.capabilities({ add: ['CAP_SYS_TIME'] })), exactly('00000000820405fb'));
    assert.deepEqual(await sets(box.capabilities({ drop: ['CAP_CHOWN'] })), exactly('00000000800405fa'));
  });

  test('another user than root holds none, whatever the list', async () => {
    assert.deepEqual(await sets(box.user(1000)), exactly(NONE, DEFAULT));
    assert.deepEqual(await sets(box.user(1000).capabilities([])), exactly(NONE));
  });

  test('what a capability allows is refused without it', async () => {
    const script = 'mkdir /tmp/d && chroot / true && echo allowed';
    const without: Capability = 'CAP_SYS_CHROOT';
    assert.equal((await box.run('sh', ['-c', script])).stdout, 'allowed\n');
    const { stdout, stderr } = await box.capabilities({ drop: [without] }).run('sh', ['-c', script]);
    assert.equal(stdout, '');
    assert.match(stderr, /not permitted/);
  });

  test('without a user namespace the same list', requires('root'), async () => {
    assert.deepEqual(await sets(box.namespaces(['mount', 'pid'])), exactly(DEFAULT));
  });
});

test('noNewPrivileges() can be turned off', async () => {
  assert.equal((await sets(box)).NoNewPrivs, '1');
  assert.equal((await sets(box.noNewPrivileges(false))).NoNewPrivs, '0');
});
