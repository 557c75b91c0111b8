/**
 * PID 1 of a container shows nothing of the host: not to those inside, and not while a start is on its way.
 *
 * It is carrel's init, which the command's rights do not bind: it keeps them all, without a filter.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { suite, test } from 'node:test';
import { bind, Container } from 'carrel';
import { attackerDirectory, startAttack, verdicts } from '../support/attacker.js';
import { freshBusyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { ancestors } from '../support/processes.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const isRoot = process.getuid?.() === 0;
const isRootOfHost = requires('root').skip === false;
/** Root without capabilities is a user like any other. */
const prefix = isRoot ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];
const box = (): Container => new Container().mount(bind(attackerDirectory(), '/attack', { readonly: true }));

const BOXES: Readonly<Record<string, () => Container>> = {
  root: box,
  'another user': () => box().user(isRoot ? 1000 : 0),
  'CAP_SYS_ADMIN and CAP_SYS_PTRACE, without a filter': () =>
    box()
      .capabilities({ add: ['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE'] })
      .seccomp('unconfined'),
  ...(isRootOfHost && {
    'the host’s root': () => box().namespaces(['mount', 'pid', 'network', 'ipc', 'uts', 'cgroup']),
  }),
};

/**
 * What /proc tells everybody of every process: numbers, its name, and what it shares with who asks. `mountstats` is
 * `mounts` for the owner of the entry. proc(5)
 */
const OF_EVERYBODY = new Set(
  `arch_status attr autogroup cgroup children cmdline comm coredump_filter cpu_resctrl_groups cpuset fail-nth
   gid_map ksm_merging_pages ksm_stat latency limits loginuid make-it-fail mountinfo mounts mountstats net
   oom_adj oom_score oom_score_adj patch_state projid_map sched schedstat sessionid setgroups stat statm status
   task timens_offsets uid_map wchan`.split(/\s+/),
);
/** Waits until the last process in the background is another program. */
const EXECUTED = 'until grep -q sleep /proc/$!/comm; do :; done';
/** Mounts of init's and of who asks: what of which file system is mounted where. */
const MOUNTS = `for p in 1 self; do sed 's/^[0-9]* [0-9]* //' /proc/$p/mountinfo | sort; echo; done`;
const isOfEverybody = (what: string): boolean => OF_EVERYBODY.has(what.replace('task/', ''));
/** A filter that answers for the kernel says ENOSYS; a directory without entries has none to open. */
const isRefused = (verdict: string): boolean => /^(EACCES|EPERM|ENOSYS|ENOENT|EINVAL)$/.test(verdict);

suite('from inside', requires('gcc'), () => {
  test('another process of the container can be looked into', async () => {
    const { stdout } = await box()
      .capabilities({ add: ['CAP_SYS_PTRACE', 'CAP_SYS_ADMIN'] })
      .seccomp('unconfined')
      .run('sh', ['-c', `sleep 600 & ${EXECUTED}; /attack/pid-one look $!; kill $!`]);
    const all = verdicts(stdout);
    for (const what of ['root', 'cwd', 'exe', 'environ', 'maps', 'task/root', 'fd', 'ns', 'ptrace', 'pidfd_getfd 0'])
      assert.equal(all[what], 'done', what);
  });

  for (const [name, container] of Object.entries(BOXES)) {
    test(`${name}: nothing of PID 1 but what everybody is told`, async () => {
      const { stdout } = await container().run('/attack/pid-one', ['look', '1'], { check: true });
      const all = verdicts(stdout);
      assert.ok(Object.keys(all).length > 100, stdout);
      const told = Object.entries(all).filter(([what, verdict]) => !isRefused(verdict) && !isOfEverybody(what));
      assert.deepEqual(told, []);
    });

    test(`${name}: PID 1 has the command’s mounts, and no argument or directory of the host’s`, async () => {
      const { stdout } = await container().run('sh', ['-c', MOUNTS], { check: true });
      const [first, second] = stdout.split('\n\n');
      assert.equal(first, second?.trimEnd());
      const script = 'tr "\\0" "\\n" </proc/1/cmdline; cat /proc/1/comm; grep -c . /proc/1/environ';
      assert.match((await container().run('sh', ['-c', script])).stdout, /^carrel\n+carrel(-init)?\n/);
    });

    test(`${name}: PID 1 is alone, traced by nobody, without groups and inherited rights`, async () => {
      const { stdout } = await container().run('cat', ['/proc/1/status'], { check: true });
      const fields = Object.fromEntries(stdout.split('\n').map((line) => line.split(/:\s*/, 2)));
      const { Threads, TracerPid, PPid, CapInh, CapAmb, SigIgn, SigCgt, NSpid, Groups } = fields;
      assert.deepEqual([Threads, TracerPid, PPid, NSpid], ['1', '0', '0', '1']);
      assert.deepEqual([CapInh, CapAmb].map(Number), [0, 0]);
      // What Node ignores or handles is not init's.
      assert.deepEqual([SigIgn, SigCgt].map(Number), [0, 0]);
      if (isRoot) assert.equal(Groups?.trim(), '');
    });
  }
});

