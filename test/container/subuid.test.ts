/**
 * `idmap('subuid')` gives an ordinary user the ids that /etc/subuid lists.
 *
 * Root starts that user's Node in a mount namespace in which these files, and one with the user's name, lie over the
 * host's.
 */

import assert from 'node:assert/strict';
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Container } from 'carrel';
import { freshBusyboxRoot } from '../support/busybox.js';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { NOBODY } from '../support/legs.js';
import { assertAtStep, type Told, tell } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const UID = NOBODY;
const FIRST = 2_000_000;

/** Files that lie over the host's, by their paths there. */
interface Covers {
  readonly subuid?: string;
  readonly subgid?: string;
  readonly passwd?: string;
  /** Another program in the place of newuidmap. */
  readonly newuidmap?: string;
  readonly groups?: string;
}

interface Answer {
  readonly stdout?: string;
  readonly error?: Told;
}

suite('idmap("subuid")', requires('root', 'busybox', 'newuidmap'), () => {
  let directory: string;
  let rootfs: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'subuid-'));
    chmodSync(directory, 0o755);
    rootfs = freshBusyboxRoot();
  });
  after(() => {
    removeTree(directory);
    removeTree(rootfs);
  });

  /** What `expression`, a promise in a module with `box` and `rootfs`, gives in that user's Node. */
  function ask(expression: string, covers: Covers = {}): Promise<Answer> {
    const { newuidmap, groups = '--clear-groups', ...files } = covers;
    const entry = `sub:x:${UID}:${UID}::/:/bin/sh\n`;
    const texts = { subuid: `sub:${FIRST}:1000\n`, subgid: `sub:${FIRST}:1000\n`, passwd: entry, ...files };
    const binds = Object.entries(texts).map(([name, text]) => {
      const path = join(directory, name);
      writeFileSync(path, text);
      chmodSync(path, 0o644);
      return `mount --bind ${path} /etc/${name}`;
    });
    if (newuidmap !== undefined) binds.push(`mount --bind ${newuidmap} /usr/bin/newuidmap`);
    const user = `setpriv --reuid=${UID} --regid=${UID} ${groups} --inh-caps=-all`;
    const prefix = [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-ec',
      `${binds.join('; ')}; exec ${user} "$0" "$@"`,
    ];
    return askCaller<Answer>(
      `const rootfs = ${JSON.stringify(rootfs)};
       const box = new Container().idmap('subuid');
       const answer = await (${expression}).then(
         ({ stdout }) => ({ stdout }),
         (error) => ({ error: (${tell})(error) }),
       );
       process.stdout.write(JSON.stringify(answer));`,
      { prefix },
    );
  }

  const MAPS = `box.run('sh', ['-c', 'cat /proc/self/uid_map /proc/self/gid_map'], { check: true })`;
  const numbers = ({ stdout = '' }: Answer): readonly (readonly number[])[] =>
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number));

  test('a snapshot has the owners, and so have forks of its forks', requires('linux-6.6'), async () => {
    const given = join(directory, 'snapshots');
    mkdirSync(given);
    chownSync(given, UID, UID);
    const found = await ask(`(async () => {
      process.env.XDG_DATA_HOME = ${JSON.stringify(given)};
      const output = async (container, script) => (await container.run('sh', ['-c', script], { check: true })).stdout;
      const list = "cd /tmp; stat -c '%n %a %u:%g' * | sort";
      const first = await box.start();
      await output(first, 'cd /tmp; for id in 0 7 1000; do echo > $id; chown $id:$id $id; chmod 4750 $id; done');
      const one = await first.snapshot();
      const fork = await one.container.start();
      await output(fork, 'cd /tmp; rm 7; echo > 8; chown 8:9 8');
      const two = await fork.snapshot({ directory: ${JSON.stringify(join(given, 'given'))} });
      const stdout = [await output(one.container, list), await output(two.container, list)].join('');
      for (const each of [two, fork, one, first]) await each[Symbol.asyncDispose]();
      return { stdout };
    })()`);
    const kept = (id: number): string => `${id} 4750 ${id}:${id}\n`;
    assert.equal(found.stdout, `${kept(0)}${kept(1000)}${kept(7)}${kept(0)}${kept(1000)}8 644 8:9\n`, `${found.error}`);
    assert.deepEqual(readdirSync(join(given, 'carrel/snapshots')), []);
    assert.deepEqual(readdirSync(given), ['carrel']);
  });

  test('without: one id; with: root is the caller, the others are those of the files', async () => {
    assert.deepEqual(numbers(await ask(MAPS.replace('box', `box.idmap('auto')`))), [
      [0, UID, 1],
      [0, UID, 1],
    ]);
    const found = await ask(MAPS);
    assert.deepEqual(
      numbers(found),
      [
        [0, UID, 1],
        [1, FIRST, 1000],
        [0, UID, 1],
        [1, FIRST, 1000],
      ],
      JSON.stringify(found),
    );
  });

  test('by number, and several ranges', async () => {
    const subuid = `${UID}:${FIRST}:10\nother:5:5\n${UID}:${FIRST + 50}:20\n`;
    assert.deepEqual(numbers(await ask(MAPS, { subuid })).slice(0, 3), [
      [0, UID, 1],
      [1, FIRST, 10],
      [11, FIRST + 50, 20],
    ]);
  });

  test('ranges of one’s own choice, of these ids', async () => {
    const list = `[{ containerID: 0, hostID: ${UID}, size: 1 }, { containerID: 50, hostID: ${FIRST + 7}, size: 3 }]`;
    const found = await ask(MAPS.replace('box', `box.idmap({ uid: ${list}, gid: ${list} })`));
    assert.deepEqual(numbers(found).slice(0, 2), [
      [0, UID, 1],
      [50, FIRST + 7, 3],
    ]);
  });

  test('users, groups, pipes: all that one id has not', async () => {
    const script = 'id -u; id -G; touch /tmp/x; chown 7:8 /tmp/x && stat -c %u:%g /tmp/x; cat /dev/stdin > /dev/stdout';
    const run = (user: string): string =>
      `box.user(${user}).run('sh', ['-ec', ${JSON.stringify(script)}], { input: 'through', check: true })`;
    assert.equal((await ask(run('0'), { groups: `--groups=4242,${UID}` })).stdout, '0\n0\n7:8\nthrough');
    const copies = `['-ec', 'id -u; id -G; cat /dev/stdin > /dev/stdout'], { input: 'through', check: true }`;
    const other = `box.user({ uid: 5, gid: 6, additionalGids: [9] }).run('sh', ${copies})`;
    assert.equal((await ask(other)).stdout, '5\n6 9\nthrough');
    const named = `box.rootfs(rootfs).user('user').run('id', [], { check: true })`;
    assert.match(
      (await ask(named, { subuid: `sub:${FIRST}:2000`, subgid: `sub:${FIRST}:2000` })).stdout ?? '',
      /uid=1000.*groups=.*500/,
    );
  });

  test('a terminal is the user’s too', async () => {
    const script = `const child = box.user(5).spawn('sh', ['-c', 'tty && stat -c %u:%g $(tty)'], { terminal: true });
      let stdout = '';
      child.stdout.on('data', (chunk) => (stdout += chunk));
      await new Promise((done) => child.on('close', done));
      return { stdout };`;
    assert.equal((await ask(`(async () => { ${script} })()`)).stdout, '/dev/pts/0\r\n5:5\r\n');
  });

  test('files of the caller are root’s inside, other people’s are nobody’s', async () => {
    const { stdout } = await ask(`box.rootfs(rootfs).run('stat', ['-c', '%u', '/etc'], { check: true })`);
    assert.equal(stdout, '65534\n');
  });

  test('without a range, or with one that is too small: an error at once', async () => {
    const none = await ask(MAPS, { subuid: '' });
    assert.deepEqual([none.error?.name, none.error?.code], ['CarrelError', 'ERR_SUBORDINATE_IDS']);
    assert.match(none.error?.hint ?? '', /--add-subuids/);
    const small = await ask(`box.user(11).run('true')`, { subuid: `sub:${FIRST}:10` });
    assert.match(small.error?.message ?? '', /user 11:11 does not exist .* uids 0, 1 to 10 /);
  });

  test('what the helper says, and how it ends, is in the error', async () => {
    const list = `[{ containerID: 0, hostID: ${UID}, size: 1 }, { containerID: 1, hostID: 3000000, size: 5 }]`;
    const { error } = await ask(`box.idmap({ uid: ${list}, gid: ${list} }).run('true')`);
    assertAtStep(error, {
      op: 'newuidmap',
      code: 'EPERM',
      syscall: 'execve',
      option: 'idmap()',
      message: /newuidmap: uid range \[1-6\) -> \[3000000-3000005\) not allowed; exit status 1/,
      hint: /\/etc\/subuid/,
    });
  });

  test('a helper without its rights', async () => {
    const plain = join(directory, 'plain');
    copyFileSync('/usr/bin/newuidmap', plain);
    chmodSync(plain, 0o755);
    const { error } = await ask(MAPS, { newuidmap: plain });
    assertAtStep(error, { op: 'newuidmap', code: 'EPERM', hint: /set-user-id root/ });
  });

  test('a helper that is no program, says nothing, is killed, or talks without end', async () => {
    const fake = join(directory, 'fake');
    for (const [text, code, message] of [
      ['not a program', 'ENOEXEC', /execve/],
      ['#!/bin/sh\nexit 3\n', 'EPERM', /it said nothing; exit status 3/],
      ['#!/bin/sh\nkill -9 $$\n', 'EPERM', /it said nothing; signal 9/],
      ['#!/bin/sh\nyes talk | head -n 100000 >&2\nexit 1\n', 'EPERM', /talk; talk.*exit status 1/],
    ] as const) {
      writeFileSync(fake, text);
      chmodSync(fake, 0o755);
      const { error } = await ask(MAPS, { newuidmap: fake });
      assertAtStep(error, { op: 'newuidmap', code, message });
    }
  });

  test('a user without a name', async () => {
    const { error } = await ask(MAPS, {
      passwd: 'root:x:0:0::/:/bin/sh\n',
      subuid: `${UID}:${FIRST}:10`,
      subgid: `${UID}:${FIRST}:10`,
    });
    assertAtStep(error, { op: 'newuidmap', code: 'EPERM', hint: /\/etc\/passwd/ });
  });
});
