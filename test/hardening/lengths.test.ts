/**
 * Every length and count is taken or refused by a typed error, and never by half.
 *
 * CVE-2021-43784
 */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container, tmpfs } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { OPENS_SOURCE, rejectsAtStep } from '../support/refusals.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

suite('lengths', () => {
  test('a variable of 70 kB arrives whole', async () => {
    const value = 'x'.repeat(70_000);
    const { stdout } = await box.run('sh', ['-c', 'printf %s "$LONG" | wc -c'], { env: { LONG: value }, check: true });
    assert.equal(stdout.trim(), '70000');
  });

  test('a variable beyond what the kernel takes is E2BIG, with a hint', async () => {
    const long = (): Promise<unknown> => box.run('true', [], { env: { LONG: 'x'.repeat(200_000) } });
    await rejectsAtStep(long, { op: 'exec', code: 'E2BIG', hint: /holds up to 128 KiB/ });
  });

  test('10,000 arguments arrive, each of them', async () => {
    const args = Array.from({ length: 10_000 }, (_, index) => `argument-${index}`);
    const { stdout } = await box.run('sh', ['-c', 'echo $#; printf "%s\\n" "$@" | md5sum', 'sh', ...args], {
      check: true,
    });
    const { stdout: expected } = await box.run('md5sum', [], { input: `${args.join('\n')}\n`, check: true });
    assert.equal(stdout, `10000\n${expected}`);
  });

  test('arguments of 8 MB are E2BIG', async () => {
    const args = Array.from({ length: 80 }, () => 'x'.repeat(100_000));
    await rejectsAtStep(() => box.run('true', args), { op: 'exec', code: 'E2BIG' });
  });

  test('more than a plan holds is refused at once', () => {
    assert.throws(
      () =>
        box.spawn(
          'true',
          Array.from({ length: 700 }, () => 'x'.repeat(100_000)),
        ),
      {
        name: 'RangeError',
        message: /plan is larger than/,
      },
    );
  });

  for (const [what, op, run] of [
    ['a program', 'exec', () => box.run(`/${'x'.repeat(1_000_000)}`)],
    ['a program in deep directories', 'exec', () => box.run(`/${'x/'.repeat(500_000)}`)],
    ['a working directory', 'chdir', () => box.run('true', [], { cwd: `/${'x/'.repeat(500_000)}` })],
    ['a mount’s target', 'directory', () => box.mount(tmpfs(`/tmp/${'x/'.repeat(500_000)}`)).run('true')],
    ['one name in a mount’s target', 'directory', () => box.mount(tmpfs(`/tmp/${'x'.repeat(300)}`)).run('true')],
    ['a root filesystem', OPENS_SOURCE, () => box.rootfs(`/${'x/'.repeat(500_000)}`).run('true')],
  ] as const) {
    test(`${what} of a megabyte of path is ENAMETOOLONG`, async () => {
      const error = await rejectsAtStep(run, { op, code: 'ENAMETOOLONG' });
      // What is printed stays readable, whatever it holds.
      assert.ok(error.message.length < 3_000_000);
    });
  }
});

suite('counts', () => {
  test('5,000 mounts, and the last one counts', async () => {
    const mounts = Array.from({ length: 5000 }, (_, index) => tmpfs(`/tmp/m${index}`, { mode: 0o700 }));
    const { stdout } = await box
      .mount(...mounts, tmpfs('/tmp/m0', { mode: 0o711 }))
      .run('sh', ['-c', 'grep -c " /tmp/m" /proc/self/mountinfo; stat -c %a /tmp/m0 /tmp/m4999'], { check: true });
    assert.equal(stdout, '5001\n711\n700\n');
  });

  test('10,000 variables', async () => {
    const env = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`V${index}`, String(index)]));
    const { stdout } = await box.run('sh', ['-c', 'env | grep -c "^V[0-9]*="; echo $V9999'], { env, check: true });
    assert.equal(stdout, '10000\n9999\n');
  });
});