suite('as the host’s root sees it', requires('gcc', 'root'), () => {
  for (const [name, container] of [...Object.entries(BOXES), ['a root filesystem', box] as const]) {
    test(`${name}: init is where the command is, and holds nothing`, async () => {
      const root = freshBusyboxRoot();
      const child = (name === 'a root filesystem' ? container().rootfs(root) : container()).spawn('cat');
      await once(child, 'spawn');
      const [command = 0, init = 0] = ancestors(child.pid ?? 0);
      const link = (pid: number, entry: string): string => readlinkSync(`/proc/${pid}/${entry}`);
      // Mounts that nobody inside can move are a copy.
      const names = ['pid', 'net', 'uts', 'ipc', 'cgroup', ...(name.includes('CAP_SYS_ADMIN') ? [] : ['mnt', 'user'])];
      for (const one of names) assert.equal(link(init, `ns/${one}`), link(command, `ns/${one}`), one);
      for (const entry of ['root', 'cwd']) {
        const [of, at] = [statSync(`/proc/${init}/${entry}`), statSync(`/proc/${command}/root`)];
        assert.deepEqual([of.dev, of.ino], [at.dev, at.ino], entry);
      }
      assert.notEqual(link(init, 'ns/mnt'), link(process.pid, 'ns/mnt'));
      // The command may run before init does.
      await until(() => readdirSync(`/proc/${init}/fd`).length === 0);
      assert.equal(readFileSync(`/proc/${init}/environ`, 'utf8'), '');
      const files = readFileSync(`/proc/${init}/maps`, 'utf8').match(/\/.*$/gm) ?? [];
      for (const file of files) assert.match(file, /^\/(memfd:carrel(-plan)?|dev\/zero) \(deleted\)$/);
      child.stdin?.end();
      assert.ok((await child.result).ok);
      removeTree(root);
    });
  }
});

suite('from the host', requires('gcc'), () => {
  test('who tries all the time seizes no command before its exec', async () => {
    const child = new Container().spawn('cat');
    await once(child, 'spawn');
    const launcher = ancestors(child.pid ?? 0, process.pid).at(-1);
    child.stdin?.end();
    await child.result;
    const hunter = await startAttack(['hunt', String(launcher)], prefix, 'pid-one');
    let output = '';
    hunter.stdout?.on('data', (chunk: Buffer) => {
      output += String(chunk);
    });
    for (let round = 0; round < 100; round += 1) await new Container().run('true');
    hunter.stdin?.end();
    await once(hunter, 'close');
    const { tries, caught } = JSON.parse(output.slice(output.indexOf('{'))) as Record<string, number>;
    assert.ok((tries ?? 0) > 0, output);
    assert.equal(caught, 0, output);
  });
});
