/**
 * Public types, checked by the compiler alone: this file is compiled with the tests and never runs.
 *
 * A line below `@ts-expect-error` that compiles is an error.
 */

import type { Readable, Writable } from 'node:stream';
import {
  bind,
  type CarrelError,
  Container,
  type ContainerProcess,
  directory,
  type ExitStatus,
  file,
  overlay,
  type Reason,
  type RunningContainer,
  type RunResult,
  type StepError,
  symlink,
  tmpfs,
} from 'carrel';
import { type concat, type Plan, type parse, plan, run, type spawn, type stringify } from 'carrel/plan';
import { barrier, exec, mount, openTree, pivotRoot, setUidMap } from 'carrel/steps';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_equal: Equal<A, B>): void {}

const box = new Container();

// Each setter gives a Container, so that calls can be chained.
same<ReturnType<typeof box.rootfs>, Container>(true);
same<ReturnType<typeof box.mount>, Container>(true);
same<ReturnType<typeof box.step>, Container>(true);
same<ReturnType<typeof box.hook>, Container>(true);

// run() gives text, or bytes where they were asked for.
same<ReturnType<typeof box.run>, Promise<RunResult<string | Buffer>>>(true);
export const text: Promise<RunResult<string>> = box.run('ls');
export const textToo: Promise<RunResult> = box.run('ls', ['-l'], { timeout: 5 });
export const bytes: Promise<RunResult<Buffer>> = box.run('ls', [], { encoding: 'buffer' });
// @ts-expect-error bytes are no text
export const wrong: Promise<RunResult<string>> = box.run('ls', [], { encoding: 'buffer' });
export const planned: Promise<RunResult<Buffer>> = run(box.plan('ls'), { encoding: 'buffer' });

// Without a file the container's own words are run; options may come first then.
export const own: Promise<RunResult<string>> = box.entrypoint('nice').command('ls', '-l').run();
export const ownToo: Promise<RunResult<string>> = box.run({ timeout: 5 });
export const ownBytes: Promise<RunResult<Buffer>> = box.run({ encoding: 'buffer' });
same<ReturnType<typeof box.entrypoint>, Container>(true);
box.spawn();
box.spawn({ stdio: 'inherit' });
// @ts-expect-error words, not a list
box.command(['ls']);
// @ts-expect-error run() has no stdio of the caller's
box.run({ stdio: 'inherit' });

// What a command finds, and what is left of it.
box.run('cc', { files: [file('/tmp/main.c', '')], collect: ['/tmp/main', { path: '/tmp/log', maxBytes: '1m' }] });
same<RunResult['files'], Readonly<Record<string, Buffer>>>(true);
same<RunResult['uncollected'], Readonly<Record<string, string>>>(true);
// @ts-expect-error a link is no file
box.spawn('ls', { files: [symlink('/tmp/x', 'y')] });
// @ts-expect-error nobody collects what spawn() leaves
box.spawn('ls', { collect: ['/tmp/x'] });

// A running container knows what it was started from.
same<RunningContainer['container'], Container>(true);

// spawn() gives a process at once, not a promise; it is not thenable.
same<ReturnType<typeof box.spawn>, ContainerProcess>(true);
same<ReturnType<typeof spawn>, ContainerProcess>(true);
same<'then' extends keyof ContainerProcess ? true : false, false>(true);
same<ContainerProcess['stdin'], Writable | null>(true);
same<ContainerProcess['stdout'], Readable | null>(true);
same<ContainerProcess['pid'], number | undefined>(true);
same<ContainerProcess['result'], Promise<ExitStatus>>(true);
same<StepError extends CarrelError ? true : false, true>(true);

// Events carry what child_process's do.
const child = box.spawn('ls', [], { stdio: ['ignore', 'pipe', 2, 'pipe'], detached: true });
child.on('exit', (code, signal) => {
  same<typeof code, number | null>(true);
  same<typeof signal, NodeJS.Signals | null>(true);
});
child.on('error', (error) => same<typeof error, Error>(true));
// @ts-expect-error there is no such event
child.on('exits', () => {});

// What cannot be changed is readonly.
// @ts-expect-error a definition is frozen
box.toJSON().readonly = true;
// @ts-expect-error a plan is frozen
box.plan().steps[0] = pivotRoot();
// @ts-expect-error a result is frozen
text.then((result) => (result.stdout = ''));

