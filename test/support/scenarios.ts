/** Containers that have every step between them. */

import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { bind, Container, type ContainerProcess, file as fileOf, type RunningContainer, tmpfs } from '#lib/index.js';
import { plan, spawn } from '#lib/plan.js';
import {
  addRoute,
  assertRefused,
  barrier,
  captureTree,
  chmod,
  copyPermissions,
  denySetgroups,
  exit,
  file,
  give,
  hold,
  init,
  linkUp,
  lockFile,
  mount,
  mountSetattr,
  openDirectory,
  openNamespace,
  propagation,
  removeRoute,
  setGidMap,
  setHostname,
  setUidMap,
  setXattr,
} from '#lib/steps.js';

const ALL = ['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup', 'time'] as const;

/** Each starts one. `other` runs, to be joined. */
export const STARTS: Readonly<Record<string, (other: ContainerProcess) => ContainerProcess>> = {
  everything: () =>
    new Container()
      .namespaces(ALL)
      .timeOffsets({ boottime: 1000 })
      .hostname('full')
      .domainname('full')
      .mount(bind(tmpdir(), '/data', { readonly: true }), tmpfs('/scratch'), tmpfs('/scratch/made', { create: 'host' }))
      .sysctl({ 'net.ipv4.ip_unprivileged_port_start': 0 })
      .rlimits({ nofile: 100 })
      .umask(0o27)
      .nice(5)
      .oomScoreAdj(500)
      .cpuAffinity([0])
      .readonly()
      .user(process.getuid?.() === 0 && process.env.CARREL_TEST_LEG === 'root' ? 1000 : 0)
      .step(file({ target: '/scratch/file', content: Buffer.from('content') }))
      .step(chmod({ target: '/scratch/file', mode: 0o600 }))
      .step(setXattr({ target: '/scratch/file', name: 'user.carrel', value: '1' }))
      .step(lockFile({ slot: 0, target: '/scratch/file' }))
      .step(mountSetattr({ target: '/scratch', attributes: ['noexec'] }))
      .hook(() => undefined)
      .spawn('true', [], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'], files: [fileOf('/tmp/x', 'x')] }),
  locked: () => new Container().capabilities({ add: ['CAP_SYS_ADMIN'] }).spawn('true'),
  limited: () =>
    new Container().limits({ memory: '64m', pids: 9, cpuTime: 60_000, onUnsupported: 'warn' }).spawn('true'),
  ending: () =>
    spawn(plan({ steps: [assertRefused({ attempts: [setHostname({ hostname: 'x'.repeat(65) })] }), exit()] })),
  landlocked: () =>
    new Container()
      .landlock({ read: '/', execute: '/', connectTcp: [443], scope: ['signal'], onUnsupported: 'warn' })
      .spawn('true'),
  // Both families, where there are.
  reaching: () =>
    new Container().network({ allow: ['api.example.org:443', '203.0.113.0/24:80', '[2001:db8::5]:443'] }).spawn('true'),
  // Where a list has become another one.
  rerouted: () =>
    spawn(
      plan({
        clone: ['user', 'network'],
        steps: [
          barrier({
            acts: [
              ...(uid === 0 ? [] : [denySetgroups()]),
              setUidMap({ ranges: [0, uid, 1] }),
              setGidMap({ ranges: [0, gid, 1] }),
            ],
          }),
          linkUp({ name: 'lo' }),
          addRoute({ name: 'lo', type: 'local', destination: '203.0.113.0', prefix: 24 }),
          removeRoute({ name: 'lo', type: 'local', destination: '203.0.113.0', prefix: 24 }),
          exit(),
        ],
      }),
    ),
  reporting: () => new Container().seccomp('default', { report: true }).spawn('true'),
  // It ends as one does that was asked to.
  held: () => {
    // Behind the command's descriptors.
    const at = 3;
    const child = spawn(
      plan({
        clone: ['user', 'pid'],
        steps: [
          openDirectory({ slot: at, path: '/proc' }),
          init(),
          openNamespace({ slot: 4, path: 'self/ns/user', type: 'user', at }),
          give({ slots: [4] }),
          hold(),
        ],
      }),
    );
    child.once('spawn', () => child.end('exited'));
    return child;
  },
  terminal: () => new Container().init(false).spawn('true', [], { terminal: true }),
  joined: (other) =>
    new Container().namespaces(['mount', 'pid', 'ipc', { user: other, network: other, uts: other }]).spawn('true'),
  entered: (other) =>
    new Container().namespaces(ALL.filter((name) => name !== 'time').map((name) => ({ [name]: other }))).spawn('true'),
};

const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];

/** What containers have that stay. `stays` runs, to be entered. */
export const STAYING: Readonly<Record<string, (stays: RunningContainer) => ContainerProcess>> = {
  // For its snapshots.
  captured: () =>
    spawn(
      plan({
        clone: ['user', 'mount'],
        steps: [
          barrier({
            acts: [
              ...(uid === 0 ? [] : [denySetgroups()]),
              setUidMap({ ranges: [0, uid, 1] }),
              setGidMap({ ranges: [0, gid, 1] }),
            ],
          }),
          propagation({ target: '/', type: 'private' }),
          mount({ type: 'tmpfs', target: '/tmp' }),
          captureTree({ slot: 3, target: '/tmp' }),
          copyPermissions({ model: '/tmp', target: '/tmp' }),
          exit(),
        ],
      }),
    ),
  // In a cgroup of its own, below the container's.
  within: (stays) => stays.spawn('true', [], { limits: { pids: 9, onUnsupported: 'warn' } }),
};

/** One to be entered. */
export function startStaying(): Promise<RunningContainer> {
  return new Container().limits({ pids: 99, memory: '256m', onUnsupported: 'warn' }).start();
}

/** One to be joined. */
export async function startOther(): Promise<ContainerProcess> {
  const other = new Container().spawn('sleep', ['9999'], { stdio: 'ignore' });
  await once(other, 'spawn');
  return other;
}
