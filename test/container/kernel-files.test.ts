/** A container sees the parts of /proc and /sys that it should, each mounted with what was asked for it. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container, overlay, tmpfs } from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => [requires('busybox').skip || busyboxRoot(), new Container().run('true')][1] });

const box = new Container();

async function output(container: Container, script: string): Promise<string> {
  return (await container.run('sh', ['-c', script])).stdout;
}

interface Found {
  readonly path: string;
  readonly options: readonly string[];
  readonly type: string;
}

/** The topmost mount on each place inside. */
async function mountsIn(container: Container): Promise<ReadonlyMap<string, Found>> {
  const { stdout } = await container.run('cat', ['/proc/self/mountinfo'], { check: true });
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
  return new Map(
    lines.map((fields) => {
      const path = fields[4] ?? '';
      return [path, { path, options: fields[5]?.split(',') ?? [], type: fields[fields.indexOf('-') + 1] ?? '' }];
    }),
  );
}

suite('proc()', () => {
  const others = 'ls -d /proc/[0-9]* | wc -l; cat /proc/self/comm';

  test('auto and new: the container’s own processes', async () => {
    for (const choice of ['auto', 'new'] as const) {
      assert.match(
        await output(box.proc(choice).init(false), `cat /proc/1/comm; ls -d /proc/2 2>/dev/null`),
        /^sh\n/,
        choice,
      );
    }
  });

  test('bind: the caller’s, of which none can be acted on', async () => {
    const script = `${others}; kill -0 ${process.pid} 2>/dev/null || echo apart
      (echo x > /proc/sys/kernel/hostname) 2>/dev/null || echo refused`;
    const bound = await output(box.proc('bind'), script);
    assert.match(bound, /^\d+\ncat\napart\nrefused\n$/);
    assert.ok(Number.parseInt(bound, 10) > Number.parseInt(await output(box, script), 10));
    const mounts = await mountsIn(box.proc('bind'));
    assert.equal(mounts.get('/proc/kcore')?.type ?? 'absent', mounts.has('/proc/kcore') ? 'devtmpfs' : 'absent');
  });

  test('none: there is none, and nested user namespaces are kept out all the same', async () => {
    assert.equal(await output(box.proc('none'), 'ls -A /proc; echo over'), 'over\n');
    const nested = 'unshare --user true 2>/dev/null && echo made || echo refused';
    assert.equal(await output(box.proc('none'), nested), 'refused\n');
    assert.equal(await output(box, nested), 'refused\n');
    assert.equal(await output(box.proc('none').capabilities({ add: ['CAP_SYS_ADMIN'] }), nested), 'made\n');
  });

  test('new without a pid namespace is an error at once', () => {
    assert.throws(() => box.namespaces(['user', 'mount']).proc('new').plan(), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /proc\('new'\) needs "pid"/,
    });
  });

  test(
    'where the outer /proc is partly hidden: auto binds it and says so, and hides no less',
    requires('user-namespaces'),
    async () => {
      const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
      const hide =
        'mount -t tmpfs none /proc/tty; mount -t tmpfs -o ro none /sys/firmware 2>/dev/null || true; exec "$0" "$@"';
      const source = `const box = new Container();
      const script = 'cat /proc/self/comm; ls -A /proc/tty; ls -A /sys | wc -l; cat /proc/sys/user/max_user_namespaces';
      const { stdout } = await box.run('sh', ['-c', script]);
      console.log(JSON.stringify([stdout, box.explain()]));`;
      const prefix = ['unshare', ...user, '--mount', '--propagation', 'private', 'sh', '-ec', hide];
      const [stdout, explained] = await askCaller<readonly [string, string]>(source, { prefix });
      assert.match(stdout, /^cat\n\d+\n0\n$/);
      assert.match(
        explained.replace(/\s+/g, ' '),
        /leave out a new \/proc: .*partly hidden, and is bound instead.* bind \/proc on \/proc/,
      );
    },
  );
});

suite('/sys', () => {
  test('is read-only, shows the container’s network only, and what is masked is empty', async () => {
    const script = `ls /sys/class/net; ls -A /sys/firmware 2>/dev/null; ls -A /sys/fs/cgroup 2>/dev/null
      (echo x > /sys/kernel/uevent_seqnum) 2>/dev/null || echo refused
      mkdir /sys/fs/cgroup/x 2>/dev/null || echo refused`;
    assert.equal(await output(box, script), 'lo\nrefused\nrefused\n');
  });

  test('is not there without a network of one’s own, and the plan says so', async () => {
    const shared = box.namespaces(['user', 'mount', 'pid']);
    assert.equal(await output(shared, 'ls -A /sys'), '');
    assert.match(shared.explain().replace(/\s+/g, ' '), /leave out \/sys: it would show a network/);
  });
});