// Names are checked.
box.namespaces(['user', { network: child }, { ipc: '/proc/1/ns/ipc' }, { type: 'uts', path: '/proc/1/ns/uts' }]);
// @ts-expect-error it is called "network"
box.namespaces(['net']);
box.capabilities({ add: ['CAP_SYS_PTRACE'] });
// @ts-expect-error names have their prefix
box.capabilities(['SYS_PTRACE']);
box.mount(
  bind('/a', '/b', { readonly: true, optional: true, noexec: true, idmapped: false }),
  tmpfs('/c', { size: '1m' }),
);
box.mount(file('/a', 'text', { mode: 0o600 }), file('/b', new Uint8Array()), symlink('/c', 'd'), directory('/d'));
box.rootfs(overlay({ lower: '/a' })).rootfs(overlay({ lower: ['/a', new URL('file:///b')], upper: '/u', work: '/w' }));
box.mask('/etc/shadow', '/etc/ssh').proc('none').proc(undefined);
// @ts-expect-error there is no such /proc
box.proc('host');
box.mount(overlay('/repo', { lower: '/a', noexec: true }));
// @ts-expect-error without a target an overlay is a root filesystem, not a mount
box.mount(overlay({ lower: '/a' }));
// @ts-expect-error what is below?
overlay({ upper: '/u', work: '/w' });
// @ts-expect-error what is in it?
file('/a');
// @ts-expect-error a misspelt option
bind('/a', '/b', { readOnly: true });
// @ts-expect-error run() has no stdio of the caller's
box.run('ls', [], { stdio: 'inherit' });
// @ts-expect-error nor a terminal
box.run('ls', [], { terminal: true });

// Ids, users, limits: the names are OCI's and getrlimit's.
box.idmap('subuid').idmap({ uid: 1000, gid: 100 });
box.idmap({ uid: [{ containerID: 0, hostID: 1000, size: 1 }], gid: [{ containerID: 0, hostID: 100, size: 1 }] });
// @ts-expect-error one id, or ranges, for both
box.idmap({ uid: 1000, gid: [] });
// @ts-expect-error it is called containerID
box.idmap({ uid: [{ containerId: 0, hostID: 0, size: 1 }], gid: [] });
box
  .user('www:adm')
  .user({ uid: 1, gid: 2, additionalGids: [3] })
  .user({ name: 'www', group: 7 });
// @ts-expect-error numbers or names
box.user({ uid: 1 });
box.capabilities({ bounding: ['CAP_KILL'], ambient: [] });
// @ts-expect-error there are five sets
box.capabilities({ bounds: [] });
box.rlimits({ nofile: 1024, RLIMIT_CORE: 0, as: '64m', cpu: { soft: 1, hard: 'unlimited' } });
// @ts-expect-error no such resource
box.rlimits({ files: 1 });
box.run('ls', [], { rlimits: { nofile: 64 }, limits: { memory: '64m', pids: undefined } });
box.spawn('ls', { limits: {} });
// @ts-expect-error no such limit
box.run('ls', [], { limits: { ram: '64m' } });
box.network('none').sysctl({ 'net.ipv4.ip_forward': 1 }).umask(0o77).nice(5).oomScoreAdj(1).cpuAffinity('0-3');
// @ts-expect-error a network that there is not
box.network('bridge');

// hook() is told the namespaces.
box.hook(async ({ pid, namespaces }) => {
  same<typeof pid, number>(true);
  same<typeof namespaces.network.path, string>(true);
});

// Reasons can be told apart exhaustively.
export function sentence(reason: Reason): string {
  switch (reason) {
    case 'exited':
    case 'signaled':
    case 'timeout':
    case 'cpu-timeout':
    case 'oom':
    case 'output-limit':
    case 'aborted':
    case 'killed':
    case 'container-ended':
      return reason;
    default: {
      const never: never = reason;
      return never;
    }
  }
}

// Steps: what has a default may be left out, nothing else.
mount({ type: 'tmpfs', target: '/x' });
// @ts-expect-error where?
mount({ type: 'tmpfs' });
pivotRoot();
// @ts-expect-error no such attribute
mount({ type: 'tmpfs', target: '/x', attributes: ['ro'] });

// Plans: host acts on the host, the child's in the child.
plan({ before: [openTree({ slot: 3, source: '/a' })], steps: [barrier({ acts: [setUidMap({ ranges: [0, 0, 1] })] })] });
// @ts-expect-error exec is not the host's
plan({ before: [exec({ args: ['ls'] })] });
// @ts-expect-error maps are written by the host
plan({ steps: [setUidMap({ ranges: [] })] });
same<ReturnType<typeof concat>, Plan>(true);
same<ReturnType<typeof parse>, Plan>(true);
same<ReturnType<typeof stringify>, string>(true);
