/** Mistakes that people make, and what they know from other tools, get the answer that they need. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { bind, Container, type SpawnOptions } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
/** As somebody calls it whom no compiler stops. */
const any = box as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
const call =
  (method: string, ...args: readonly unknown[]) =>
  (): unknown =>
    any[method]?.call(box, ...args);

suite('an argument says what was meant', () => {
  const CASES: Readonly<Record<string, readonly [make: () => unknown, message: RegExp]>> = {
    'a list of variables': [
      call('env', ['A=1', 'B=x=y']),
      /^env must be an object\. .*\. Write \{ A: '1', B: 'x=y' \}$/,
    ],
    'a variable as a text': [call('env', 'A=1'), /\. Write \{ A: '1' \}$/],
    'a map of variables': [call('env', new Map([['A', '1']])), /\. Write Object\.fromEntries\(env\)$/],
    'variables of a command': [call('spawn', 'env', [], { env: ['A=1'] }), /^env must be .* Write \{ A: '1' \}$/],
    'arguments behind each other': [call('spawn', 'echo', 'a', 'b'), /\. Write spawn\('echo', \[ 'a', 'b' \]\)$/],
    'a command as a list': [call('spawn', ['ls', '-la']), /\. Write spawn\('ls', \[ '-la' \]\)$/],
    'a volume': [call('mount', '/a:/b:ro'), /\. Write mount\(bind\('\/a', '\/b', \{ readonly: true \}\)\)$/],
    'a source and a target': [call('mount', '/a', '/b'), /\. Write mount\(bind\('\/a', target\)\)$/],
    'a volume in bind()': [() => bind('/a:/b', undefined as never), /\. Write bind\('\/a', '\/b'\)$/],
    'memory in mebibytes': [call('limits', { memory: 64 }), /at least 4096 bytes\. .*\. Write '64m' for mebibytes$/],
    'seconds as a text': [
      call('spawn', 'true', [], { timeout: '30s' }),
      /^timeout must be a number of milliseconds\. .*\. Write 30000$/,
    ],
    'milliseconds as a text': [call('spawn', 'true', [], { timeout: '500' }), /\. Write 500$/],
    'a port as a text': [call('publish', '80/tcp'), /^port must be a number\. .*\. Write publish\(80\)$/],
    'a port of the host and one of the container': [
      call('publish', '8080:80'),
      /\. Write publish\(80, \{ port: 8080 \}\)$/,
    ],
    'two ports': [
      call('publish', 80, 8080),
      /^the options of publish\(\) must be an object\. .*\. Write publish\(80, \{ port: 8080 \}\)$/,
    ],
    'a setting and its value': [
      call('sysctl', 'net.ipv4.ip_forward', '1'),
      /^sysctl must be an object\. .*\. Write \{ 'net\.ipv4\.ip_forward': '1' \}$/,
    ],
    'the namespaces of a process': [
      call('namespaces', { network: box }),
      /\. Write \[child\.namespaces\] to join them/,
    ],
    'words as a list': [call('entrypoint', ['sh', '-c']), /^entrypoint\[0\] .* Write entrypoint\("sh", "-c"\)$/],
    'a process': [call('namespaces', { namespaces: {} }), /\. Write \[\{ network: child \}\]$/],
    'a list of processes': [call('namespaces', [{ namespaces: {} }]), /\. Write \{ network: child \}$/],
  };
  for (const [name, [make, message]] of Object.entries(CASES))
    test(name, () => assert.throws(make, { message, code: /^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE)$/ }));

  for (const [option, answer] of [
    ['ports', /Write publish\(port\), and start\(\)/],
    ['image', /Write rootfs\(directory\): carrel pulls no image/],
    ['memory', /Write limits\(\{ memory \}\)/],
    ['volumes', /Write mount\(bind\(/],
    ['shell', /Write run\("sh", \["-c", script\]\)/],
    ['maxBuffer', /Write maxOutput/],
  ] as const) {
    test(`the option ${option}`, () => {
      const expected = { code: 'ERR_INVALID_ARG_VALUE', message: answer };
      assert.throws(() => new Container({ [option]: 1 } as object), expected);
      assert.throws(() => box.spawn('true', { [option]: 1 } as object), expected);
    });
  }
});

test('what is not for a command that enters, or for a main one, is said at once', async () => {
  const one = await box.start();
  const options = { detached: true } as object;
  const expected = { code: 'ERR_INVALID_ARG_VALUE', message: /has no option "detached"/ };
  assert.throws(() => one.spawn('true', [], options), expected);
  assert.throws(() => one.plan('true', [], options), expected);
  await assert.rejects(box.start('true', [], { background: 'end' } as object), { message: /no option "background"/ });
  await assert.rejects(one.listen(80, undefined as never), { message: /^handler must be a function, or a server/ });
  await one.stop();
});

test('a container that is full says which limit may be meant', requires('cgroups'), async () => {
  const one = await box.limits({ pids: 2 }).start();
  const held = [one.spawn('cat'), one.spawn('cat')];
  await Promise.allSettled(held.map((child) => once(child, 'spawn')));
  await assert.rejects(one.run('true'), { code: 'EAGAIN', hint: /pids of its limits\(\)/ });
  await one.stop({ grace: 0 });
  await Promise.allSettled(held.map((child) => child.result));
});

test('a container that has ended is told as that, without limits too, and by who would join it', async () => {
  const one = await box.start();
  await one.stop();
  for (const late of [one.stats(), one.update({ pids: 9 }), one.pause(), one.resume()])
    await assert.rejects(late, { code: 'ERR_ENDED' });
  assert.throws(() => box.namespaces([{ ipc: one }]), { code: 'ERR_ENDED' });
  assert.throws(() => box.network(one), { code: 'ERR_ENDED' });
});

test('a port that is not published: which are', async () => {
  const one = await box.publish(80).start();
  const wrong = { code: 'ERR_INVALID_ARG_VALUE', message: /, which are 80\. .*\. Write publish\(81\) before$/ };
  assert.throws(() => one.address(81), wrong);
  await one.stop({ grace: 0 });
  const none = await box.start();
  assert.throws(() => none.address(81), { message: /^port must be one that is published, and none is\. / });
  await none.stop({ grace: 0 });
});

suite('a refusal says what was meant', () => {
  test('a command line as the name of a program', async () => {
    const hint = /as the name of one program: .*run\("ls", \["-la", "\/"\]\).*run\("sh", \["-c"/;
    for (const line of ['ls -la /', 'echo hello'])
      await rejectsAtStep(() => box.run(line), { op: 'exec', code: 'ENOENT', hint });
    const one = await rejectsAtStep(() => box.run('no-such-program'), { op: 'exec', code: 'ENOENT' });
    assert.match(one.hint ?? '', /^no such program in /);
  });

  test('an image as a root filesystem', async () => {
    const error = await box
      .rootfs('alpine:3')
      .run('true')
      .catch((reason) => reason);
    assert.equal(error.code, 'ENOENT');
    assert.match(error.hint, /\/alpine:3 does not exist on the host: rootfs\(\) takes a directory, .*docker export/);
  });
});

suite('arguments may be left out, as child_process has it', () => {
  test('spawn, run, plan and explain', async () => {
    const options: SpawnOptions = { cwd: '/tmp' };
    assert.equal((await box.run('pwd', options)).stdout, '/tmp\n');
    assert.deepEqual((await box.run('pwd', { ...options, encoding: 'buffer' })).stdout, Buffer.from('/tmp\n'));
    assert.equal((await box.run('pwd', null, options)).stdout, '/tmp\n');
    assert.equal((await box.run('pwd', undefined, options)).stdout, '/tmp\n');
    assert.equal((await box.spawn('true', { stdio: 'ignore' }).result).ok, true);
    assert.deepEqual(box.plan('pwd', options), box.plan('pwd', [], options));
    assert.equal(box.explain('pwd', options), box.explain('pwd', [], options));
  });
});

suite('a stream of another container in stdio', () => {
  const NONE = 'inherit';

  test('its output: the next one reads it', async () => {
    const first = box.spawn('echo', ['through'], { stdio: ['ignore', 'pipe', NONE] });
    const second = box.spawn('cat', [], { stdio: [first.stdout, 'pipe', NONE] });
    assert.equal(second.stdin, null);
    assert.equal(await said(second), 'through\n');
    assert.deepEqual([(await first.result).ok, (await second.result).ok], [true, true]);
  });

  test('also once it runs, has ended, was read in part, or has said nothing', async () => {
    const first = box.spawn('sh', ['-c', 'echo one; read x; echo $x'], { stdio: ['pipe', 'pipe', NONE] });
    await once(first, 'spawn');
    while (first.stdout?.readableLength === 0) await once(first.stdout, 'readable');
    const second = box.spawn('cat', [], { stdio: [first.stdout, 'pipe', NONE] });
    first.stdin?.end('two\n');
    assert.equal(await said(second), 'one\ntwo\n');
    const over = box.spawn('echo', ['all'], { stdio: ['ignore', 'pipe', NONE] });
    await over.result;
    assert.equal(await said(box.spawn('cat', [], { stdio: [over.stdout, 'pipe', NONE] })), 'all\n');
    const silent = box.spawn('true', [], { stdio: ['ignore', 'pipe', NONE] });
    silent.stdout?.resume();
    await once(silent, 'close');
    assert.equal(await said(box.spawn('cat', [], { stdio: [silent.stdout, 'pipe', NONE] })), '');
  });

  test('its input: both talk to each other', async () => {
    const first = box.spawn('sh', ['-c', 'echo 5; read x; echo got $x >&2'], { stdio: 'pipe' });
    const second = box.spawn('sh', ['-c', 'read y; echo $((y*2))'], { stdio: [first.stdout, first.stdin, NONE] });
    const told = said(first, 'stderr');
    assert.deepEqual([(await first.result).ok, (await second.result).ok], [true, true]);
    assert.equal(await told, 'got 10\n');
  });

  test('who writes to one that has ended is ended by SIGPIPE, as in a pipeline', async () => {
    const first = box.init(false).spawn('yes', [], { stdio: ['ignore', 'pipe', 'ignore'] });
    const second = box.spawn('head', ['-n', '1'], { stdio: [first.stdout, 'pipe', NONE] });
    assert.equal(await said(second), 'y\n');
    const init = box.spawn('yes', [], { stdio: ['ignore', 'pipe', NONE] });
    const head = box.spawn('head', ['-n', '1'], { stdio: [init.stdout, 'ignore', NONE] });
    assert.equal((await head.result).ok, true);
    assert.equal((await init.result).signal, 'SIGPIPE');
    first.kill('SIGKILL');
    await first.result;
  });

  test('one that is closed is an error', async () => {
    const first = box.spawn('cat', [], { stdio: ['pipe', 'ignore', NONE] });
    first.stdin?.end();
    assert.throws(() => box.spawn('true', [], { stdio: ['ignore', first.stdin, NONE] }), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /^stdio\[1\] must be a stream that is open/,
    });
    await first.result;
  });

  test('a command of child_process', async () => {
    const { spawn } = await import('node:child_process');
    const first = spawn('echo', ['outside'], { stdio: ['ignore', 'pipe', 'inherit'] });
    assert.equal(await said(box.spawn('cat', [], { stdio: [first.stdout, 'pipe', NONE] })), 'outside\n');
    first.stdout.destroy();
  });
});

async function said(
  child: { readonly stdout: unknown; readonly stderr: unknown },
  from: 'stdout' | 'stderr' = 'stdout',
) {
  let text = '';
  for await (const chunk of child[from] as AsyncIterable<Buffer>) text += chunk;
  return text;
}
