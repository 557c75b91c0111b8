/** In a Node whose /proc has subset=pid, proc(5), and shows processes only, containers are what they are elsewhere. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { askCaller } from '../support/caller.js';
import { askRefusal, assertAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';

const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
const mount = (options: string): readonly string[] => [
  'unshare',
  ...user,
  '--pid',
  '--fork',
  '--kill-child',
  ...['--mount', '--propagation', 'private'],
  ...['sh', '-ec', `mount -t proc -o ${options} proc /proc\nexec "$0" "$@"`],
];
const WHOLE = mount('hidepid=0');
const SUBSET = mount('subset=pid');

/** What cannot be seen and written in a container's /proc, and how many user namespaces it may make. */
const SCRIPT = `
  cat /proc/sys/user/max_user_namespaces
  for path in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts; do head -c 1 $path | wc -c; done
  (echo 1 > /proc/sys/net/ipv4/ip_forward) 2>/dev/null && echo written || echo refused
  (echo b > /proc/sysrq-trigger) 2>/dev/null && echo written || echo refused`;
const SHOWN = `console.log(JSON.stringify(await new Container().run('sh', ['-c', ${JSON.stringify(SCRIPT)}])));`;

suite('a /proc with subset=pid around Node', requires('user-namespaces'), () => {
  test('the default container: its new /proc is whole, masked and read-only as elsewhere', async () => {
    const whole = await askCaller<{ stdout: string }>(SHOWN, { prefix: WHOLE });
    const { stdout } = await askCaller<{ stdout: string }>(SHOWN, { prefix: SUBSET });
    assert.equal(stdout, whole.stdout);
    assert.deepEqual(stdout.trim().split(/\s+/), ['0', '0', '0', '0', '0', 'refused', 'refused']);
  });

  for (const [name, container] of [
    ["proc('bind')", `new Container().proc('bind')`],
    ["proc('none')", `new Container().proc('none')`],
    ['without a pid namespace', `new Container().namespaces(['user', 'mount'])`],
  ] as const) {
    test(`${name}: it runs, and the plan says what it goes without`, async () => {
      const source = `const box = ${container};
        const { exitCode } = await box.run('true');
        console.log(JSON.stringify([exitCode, /shows\\s+processes\\s+only/.test(box.explain('true'))]));`;
      assert.deepEqual(await askCaller(source, { prefix: WHOLE }), [0, false]);
      assert.deepEqual(await askCaller(source, { prefix: SUBSET }), [0, true]);
    });
  }

  test('sysctl(): with a new /proc; without, the error says why', async () => {
    const box = `new Container().sysctl({ 'net.ipv4.ip_unprivileged_port_start': '7' })`;
    const run = `.run('cat', ['/proc/sys/net/ipv4/ip_unprivileged_port_start'])`;
    const stdout = await askCaller(`console.log(JSON.stringify((await ${box}${run}).stdout));`, { prefix: SUBSET });
    assert.equal(stdout, '7\n');
    const told = await askRefusal(`${box}.proc('none').run('true')`, { prefix: SUBSET });
    assertAtStep(told, { op: 'sysctl', code: 'ENOENT', hint: /shows processes only \(subset=pid/ });
  });
});
