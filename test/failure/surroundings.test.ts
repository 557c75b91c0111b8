/** What around Node keeps its containers from starting is told as that, with what helps. */

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { Container } from 'carrel';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { askRefusal, assertAtStep, rejectsAtStep, type Told, tell } from '../support/refusals.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const PROCESSES = /too many processes: raise .*pids\.max.*RLIMIT_NPROC/;
/** As a user who has no other processes. */
const NOBODY_ELSE = ['setpriv', '--reuid=65530', '--regid=65530', '--clear-groups', '--inh-caps=-all'];
const RUN = `new Container().run('true')`;

/** A shell, with mounts of its own, that runs `script` and then the command behind it. */
function inside(script: string): readonly string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  return ['unshare', ...user, '--mount', '--propagation', 'private', 'sh', '-ec', `${script}\nexec "$0" "$@"`];
}

async function launcherRefusal(prefix: readonly string[]): Promise<Told> {
  const told = await askRefusal(RUN, { prefix });
  assert.equal(told?.code, 'ERR_LAUNCHER', told?.message);
  return told;
}

suite('a limit of processes', () => {
  test('whichever container is the one too many', requires('root'), async () => {
    const refused = new Set<string>();
    for (const limit of [39, 41, 43, 45]) {
      const source = `
        import { once } from 'node:events';
        import { makeSpares } from '#lib/launch/launcher.js';
        makeSpares(false);
        const children = [];
        let error;
        while (error === undefined && children.length < 30) {
          const child = new Container().spawn('sleep', ['9999'], { stdio: 'ignore' });
          children.push(child);
          await once(child, 'spawn').catch((reason) => (error = reason));
        }
        for (const child of children) child.kill('SIGKILL');
        console.log(JSON.stringify((${tell})(error)));`;
      const told = await askCaller<Told>(source, { prefix: [...NOBODY_ELSE, 'prlimit', `--nproc=${limit}`] });
      assert.equal(told.code, 'EAGAIN', told.message);
      assert.match(told.hint ?? '', PROCESSES);
      refused.add(`${told.op} ${told.syscall}`);
    }
    assert.ok(refused.has('clone clone'), [...refused].join());
  });

  test('the command, which its first process could not fork', async () => {
    const limited = new Container().hook(({ pid }) => {
      execFileSync('prlimit', ['--pid', String(pid), '--nproc=1:1']);
    });
    await rejectsAtStep(() => limited.run('true'), { op: 'init', code: 'EAGAIN', syscall: 'clone', hint: PROCESSES });
  });

  test('a supervisor that cannot be forked is no supervisor that was killed', requires('strace'), async () => {
    const source = `(async () => {
      const { launchBy, makeSpares } = await import('#lib/launch/launcher.js');
      makeSpares(false);
      const inject = ['-e', 'trace=clone', '-e', 'inject=clone:error=EAGAIN:when=1'];
      launchBy(['strace', '-f', '-qq', '-o', '/dev/null', ...inject], { PATH: process.env.PATH }, (pid) => pid);
      return ${RUN};
    })()`;
    const told = await askRefusal(source);
    assertAtStep(told, { op: 'clone', code: 'EAGAIN', syscall: 'clone', hint: PROCESSES });
  });

  test('the launcher itself', requires('root'), async () => {
    const told = await askRefusal(
      `(async () => {
        const { execFileSync } = await import('node:child_process');
        execFileSync('prlimit', ['--pid', String(process.pid), '--nproc=1:']);
        return ${RUN};
      })()`,
      { prefix: NOBODY_ELSE },
    );
    assert.equal(told?.code, 'ERR_LAUNCHER');
    assert.match(told?.message ?? '', /could not start: spawn .*EAGAIN/);
    assert.match(told?.hint ?? '', PROCESSES);
  });
});

suite('the launcher', () => {
  test('gets no descriptor that is not open', async () => {
    for (const stdio of [
      ['ignore', 999],
      ['ignore', 'pipe', { fd: 998 }],
    ] as const) {
      await assert.rejects(new Container().spawn('true', [], { stdio }).result, {
        name: 'CarrelError',
        code: 'EBADF',
        message: /^stdio has the descriptor 99[89], which is not open in this process/,
      });
    }
  });

  test('without /dev/null', requires('user-namespaces'), async () => {
    assert.equal(await askRefusal('Promise.resolve()', { prefix: inside('mount -t tmpfs none /dev') }), null);
    const { hint } = await launcherRefusal(inside('mount -t tmpfs none /dev'));
    assert.match(hint ?? '', /^\/dev\/null cannot be opened/);
  });

  test('with a limit of the size of files: for the plan, for the launcher, and without', async () => {
    const [plan, launcher] = [4096, 32_768].map((size) => launcherRefusal(['prlimit', `--fsize=${size}`]));
    const RAISE = /RLIMIT_FSIZE of this process \(ulimit -f\)/;
    assert.match((await plan)?.message ?? '', /^the plan could not be written for the launcher: write EFBIG/);
    assert.match((await plan)?.hint ?? '', RAISE);
    assert.match((await launcher)?.message ?? '', /launcher could not start: write EFBIG/);
    assert.match((await launcher)?.hint ?? '', RAISE);
    assert.equal(await askRefusal(RUN, { prefix: ['prlimit', `--fsize=${1024 * 1024}`] }), null);
  });

  test('with a read-only /proc', requires('user-namespaces'), async () => {
    const told = await askRefusal(RUN, { prefix: inside('mount -o remount,ro,bind /proc') });
    assert.equal(told?.code, 'EROFS');
    assert.match(told?.hint ?? '', /^\/proc is mounted read-only around this process/);
  });
});

suite('Node’s permission model', () => {
  const model = Number.parseInt(process.versions.node, 10) >= 24 ? '--permission' : '--experimental-permission';
  const allowing = async (...names: readonly string[]): Promise<Told | null> => {
    const source = `import { Container } from '#lib/index.js';
      const error = await (async () => ${RUN})().then(() => null, (reason) => reason);
      console.log(JSON.stringify(error && (${tell})(error)));`;
    const flags = ['--no-warnings', model, '--allow-fs-read=*', ...names.map((name) => `--allow-${name}`)];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--input-type=module', '-e', source]);
    return JSON.parse(stdout) as Told | null;
  };

  test('names the flags that carrel needs', async () => {
    const NAMED = /--allow-/;
    const loaded = await allowing('addons');
    assert.deepEqual([loaded?.code, NAMED.test(loaded?.hint ?? '')], ['ERR_LAUNCHER', true], loaded?.message);
    assert.match(loaded?.hint ?? '', /permission model.*--allow-child-process/);
    // Before Node 22 the model does not know of addons: either of the two is refused.
    const none = await allowing();
    assert.ok(['ERR_LAUNCHER', 'ERR_UNSUPPORTED'].includes(none?.code ?? ''), none?.code);
    assert.match(none?.hint ?? '', /--allow-addons and --allow-child-process|--allow-child-process and --allow-addons/);
    assert.equal(await allowing('addons', 'child-process'), null);
  });
});
