/** What Landlock allows a container's programs, beside what their user may: each right without it, and with it. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { bind, Container, type LandlockInput } from 'carrel';
import { plan, run } from 'carrel/plan';
import {
  addPathRule,
  type addPortRule,
  createRuleset,
  exit,
  noNewPrivileges,
  restrictSelf,
  setCapabilities,
} from 'carrel/steps';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
/** All that programs need to run. */
const PROGRAMS = ['/usr', '/bin', '/lib', '/lib64'].filter((path) => existsSync(path));
const files = mkdtempSync(join(tmpdir(), 'landlock-'));
chmodSync(files, 0o777);
after(() => rmSync(files, { recursive: true }));

/** A container that has `files` at /data, with its programs. */
const data = box.mount(bind(files, '/data'));
const open = ({ read = [], write = [], execute = [] }: LandlockInput): Container =>
  data.landlock({
    read: [...PROGRAMS, '/dev/null', ...[read].flat()],
    write: ['/dev/null', ...[write].flat()],
    execute: [...PROGRAMS, ...[execute].flat()],
  });

/** Nothing where it succeeds, that it was denied, or all that is said of another failure. */
async function said(container: Container, script: string): Promise<string> {
  const { stderr } = await container.run('sh', ['-c', script]);
  return stderr.includes(DENIED) ? DENIED : stderr;
}
const DENIED = 'Permission denied';

/** Without a policy, with one that lacks the right, with one that has it. */
async function differs(script: string, without: LandlockInput, withIt: LandlockInput): Promise<void> {
  for (const [container, expected] of [
    [data, ''],
    [open(without), DENIED],
    [open(withIt), ''],
  ] as const) {
    writeFileSync(join(files, 'file'), 'text\n');
    chmodSync(join(files, 'file'), 0o666);
    rmSync(join(files, 'made'), { force: true, recursive: true });
    assert.equal(await said(container, script), expected, JSON.stringify(container.toJSON().landlock));
  }
}

suite('files', requires('landlock-files'), () => {
  before(() => {
    mkdirSync(join(files, 'directory'), { mode: 0o777 });
    mkdirSync(join(files, 'other'));
    for (const name of ['directory', 'other']) chmodSync(join(files, name), 0o777);
  });

  test('are read where read lists them', () => differs('cat /data/file', {}, { read: '/data' }));
  test('are read where read lists the file itself', () => differs('cat /data/file', {}, { read: '/data/file' }));
  test('directories are listed', () => differs('ls /data', {}, { read: '/data' }));
  test('are written', () => differs('echo more >> /data/file', { read: '/data' }, { write: '/data' }));
  test('are written where write lists the file itself', () =>
    differs('echo more > /data/file', { read: '/data' }, { write: '/data/file' }));
  test('are truncated, without being opened to be written', requires('python3'), () =>
    differs(
      `python3 -c 'import os; os.truncate("/data/file", 1)'`,
      { read: '/data' },
      { write: '/data', read: '/data' },
    ),
  );
  test('are made', () => differs('echo > /data/made', { read: '/data' }, { write: '/data' }));
  test('are not made beside a file that write lists', () =>
    differs('echo > /data/made', { write: '/data/file' }, { write: '/data' }));
  test('are removed', () => differs('rm /data/file', { read: '/data' }, { write: '/data', read: '/data' }));
  test('directories are made and removed', () =>
    differs('mkdir /data/made && rmdir /data/made', { read: '/data' }, { write: '/data' }));
  test('links are made', () => differs('ln -s x /data/made', { read: '/data' }, { write: '/data' }));
  test('FIFOs are made', () => differs('mkfifo /data/made', { read: '/data' }, { write: '/data' }));
  test('sockets are made', requires('python3'), () =>
    differs(
      `python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("/data/made")'`,
      { read: '/data' },
      { write: '/data', read: '/data' },
    ),
  );
  test('are renamed', () => differs('mv /data/file /data/made', { read: '/data' }, { write: '/data', read: '/data' }));
  test('are executed', async () => {
    const copy = 'cp /bin/true /data/made && chmod 755 /data/made';
    const data2 = { read: '/data', write: '/data' };
    await differs(`${copy} && /data/made`, data2, { ...data2, execute: '/data' });
  });
  test('a script is executed where its interpreter is', async () => {
    writeFileSync(join(files, 'script'), '#!/bin/sh\necho run\n');
    chmodSync(join(files, 'script'), 0o755);
    await differs('/data/script', { read: '/data' }, { execute: '/data/script' });
  });

  test('are moved and linked from one directory to another', requires('landlock-refer'), async () => {
    const moves = 'mv /data/directory/file /data/other/file && mv /data/other/file /data/directory/file';
    const link = 'ln /data/directory/file /data/other/link && rm /data/other/link';
    const both = ['/data/directory', '/data/other'];
    for (const script of [moves, link])
      for (const [landlock, expected] of [
        [{ read: '/data', write: '/data' }, ''],
        [{ read: '/data', write: both }, ''],
        [{ read: both, write: both }, ''],
        [{ read: '/data', write: '/data/directory' }, DENIED],
        // More could be done with it there.
        [{ read: both, write: both, execute: '/data/other' }, /cross-device/],
      ] as const) {
        writeFileSync(join(files, 'directory/file'), 'text\n');
        chmodSync(join(files, 'directory/file'), 0o666);
        const { stderr } = await open(landlock).run('perl', ['-e', RENAME, ...script.split(' ')]);
        if (expected === '') assert.equal(stderr, '', script);
        else assert.match(stderr, expected === DENIED ? /Permission denied/ : expected, script);
      }
  });

  test('devices are made nowhere, with every right there is', requires('root'), async () => {
    const node = box
      .namespaces([])
      .capabilities({ add: ['CAP_MKNOD'] })
      .seccomp('unconfined');
    const script = `mknod ${files}/node b 7 99`;
    assert.equal(await said(node, script), '');
    rmSync(join(files, 'node'));
    assert.equal(await said(node.landlock({ read: '/', write: '/', execute: '/' }), script), DENIED);
  });

  test('nothing is mounted, with every capability', async () => {
    const admin = data.capabilities({ add: ['CAP_SYS_ADMIN'] });
    const script = 'mount -t tmpfs none /tmp';
    assert.equal(await said(admin, script), '');
    const { stderr } = await admin.landlock({ read: '/', write: '/', execute: '/' }).run('sh', ['-c', script]);
    assert.match(stderr, /permission denied|not permitted/i);
  });

  test('metadata stays open, and so does what is open already', async () => {
    const script = 'stat -c %a /data/file && chmod 600 /data/file && cd /data && cat';
    const { stdout, stderr } = await open({}).run('sh', ['-c', script], { input: 'in' });
    assert.equal(stdout, '666\nin', stderr);
    chmodSync(join(files, 'file'), 0o666);
  });

  test('each process that comes of it is restricted', async () => {
    const script = '(setsid sh -c "cat /data/file" & wait $!) 2>&1; sh -c "sh -c \'cat /data/file\'" 2>&1';
    const { stdout } = await open({}).run('sh', ['-c', script]);
    assert.equal(stdout.match(/Permission denied/g)?.length, 2, stdout);
  });
});

