/** The command line's options are unique, and its help says what each does. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from '#lib/cli/arguments.js';
import { optionsHelp } from '#lib/cli/help.js';
import { OPTIONS } from '#lib/cli/options.js';
import { refusalLines } from '#lib/cli/refusals.js';
import { bind, overlay } from '#lib/index.js';

test('no two options have the same name or letter', () => {
  const names = OPTIONS.flatMap(({ name, short }) => [name, ...(short === undefined ? [] : [short])]);
  assert.deepEqual(names, [...new Set(names)]);
  for (const name of names) assert.ok(!['help', 'h'].includes(name), name);
});

test('the help names every option, what it takes, and what it does, in lines of 100 letters at most', () => {
  const help = optionsHelp('run');
  for (const { name, value, help: text } of OPTIONS) {
    assert.ok(help.includes(`--${name}${value === undefined ? '' : ` ${value}`}`), name);
    assert.ok(help.replace(/\s+/g, ' ').includes(text), name);
  }
  const options = help.slice(0, help.indexOf('Ends as'));
  assert.deepEqual(
    options.split('\n').filter((line) => line.length > 100),
    [],
  );
});

test('each limit says what the builder’s does; without one there is none, and so no cgroup', () => {
  const limitsOf = (...args: readonly string[]): unknown => parse('run', [...args, 'true']).container.toJSON().limits;
  assert.equal(limitsOf(), undefined);
  for (const [option, text, limits] of [
    ['--memory', '64m', { memory: 64 * 1024 ** 2 }],
    ['--memory', '8192', { memory: 8192 }],
    ['--swap', '0', { swap: 0 }],
    ['--pids', '32', { pids: 32 }],
    ['--cpus', '0.5', { cpus: 0.5 }],
    ['--cpu-weight', '50', { cpuWeight: 50 }],
    ['--cpuset', '0-1,3', { cpuset: '0-1,3' }],
    ['--cpu-time', '2s', { cpuTime: 2000 }],
    ['--io', '8:0,wbps=10m,riops=500', { io: { '8:0': { wbps: 10 * 1024 ** 2, riops: 500 } } }],
    ['--unified', 'memory.high=48m', { unified: { 'memory.high': '48m' } }],
  ] as const) {
    assert.deepEqual(limitsOf(option, text), { onUnsupported: 'error', ...limits }, option);
  }
  const both = ['--unified', 'memory.high=48m', '--unified', 'pids.max=8', '--pids', '9'];
  const unified = { 'memory.high': '48m', 'pids.max': '8' };
  assert.deepEqual(limitsOf(...both), { onUnsupported: 'error', pids: 9, unified });
  // No rate of a device is lost because another one was given by itself.
  const rates = ['--io', '8:0,wbps=1m', '--io', '8:16,rbps=8192', '--io', '8:0,wiops=9'];
  const io = { '8:0': { wbps: 1024 ** 2, wiops: 9 }, '8:16': { rbps: 8192 } };
  assert.deepEqual(limitsOf(...rates), { onUnsupported: 'error', io });
});

test('--mount says what bind() does', () => {
  const mounts = parse('run', [
    '--mount',
    'type=bind,source=/v/a:b,target=/c,readonly,nofollow,within=/v',
    'true',
  ]).container.toJSON().mounts;
  const options = { readonly: true, nofollow: true, within: '/v' };
  assert.deepEqual(mounts, [bind('/v/a:b', '/c', options)]);
});

test('--mount says what overlay() does, each lower by itself', () => {
  const mountsOf = (text: string): unknown => parse('run', ['--mount', text, 'true']).container.toJSON().mounts;
  assert.deepEqual(mountsOf('type=overlay,target=/repo,lower=/a:b,lower=/c,noexec'), [
    overlay('/repo', { lower: ['/a:b', '/c'], noexec: true }),
  ]);
  assert.deepEqual(mountsOf('type=overlay,target=/repo,lower=/a,upper=/u,work=/w'), [
    overlay('/repo', { lower: '/a', upper: '/u', work: '/w' }),
  ]);
  assert.throws(() => mountsOf('type=overlay,target=/repo'), /lower/);
});

test('--io says what is wrong with a device, a rate or a limit', () => {
  for (const [value, message] of [
    ['', /^--io: "" is not of the form MAJOR:MINOR,RATE=LIMIT/],
    ['8:0', /^--io: "8:0" is not of the form/],
    ['8:0,', /^--io: "8:0," is not of the form/],
    ['/dev/sda,wbps=1m', /^--io: "\/dev\/sda,wbps=1m" is not of the form/],
    ['wbps=1m', /^--io: "wbps=1m" is not of the form/],
    ['8:0,wbps', /^--io: "wbps" is not of the form NAME=VALUE/],
    ['8:0,wbsp=1m', /limits\.io\["8:0"\].*wbps/],
    ['8:0,wbps=much', /limits\.io\["8:0"\]\.wbps/],
    ['8:0,wiops=1m', /limits\.io\["8:0"\]\.wiops/],
    ['8:0,__proto__=1', /limits\.io\["8:0"\].*__proto__/],
  ] as const) {
    assert.throws(() => parse('run', ['--io', value, 'true']), { message }, value);
  }
  assert.throws(() => parse('run', ['--io']), { message: /^--io takes MAJOR:MINOR,RATE=LIMIT/ });
});

test('labels of security modules are those of apparmor() and selinux()', () => {
  const { apparmor, selinux } = parse('run', ['--apparmor', 'a b', '--selinux', 'u:r:t', 'true']).container.toJSON();
  assert.deepEqual([apparmor, selinux], ['a b', 'u:r:t']);
  const none = parse('run', ['true']).container.toJSON();
  assert.ok(!('apparmor' in none) && !('selinux' in none));
  assert.throws(() => parse('run', ['--selinux', 't', 'true']), { message: /selinux/ });
});

test('options of Landlock say what landlock() does', () => {
  const landlockOf = (...args: readonly string[]): unknown =>
    parse('run', [...args, 'true']).container.toJSON().landlock;
  assert.equal(landlockOf(), undefined);
  const paths = ['--landlock-read', '/a,b', '--landlock-execute', '/usr', '--landlock-read', '/c'];
  const onUnsupported = 'error';
  assert.deepEqual(landlockOf(...paths), { onUnsupported, read: ['/a,b', '/c'], execute: ['/usr'] });
  const ports = ['--landlock-connect-tcp', '80,443', '--landlock-bind-tcp', 'none', '--landlock-connect-tcp', '22'];
  assert.deepEqual(landlockOf(...ports), { onUnsupported, connectTcp: [80, 443, 22], bindTcp: [] });
  const scope = ['--landlock-scope', 'signal', '--landlock-unsupported', 'warn'];
  assert.deepEqual(landlockOf(...scope), { onUnsupported: 'warn', scope: ['signal'] });
  assert.throws(() => landlockOf('--landlock-bind-tcp', 'http'), { message: /^--landlock-bind-tcp: "http"/ });
  assert.throws(() => landlockOf('--landlock-bind-tcp', '65536'), { message: /landlock\.bindTcp\[0\]/ });
  assert.throws(() => landlockOf('--landlock-write', '/tmp'), { message: /execute/ });
  assert.throws(() => landlockOf('--landlock-scope', 'all'), { message: /landlock\.scope\[0\]/ });
});

test('--seccomp-report is the second argument of seccomp(), whatever comes first', () => {
  const seccompOf = (...args: readonly string[]): unknown => parse('run', [...args, 'true']).container.toJSON().seccomp;
  const reported = { profile: 'default', report: true };
  const profile = ['--security-opt', 'seccomp=default'];
  for (const args of [[], profile]) {
    assert.deepEqual(seccompOf('--seccomp-report', ...args), reported);
    assert.deepEqual(seccompOf(...args, '--seccomp-report'), reported);
  }
  assert.throws(() => seccompOf('--seccomp-report', '--security-opt', 'seccomp=unconfined'), /refuses nothing/);
});

test('refused calls are a line each kind, which no terminal obeys', () => {
  const one = { timeMs: 1, pid: 2, program: 'node', syscall: 'mount', path: '/mnt', code: 'EPERM' };
  const { path: _, ...socket } = { ...one, syscall: 'socket', address: 'AF_PACKET', code: 'EAFNOSUPPORT' };
  const hostile = { ...one, program: 'a\nb\u001b[2J\u009b', path: '/mnt: EPERM, by x' };
  const degraded = ['limits.swap: none', 'violations: 7 more refused calls are not listed'];
  assert.deepEqual(refusalLines({ violations: [one, socket, one, hostile], connections: [], degraded }), [
    'carrel: refused: mount /mnt: EPERM, by node × 2',
    'carrel: refused: socket AF_PACKET: EAFNOSUPPORT, by node',
    'carrel: refused: mount "/mnt: EPERM, by x": EPERM, by "a\\nb\\u001b[2J\\u009b"',
    'carrel: violations: 7 more refused calls are not listed',
  ]);
  assert.deepEqual(refusalLines({ violations: [], connections: [], degraded: ['limits.swap: none'] }), []);
  const tried = { timeMs: 0, sentBytes: 0, receivedBytes: 0, port: 443 } as const;
  const lines = refusalLines({
    violations: [],
    connections: [
      { ...tried, name: 'a.test', address: '192.0.2.1', outcome: 'relayed' },
      { ...tried, name: 'b.test', address: undefined, port: 0, outcome: 'not-listed' },
      { ...tried, name: 'c.test', address: '10.0.0.1', outcome: 'private-address' },
      { ...tried, name: 'c.test', address: '10.0.0.1', outcome: 'private-address' },
      { ...tried, name: undefined, address: '2001:db8::1', outcome: 'failed' },
      { ...tried, name: 'd.test\u001b', address: undefined, outcome: 'unresolved' },
    ],
    degraded: ['connections: 3 more attempts are not listed'],
  });
  assert.deepEqual(lines, [
    'carrel: not-listed: b.test',
    'carrel: private-address: c.test:443, which is 10.0.0.1 × 2',
    'carrel: failed: [2001:db8::1]:443',
    'carrel: unresolved: "d.test\\u001b":443',
    'carrel: connections: 3 more attempts are not listed',
  ]);
});

test('--security-opt says what seccomp() does, and reads a profile', () => {
  const seccompOf = (value: string): unknown =>
    parse('run', ['--security-opt', value, 'true']).container.toJSON().seccomp;
  for (const word of ['default', 'unconfined']) assert.equal(seccompOf(`seccomp=${word}`), word);
  const directory = mkdtempSync(join(tmpdir(), 'cli-'));
  try {
    const file = join(directory, 'profile.json');
    writeFileSync(file, '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": null }');
    assert.deepEqual(seccompOf(`seccomp=${file}`), { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] });
    writeFileSync(file, '{');
    assert.throws(() => seccompOf(`seccomp=${file}`), { message: /^--security-opt: .*profile\.json is no JSON/ });
    assert.throws(() => seccompOf(`seccomp=${directory}/none`), { message: /^--security-opt: ENOENT/ });
    assert.throws(() => seccompOf('no-new-privileges=true'), { message: /^--security-opt: it takes seccomp=/ });
    assert.throws(() => seccompOf('seccomp'), { message: /^--security-opt: .*NAME=VALUE/ });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
