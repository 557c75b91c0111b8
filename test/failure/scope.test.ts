/**
 * A systemd-run that does not do what it is for leaves the launcher that was there in service.
 *
 * Instead of systemd's own there is a script.
 */

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { cgroupMounts } from '#lib/cgroup/tree.js';
import { askCaller } from '../support/caller.js';
import { withDelegated } from '../support/delegated.js';
import { useCleanHost } from '../support/host.js';
import { isolation } from '../support/isolated.js';
import { asUser, NOBODY } from '../support/legs.js';
import { attempt, readProcesses } from '../support/processes.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const FAILED = ['cgroup v2: systemd-run --user --scope failed'];

/** An ordinary user who seems to have a systemd of their own. systemd is not asked: it is known by a file. */
const root = requires('root').skip === false;
const manager = `/run/user/${NOBODY}/systemd`;
const asManaged = [
  ...['unshare', ...isolation, 'sh', '-ec'],
  `mount -t tmpfs -o mode=755 tmpfs /run; mkdir -p ${manager}; : >${manager}/private; exec "$@"`,
  ...['sh', ...(root ? asUser : ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`])],
];

interface Fake {
  readonly env: NodeJS.ProcessEnv;
  /** What the script has written to it. */
  readonly said: string;
}

/** Runs `act` with a script in place of systemd-run, which finds that file in $said, and has ended when all is over. */
async function withFake(script: string, act: (fake: Fake) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'scope-'));
  const [program, said] = [join(directory, 'systemd-run'), join(directory, 'said')];
  writeFileSync(program, `#!/bin/sh\nsaid=${said}\n${script}\n`);
  chmodSync(program, 0o755);
  chmodSync(directory, 0o777);
  const pid = (): number => Number.parseInt(attempt(() => readFileSync(said, 'utf8')) ?? '', 10);
  try {
    await act({ env: { ...process.env, PATH: `${directory}:${process.env.PATH}` }, said });
    await until(() => !hangs(pid()));
  } finally {
    if (hangs(pid())) process.kill(pid(), 'SIGKILL');
    removeTree(directory);
  }
}

/** Whether a script has come to the sleep that it ends with, and goes on. */
function hangs(pid: number): boolean {
  return readProcesses().get(pid)?.comm === 'sleep';
}

const scope = JSON.stringify(import.meta.resolve('#lib/cgroup/scope.js'));
const mount = JSON.stringify(
  cgroupMounts().find(({ version }) => version === 2) ?? { version: 2, path: '/', root: '/', controllers: [] },
);

/** What callers have at hand. */
const tools = `
  import { existsSync, readFileSync } from 'node:fs';
  import { inScope } from ${scope};
  import { launcherPid } from ${JSON.stringify(import.meta.resolve('#lib/launch/launcher.js'))};
  const run = async () => (await new Container().run('true')).exitCode;
  await run();
  const usual = launcherPid();
`;

/**
 * Says why there is no scope, and whether a container starts all the same: it would wait for ever for another launcher.
 */
const fails = `
  const { obstacles } = inScope(${mount});
  if (launcherPid() !== usual) throw new Error('it is not the launcher that was there');
  console.log(JSON.stringify([obstacles, await run()]));
`;

/**
 * Its patience, which begins at the first look at the clock, is over as soon as the script has said something, and not
 * before.
 */
const hasty = (said: string): string => `
  let looks = 0;
  performance.now = () => (looks++ > 0 && existsSync(${JSON.stringify(said)}) ? Number.MAX_VALUE : 0);`;

suite('systemd-run', requires('user-namespaces'), () => {
  test('that hangs is ended', () =>
    withFake('echo $$ >$said; exec sleep 9999', async ({ env, said }) => {
      assert.deepEqual(await askCaller(`${tools} ${hasty(said)} ${fails}`, { prefix: asManaged, env }), [FAILED, 0]);
    }));

  test('that fails is not waited for', () =>
    withFake('exit 1', async ({ env }) => {
      const source = `${tools} performance.now = () => 0; ${fails}`;
      assert.deepEqual(await askCaller(source, { prefix: asManaged, env }), [FAILED, 0]);
    }));

  test('is asked by each thread for a scope of its own', () =>
    withFake('echo "$@" >>$said; exit 1', async ({ env, said }) => {
      // The same moment.
      const thread = `
        Date.now = () => 0;
        import(${scope}).then(({ inScope }) => inScope(${mount}));`;
      const source = `
        import { once } from 'node:events';
        import { Worker } from 'node:worker_threads';
        const start = () => once(new Worker(${JSON.stringify(thread)}, { eval: true, execArgv: [] }), 'exit');
        console.log(JSON.stringify(await Promise.all([start(), start()])));`;
      assert.deepEqual(await askCaller(source, { prefix: asManaged, env }), [[0], [0]]);
      const units = readFileSync(said, 'utf8').match(/--unit=\S+/g) ?? [];
      assert.equal(units.length, 2);
      assert.notEqual(units[0], units[1]);
    }));
});

suite('systemd-run that makes a scope', requires('root', 'cgroup2'), () => {
  /** Moves itself into a cgroup that is called as the unit. */
  const move = (directory: string): string => `
    for word; do case $word in --unit=*) scope=${directory}/\${word#--unit=};; esac; done
    mkdir $scope; echo $$ >$scope/cgroup.procs; echo $$ $scope >$said`;

  test('comes to the launcher that serves what follows', () =>
    withDelegated(({ directory, prefix }) => {
      const script = `${move(directory)}; while [ "$1" != -- ]; do shift; done; shift; exec "$@"`;
      return withFake(script, async ({ env, said }) => {
        const source = `${tools}
          const { hierarchy } = inScope(${mount});
          const launcher = Number(readFileSync(hierarchy.parent + '/carrel.host/cgroup.procs', 'utf8'));
          const now = launcherPid();
          console.log(JSON.stringify([hierarchy.parent, now !== usual, launcher === now, await run()]));`;
        const answer = await askCaller<readonly unknown[]>(source, { prefix: asUserIn(prefix), env });
        assert.deepEqual(answer, [readFileSync(said, 'utf8').trim().split(' ')[1], true, true, 0]);
      });
    }));

  test('and hangs there is ended', () =>
    withDelegated(({ directory, prefix }) =>
      withFake(`${move(directory)}; exec sleep 9999`, async ({ env, said }) => {
        const options = { prefix: asUserIn(prefix), env };
        assert.deepEqual(await askCaller(`${tools} ${hasty(said)} ${fails}`, options), [FAILED, 0]);
      }),
    ));

  /** Both end with what changes the user. */
  function asUserIn(prefix: readonly string[]): readonly string[] {
    return [...asManaged.slice(0, -asUser.length), ...prefix];
  }
});