/** `mv A B && mv B A`, `ln A B && rm B`: by the calls alone, since mv(1) copies where it cannot rename. */
const RENAME = `
my @calls = split / && /, join(' ', @ARGV);
for (@calls) {
  my ($what, $from, $to) = split / /;
  my $done = $what eq 'mv' ? rename($from, $to) : $what eq 'ln' ? link($from, $to) : unlink($from);
  print STDERR "$what: $!\\n" unless $done;
  last unless $done;
}`;

suite('without any namespace', requires('landlock-files'), () => {
  const bare = box.namespaces([]);
  const own = `${process.getuid?.()}:${process.getgid?.()}`;

  test('a command is the caller, with its own policy of files', async () => {
    const id = async (container: Container): Promise<string> =>
      (await container.run('sh', ['-c', 'echo $(id -u):$(id -g); grep NoNewPrivs /proc/self/status'])).stdout;
    assert.equal(await id(bare), `${own}\nNoNewPrivs:\t1\n`);
    assert.equal(await id(bare.landlock({ read: '/proc', execute: PROGRAMS })), `${own}\nNoNewPrivs:\t1\n`);
    writeFileSync(join(files, 'bare'), 'bare\n');
    const cat = `cat ${files}/bare`;
    assert.equal(await said(bare, cat), '');
    assert.equal(await said(bare.landlock({ execute: PROGRAMS }), cat), DENIED);
    assert.equal(await said(bare.landlock({ execute: PROGRAMS, read: files }), cat), '');
    assert.equal(readFileSync(join(files, 'bare'), 'utf8'), 'bare\n');
  });

  test('an ordinary user’s can be nobody else', () => {
    if (process.getuid?.() !== 0)
      assert.throws(() => bare.user(1).plan('true'), { message: /without a user namespace/ });
    assert.equal(bare.user(own).plan('true').clone.length, 0);
  });

  test('root’s can be anybody', requires('root'), async () => {
    const secret = join(files, 'secret');
    writeFileSync(secret, 'secret\n', { mode: 0o600 });
    chownSync(secret, 1, 1);
    const cat = `cat ${secret}`;
    assert.equal(await said(bare.user(1), cat), '');
    assert.equal(await said(bare.user(2), cat), DENIED);
    assert.equal(await said(bare.user(1).landlock({ execute: PROGRAMS }), cat), DENIED);
  });

  test('it gets no rights by a set-user-id program', async () => {
    const { stdout } = await bare.run('sh', ['-c', 'grep CapPrm /proc/self/status; su -c id 2>&1 </dev/null']);
    if (process.getuid?.() !== 0) assert.match(stdout, /CapPrm:\t0000000000000000/);
  });
});