suite('what is asked of a mount is found on it', requires('busybox'), () => {
  const data = (): string => mkdtempSync(join(tmpdir(), 'data-'));
  const containers: Readonly<Record<string, (source: string) => Container>> = {
    default: () => box,
    'read-only': () => box.readonly(),
    'a root filesystem': () => box.rootfs(busyboxRoot()),
    'a read-only root filesystem, with set-user-id programs': () =>
      box.rootfs(busyboxRoot()).readonly().noNewPrivileges(false),
    'an overlay': () => box.rootfs(overlay({ lower: busyboxRoot() })).readonly(),
    'few namespaces': () => box.namespaces(['user', 'mount']),
    'mounts of every kind': (source) =>
      box
        .rootfs(busyboxRoot())
        .mount(
          bind(source, '/home', { readonly: true }),
          bind(source, '/srv/a', { noexec: true }),
          bind(source, '/srv/b', { nosuid: false, nodev: false }),
          bind(source, '/srv/c', { idmapped: false, readonly: true }),
          tmpfs('/srv/d', { noexec: true, nosuid: false }),
          tmpfs('/run'),
        ),
  };
  for (const [name, containerOf] of Object.entries(containers)) {
    test(name, async () => {
      const source = data();
      const container = containerOf(source);
      const found = await mountsIn(container);
      const asked = new Map<string, readonly string[]>();
      for (const step of container.plan().steps) {
        // Layers of an overlay go with the file system that they are attached in.
        if ('target' in step && step.target !== '/' && step.from === 'rootfs(overlay())') continue;
        if (step.op === 'mount' || step.op === 'bind') asked.set(step.target, step.attributes);
        if (step.op === 'mountSetattr') asked.set(step.target, [...(asked.get(step.target) ?? []), ...step.attributes]);
        if (step.op === 'device') asked.set(step.target, ['readonly', 'nosuid', 'noexec']);
        if (step.op === 'readonlyPath') asked.set(step.target, [...(asked.get('/proc') ?? []), 'readonly']);
      }
      assert.ok(asked.size > 10);
      for (const [target, attributes] of asked) {
        const mount = found.get(target);
        // Of a root that a layer covers, the layer is found.
        if (
          mount === undefined ||
          (target === '/' && found.get('/')?.type === 'tmpfs' && container.toJSON().rootfs !== undefined)
        ) {
          assert.ok(target.startsWith('/proc/') || target === '/', target);
          continue;
        }
        const wanted = attributes.map((attribute) => (attribute === 'readonly' ? 'ro' : attribute));
        for (const option of wanted)
          assert.ok(mount.options.includes(option), `${target}: ${mount.options} lacks ${option}`);
        if (process.getuid?.() === 0 && requires('root').skip === false) {
          // Nothing is locked here: there is no more than was asked for.
          const known = ['ro', 'nosuid', 'nodev', 'noexec'].filter((option) => mount.options.includes(option));
          assert.deepEqual(known.sort(), [...wanted].sort(), target);
        }
      }
      removeTree(source);
    });
  }

  test('modes, whatever the umask of the caller', async () => {
    const umask = process.umask(0o077);
    try {
      for (const container of [box, box.rootfs(busyboxRoot()), box.rootfs(overlay({ lower: busyboxRoot() }))]) {
        const { stdout } = await container
          .mount(tmpfs('/scratch'), tmpfs('/own', { mode: 0o700 }))
          .run('stat', ['-c', '%a', '/tmp', '/dev/shm', '/proc', '/sys', '/dev', '/scratch', '/own'], { check: true });
        assert.equal(stdout, '1777\n1777\n555\n555\n755\n1777\n700\n');
      }
    } finally {
      process.umask(umask);
    }
  });

  test(
    'locked flags: a directory on a nosuid,nodev,noexec mount can be bound read-only, and refuses writes',
    requires('user-namespaces'),
    async () => {
      const source = data();
      mkdirSync(join(source, 'm'));
      const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
      const mount = `mount -t tmpfs -o nosuid,nodev,noexec none '${source}/m'; mkdir '${source}/m/below'
        exec "$0" "$@"`;
      const caller = `const box = new Container();
      const script = 'grep " /data " /proc/self/mountinfo | cut -d " " -f 6; ' +
        '(echo x > /data/x) 2>/dev/null && echo written || echo refused';
      const told = async (options) =>
        (await box.mount(bind('${source}/m/below', '/data', options)).run('sh', ['-c', script])).stdout;
      console.log(JSON.stringify([await told({ readonly: true }), await told({ nosuid: false, nodev: false })]));`;
      const prefix = ['unshare', ...user, '--mount', '--propagation', 'private', 'sh', '-ec', mount];
      const [readonly, weak] = await askCaller<readonly [string, string]>(caller, { prefix });
      assert.match(readonly, /^ro,nosuid,nodev,noexec.*\nrefused\n$/);
      assert.match(weak, /^rw,nosuid,nodev,noexec.*\nwritten\n$/);
      removeTree(source);
    },
  );
});
