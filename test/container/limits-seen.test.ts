/** A program inside sees the limits of its container, in its own cgroup, and can change nothing there. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const MEMORY = 400 * 1024 * 1024;
const box = new Container().limits({ memory: MEMORY, pids: 100 });

async function output(container: Container, script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await container.run('sh', ['-c', script], { timeout: 60_000 });
  assert.equal(exitCode, 0, stderr);
  return stdout;
}

suite('a program sees its limits', requires('cgroups'), () => {
  test('Node: constrainedMemory() is the limit, and the heap fits into it', async () => {
    const code = 'console.log(process.constrainedMemory(), require("v8").getHeapStatistics().heap_size_limit)';
    const [limit, heap] = (await output(box, `node -e '${code}'`)).split(' ').map(Number);
    assert.equal(limit, MEMORY);
    assert.ok((heap ?? 0) < MEMORY, `${heap}`);
  });

  test('Java: the largest heap is a share of the limit', requires('javac'), async () => {
    const flags = await output(box, 'java -XX:+PrintFlagsFinal -version 2>/dev/null | grep -w MaxHeapSize');
    const [heap = 0] = /\d{4,}/.exec(flags)?.map(Number) ?? [];
    assert.ok(heap > 0 && heap < MEMORY, flags);
  });

  test('the user of the command sees them too', async () => {
    const script = 'node -p "process.constrainedMemory()"';
    assert.equal(await output(box.user(process.getuid?.() === 0 ? 1000 : 0), script), `${MEMORY}\n`);
  });

  test('nothing is writable, and there is no release_agent', async () => {
    const script = `find /sys/fs/cgroup -type d | while read -r d; do mkdir "$d/x" 2>/dev/null && echo "made $d/x"; done
      find /sys/fs/cgroup -type f | while read -r f; do (: >> "$f") 2>/dev/null && echo "opened $f"; done
      find /sys/fs/cgroup -name release_agent; find /sys/fs/cgroup -name cgroup.procs | head -1 | wc -l`;
    assert.equal(await output(box, script), '1\n');
  });

  test('none of the host’s cgroups has a name inside', async () => {
    const script = `cut -d: -f3 /proc/self/cgroup | sort -u
      grep -E ' - cgroup2? ' /proc/self/mountinfo | cut -d ' ' -f 4,6 | sort -u
      find /sys/fs/cgroup -mindepth 3 -type d; ls /sys/fs/cgroup/..`;
    assert.match(await output(box, script), /^\/\n\/ ro,nosuid,nodev,noexec,relatime\n[^/]*$/);
  });

  test('without limits, and with a mask of the caller’s own there, it is not', async () => {
    const script = 'ls -A /sys/fs/cgroup; grep -c " - cgroup" /proc/self/mountinfo || true';
    assert.equal(await output(new Container(), script), '0\n');
    assert.equal(await output(box.mask('/sys/fs/cgroup'), script), '0\n');
  });

  test('where it would show the host’s, or cannot be mounted, the plan says so', () => {
    const why = (container: Container): string =>
      /leave out the own cgroup at \/sys\/fs\/cgroup: (.*?)( host |$)/.exec(
        container.explain().replace(/\s+/g, ' '),
      )?.[1] ?? '';
    assert.match(why(box.namespaces(['user', 'mount', 'pid', 'network'])), /^without a cgroup namespace/);
    assert.match(why(box.capabilities({ add: ['CAP_SYS_ADMIN'] })), /^the mounts are locked/);
    assert.equal(why(box), '');
  });
});