suite('a command that enters', requires('landlock-files'), () => {
  test('has the policy of its own container', async () => {
    const first = data.spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(first, 'spawn');
    try {
      const into = (['user', 'pid', 'mount', 'network', 'ipc', 'uts'] as const).map((name) => ({ [name]: first }));
      const entering = box.namespaces(into);
      assert.equal(await said(entering, 'cat /data/file'), '');
      assert.equal(await said(entering.landlock({ execute: PROGRAMS }), 'cat /data/file'), DENIED);
      assert.equal(await said(entering.landlock({ execute: PROGRAMS, read: '/data' }), 'cat /data/file'), '');
    } finally {
      first.kill('SIGKILL');
      await first.result;
    }
  });
});

/** The first that no stream fills. */
const SLOT = 3;

suite('what is refused at the start', requires('landlock-files'), () => {
  test('a path that does not exist', async () => {
    await rejectsAtStep(() => open({ read: '/none' }).run('true'), {
      op: 'addPathRule',
      code: 'ENOENT',
      path: '/none',
      option: 'landlock()',
      hint: /\/none does not exist in the container/,
    });
  });

  test('a path behind one that its user may not enter', requires('root'), async () => {
    await rejectsAtStep(() => box.user(1000).landlock({ execute: '/', read: '/root/x' }).run('true'), {
      op: 'addPathRule',
      code: 'EACCES',
      hint: /no permission to enter a directory above \/root\/x/,
    });
  });

  test('a path that leads through a link of /proc', async () => {
    await rejectsAtStep(() => box.landlock({ execute: '/', read: '/proc/self/root' }).run('true'), {
      op: 'addPathRule',
      code: 'ELOOP',
      hint: /link of \/proc/,
    });
  });

  test('a command that execute does not list, or its loader', async () => {
    const hint = /with landlock\(\) whether execute lists it, its loader/;
    for (const execute of ['/tmp', '/usr/bin'])
      await rejectsAtStep(() => box.landlock({ execute }).run('true'), { op: 'exec', code: 'EACCES', hint });
  });

  test('a ruleset too many', async () => {
    const layer = (slot: number) => [createRuleset({ slot, files: ['makeChar'] }), restrictSelf({ slot })];
    const layers = (count: number): Promise<unknown> => {
      const steps = Array.from({ length: count }, (_, index) => layer(SLOT + index)).flat();
      return run(plan({ steps: [noNewPrivileges(), ...steps, exit()] }));
    };
    await layers(16);
    await rejectsAtStep(() => layers(17), { op: 'restrictSelf', code: 'E2BIG', hint: /16 rulesets/ });
  });

  test('one that nobody may load', requires('user-namespaces'), async () => {
    const without = setCapabilities({ bounding: [], effective: [], permitted: [] });
    const steps = [createRuleset({ slot: SLOT, files: ['makeChar'] }), restrictSelf({ slot: SLOT }), exit()];
    await run(plan({ clone: ['user'], steps }));
    await rejectsAtStep(() => run(plan({ clone: ['user'], steps: [without, ...steps] })), {
      op: 'restrictSelf',
      code: 'EPERM',
      hint: /noNewPrivileges/,
    });
  });

  test('rules that say nothing, or too much', async () => {
    const made = createRuleset({ slot: SLOT, files: ['execute', 'readDir'], ports: [] });
    const tried = (...steps: readonly ReturnType<typeof addPathRule | typeof addPortRule | typeof exit>[]) =>
      run(plan({ steps: [made, ...steps, exit()] as never }));
    await tried(addPathRule({ slot: SLOT, target: '/', access: ['readDir'] }));
    for (const [access, code, hint] of [
      [['writeFile'], 'EINVAL', /does not refuse all of this/],
      [[], 'ENOMSG', /nothing of this/],
    ] as const)
      await rejectsAtStep(() => tried(addPathRule({ slot: SLOT, target: '/', access })), {
        op: 'addPathRule',
        code,
        hint,
      });
    const passwd = addPathRule({ slot: SLOT, target: '/etc/passwd', access: ['readDir'] });
    await rejectsAtStep(() => tried(passwd), { op: 'addPathRule', code: 'ENOMSG', hint: /no directory/ });
    await rejectsAtStep(() => run(plan({ steps: [createRuleset({ slot: SLOT }), exit()] })), {
      op: 'createRuleset',
      code: 'ENOMSG',
      hint: /refuses nothing/,
    });
  });
});
