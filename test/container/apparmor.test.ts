/** A command gets the AppArmor profile that it is asked to run under, and nothing in the container redirects that. */

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Container, file } from 'carrel';
import { launcherProfile } from '#lib/launch/profile.js';
import { loadProfiles, profile, removeProfiles } from '../support/apparmor.js';
import { freshBusyboxRoot } from '../support/busybox.js';
import { askCaller } from '../support/caller.js';
import { carrel } from '../support/cli.js';
import { useCleanHost } from '../support/host.js';
import { asUser } from '../support/legs.js';
import { askRefusal, assertAtStep, rejectsAtStep } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const NAME = 'carrel-test';
const PROFILES = [
  profile(NAME, 'deny /secret/closed rw, deny capability chown,'),
  profile('carrel test two', 'deny /secret/open rw,'),
];
const LABEL = `${NAME} (enforce)`;
const CURRENT = '/proc/self/attr/current';
/** Both can be read, unless a profile denies it. */
const box = new Container().mount(file('/secret/open', 'open'), file('/secret/closed', 'closed', { mode: 0o644 }));

/** The label, and which of the two files can be read. */
async function seen(container: Container): Promise<readonly string[]> {
  const script = `cat ${CURRENT} /secret/open /secret/closed; true`;
  const { stdout, stderr, ok } = await container.run('sh', ['-c', script]);
  assert.ok(ok, stderr);
  return stdout.split('\n');
}

suite('apparmor()', requires('root', 'apparmor'), () => {
  before(() => loadProfiles(...PROFILES));
  after(() => removeProfiles(...PROFILES));

  test('the command runs under the profile, and may what that says', async () => {
    assert.deepEqual(await seen(box), ['unconfined', 'openclosed']);
    assert.deepEqual(await seen(box.apparmor(NAME)), [LABEL, 'open']);
    assert.deepEqual(await seen(box.apparmor('carrel test two')), ['carrel test two (enforce)', 'closed']);
    assert.deepEqual(await seen(box.apparmor(NAME).apparmor(undefined)), ['unconfined', 'openclosed']);
  });

  for (const [what, container] of Object.entries<Container>({
    'an ordinary user inside': box.user(1000),
    limits: box.limits({ memory: '64m', pids: 32 }),
    'a terminal’s init left out': box.init(false),
    'a filter of system calls left out': box.seccomp('unconfined'),
    'new privileges': box.noNewPrivileges(false),
    'CAP_SYS_ADMIN, and locked mounts': box.capabilities({ add: ['CAP_SYS_ADMIN'] }),
    'the host’s /proc': box.proc('bind'),
    'no /proc of its own': box.namespaces(['user', 'mount', 'uts']),
    Landlock: box.landlock({ read: '/', execute: '/' }),
  }))
    test(`with ${what}`, async () => {
      assert.deepEqual(await seen(container), ['unconfined', 'openclosed']);
      assert.deepEqual(await seen(container.apparmor(NAME)), [LABEL, 'open']);
    });

  test('without a namespace', async () => {
    const label = async (container: Container): Promise<string> => (await container.run('cat', [CURRENT])).stdout;
    const bare = new Container().namespaces([]);
    assert.deepEqual([await label(bare), await label(bare.apparmor(NAME))], ['unconfined\n', `${LABEL}\n`]);
  });

  test('what the command starts is under it too, and cannot leave it', async () => {
    const leave = `echo changeprofile unconfined > ${CURRENT} || echo refused`;
    const script = `sh -c 'cat ${CURRENT}'; (${leave}) 2>/dev/null; cat ${CURRENT}`;
    const { stdout } = await box.apparmor(NAME).run('sh', ['-c', script]);
    assert.equal(stdout, `${LABEL}\nrefused\n${LABEL}\n`);
  });

  test('a capability that the profile denies is none, though the container has it', async () => {
    const chown = (container: Container): Promise<number | null> =>
      container.run('sh', ['-c', 'touch /tmp/x && chown 5 /tmp/x']).then(({ exitCode }) => exitCode);
    assert.deepEqual([await chown(box), await chown(box.apparmor(NAME))], [0, 1]);
  });

  test('a profile that is not loaded is told as that, and nothing is left', async () => {
    const expected = { op: 'setExecLabel', code: 'ENOENT', syscall: 'write', option: 'apparmor()' } as const;
    await rejectsAtStep(() => box.apparmor('carrel-none').run('true'), { ...expected, hint: /apparmor_parser/ });
  });

  test('carrel run --apparmor', async () => {
    const args = ['cat', CURRENT];
    assert.equal((await carrel(['run', ...args])).stdout, 'unconfined\n');
    assert.equal((await carrel(['run', '--apparmor', NAME, ...args])).stdout, `${LABEL}\n`);
  });

  test('a program that the profile does not let the command execute', async () => {
    const [name, rules] = ['carrel-no-true', 'deny /{usr/,}bin/true x,'];
    loadProfiles(profile(name, rules));
    try {
      assert.equal((await box.apparmor(name).run('sh', ['-c', 'echo'])).exitCode, 0);
      const denied = await box.apparmor(name).run('sh', ['-c', 'true; /usr/bin/true']);
      assert.equal(denied.exitCode, 126);
    } finally {
      removeProfiles(profile(name, rules));
    }
  });

  suite('a root filesystem that has something else for /proc', requires('busybox'), () => {
    let root = '';
    before(() => {
      root = freshBusyboxRoot();
      removeTree(join(root, 'proc'));
    });
    after(() => removeTree(root));
    /** A file where the label would be written to, if `proc` were /proc. */
    const decoy = (proc: string): string => {
      const directory = join(root, proc, 'thread-self/attr/apparmor');
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, 'exec'), '');
      return join(directory, 'exec');
    };

    test('as a directory: the label holds, and the file is as it was', async () => {
      const fake = decoy('proc');
      const { stdout } = await new Container().rootfs(root).apparmor(NAME).run('cat', [CURRENT]);
      assert.equal(stdout, `${LABEL}\n`);
      // Nothing of its own to read it from.
      const bare = new Container().rootfs(root).proc('none').apparmor(NAME);
      await bare.run('true');
      assert.equal(readFileSync(fake, 'utf8'), '');
      removeTree(join(root, 'proc'));
    });

    test('as a link: what is refused is the mount, and the file is as it was', async () => {
      const fake = decoy('decoy');
      symlinkSync('/decoy', join(root, 'proc'));
      await rejectsAtStep(() => new Container().rootfs(root).apparmor(NAME).run('true'), {
        op: 'mount',
        code: /ELOOP|ENOTDIR/,
      });
      assert.equal(readFileSync(fake, 'utf8'), '');
    });
  });

  suite('started by an ordinary user', () => {
    const label = (container: string): string =>
      `const { stdout } = await ${container}.run('cat', ['${CURRENT}']); console.log(JSON.stringify(stdout));`;

    test('the label holds, and one that is not loaded is told', async () => {
      const prefix = asUser;
      assert.equal(await askCaller(label('new Container()'), { prefix }), 'unconfined\n');
      assert.equal(await askCaller(label(`new Container().apparmor('${NAME}')`), { prefix }), `${LABEL}\n`);
      const told = await askRefusal(`new Container().apparmor('carrel-none').run('true')`, { prefix });
      assertAtStep(told, { op: 'setExecLabel', code: 'ENOENT', hint: /apparmor_parser/ });
    });
  });

  // Ubuntu's restriction gives such a profile to who makes a user namespace. Debian's parser knows no `userns,` yet.
  suite('a caller that gets no rights in a user namespace', () => {
    const place = `/run/carrel-apparmor-${process.pid}`;
    const path = join(place, 'carrel-launcher');
    const grant = launcherProfile(path)
      .replace(/^abi .*\n/, '')
      .replace('  userns,\n', '');
    const restricted = profile('carrel-restricted', `${path} px -> carrel-launcher,`).replace('capability,', '');
    before(async () => {
      mkdirSync(place, { mode: 0o755 });
      const { code, stderr } = await carrel(['install-launcher', path]);
      assert.equal(code, 0, stderr);
      loadProfiles(grant, restricted);
    });
    after(() => {
      removeProfiles(grant, restricted);
      removeTree(place);
    });

    test('is refused namespaces, and starts containers by an installed launcher', async () => {
      const prefix = [...asUser, 'aa-exec', '--profile', 'carrel-restricted', '--'];
      const told = await askRefusal(`new Container().run('true')`, { prefix });
      assertAtStep(told, { op: 'clone', code: 'EPERM', syscall: 'clone3' });
      const env = { ...process.env, CARREL_LAUNCHER: path };
      const source = `const { stdout } = await new Container().run('id', ['-u']); console.log(JSON.stringify(stdout));`;
      assert.equal(await askCaller(source, { prefix, env }), '0\n');
    });
  });

  suite('a caller that is under a profile itself', () => {
    const around = (name: string): readonly string[] => ['aa-exec', '--profile', name, '--'];
    const callers = [
      profile('carrel-bound'),
      profile('carrel-changing', `change_profile -> ${NAME}, change_profile -> &${NAME},`),
    ];
    before(() => loadProfiles(...callers));
    after(() => removeProfiles(...callers));
    const run = (container: string): string => `new Container()${container}.run('true')`;
    const label = (container: string): string =>
      `const { stdout } = await new Container()${container}.run('cat', ['${CURRENT}']);
       console.log(JSON.stringify(stdout));`;

    test('its own holds inside where none is asked for', async () => {
      assert.equal(await askCaller(label(''), { prefix: around('carrel-bound') }), 'carrel-bound (enforce)\n');
    });

    test('has to allow the change', async () => {
      const told = await askRefusal(run(`.apparmor('${NAME}')`), { prefix: around('carrel-bound') });
      assertAtStep(told, { op: 'setExecLabel', code: 'EACCES', hint: /change_profile -> carrel-test/ });
    });

    test('allows it: with no new privileges the kernel takes a stacked one only', async () => {
      const prefix = around('carrel-changing');
      const told = await askRefusal(run(`.apparmor('${NAME}')`), { prefix });
      assertAtStep(told, { op: 'exec', code: 'EPERM', hint: /&/ });
      const stacked = await askCaller<string>(label(`.apparmor('&${NAME}')`), { prefix });
      assert.match(stacked, /^carrel-changing\/\/&carrel-test \(enforce\)\n$/);
      const free = await askCaller(label(`.apparmor('${NAME}').noNewPrivileges(false)`), { prefix });
      assert.equal(free, `${LABEL}\n`);
    });
  });
});
