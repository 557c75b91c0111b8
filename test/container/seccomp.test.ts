/** The filter of a container: which calls the kernel lets its programs make. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:os';
import { suite, test } from 'node:test';
import { Container, type ContainerStep, type SeccompProfile } from 'carrel';
import { plan, run } from 'carrel/plan';
import { exit, noNewPrivileges, seccomp, setCapabilities } from 'carrel/steps';
import { DEFAULT_PROFILE } from '#lib/seccomp/default.js';
import type { Machine } from '#lib/seccomp/rules.js';
import { callsReported, errorsInside, type Made, PASSED } from '../support/calls-inside.js';
import { useCleanHost } from '../support/host.js';
import { ALLOWED, boundaries, callsOf, meaning, type PROFILE_FILES, profileOf } from '../support/profiles.js';
import { rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
const { ENOSYS } = constants.errno;
const machine: Machine = {
  arch: process.arch as Machine['arch'],
  kernel: [5, 15],
  capabilities: box.toJSON().capabilities as Machine['capabilities'],
};

/** Those that no filter sees: the kernel has a program make them, which has a place of its own for that. Linux 6.14 */
const UNSEEN = machine.arch === 'x64' ? [335, 336] : [];
const NUMBERS = Array.from({ length: 513 }, (_, number) => number).filter((number) => !UNSEEN.includes(number));

/** Every number up to 512, what profiles know of arguments, and the x32 range. */
function everyCall(profile: SeccompProfile): readonly { readonly made: Made; readonly meant: number }[] {
  const names = new Map(callsOf(machine).map(([name, number]) => [number, name]));
  const calls = NUMBERS.flatMap((number) => {
    const name = names.get(number) ?? '';
    const lists = boundaries(profile, name).filter((args) => args[5] === 0n);
    return lists.map((args) => ({
      made: [number, ...args.slice(0, 5)] as Made,
      meant: meaning(profile, machine, name, args),
    }));
  });
  const x32 = Array.from({ length: 600 }, (_, index) => 0x40000000 + index).map((number) => ({
    made: [number] as Made,
    meant: machine.arch === 'x64' ? 0x50026 : meaning(profile, machine, '', []),
  }));
  return [...calls, ...x32];
}

/** The errors that the kernel gave, against those that the profile means. */
async function holds(container: Container, profile: SeccompProfile): Promise<void> {
  const all = everyCall(profile);
  assert.ok(all.length > 1100);
  const errors = await errorsInside(
    container,
    all.map(({ made }) => made),
  );
  for (const [index, { made, meant }] of all.entries()) {
    const expected = meant === 0x7fff0000 ? PASSED : meant & 0xffff;
    if (errors[index] !== expected)
      assert.equal(errors[index], expected, `number ${made[0]} with ${made.slice(1).join(', ')}`);
  }
}

suite('every system call inside is what the profile means', requires('gcc'), () => {
  test('the default one', () => holds(box, DEFAULT_PROFILE));

  test('without a profile all of them reach the kernel', async () => {
    const errors = await errorsInside(
      box.seccomp('unconfined'),
      NUMBERS.map((number) => [number]),
    );
    assert.deepEqual(
      errors.filter((error) => error !== PASSED),
      [],
    );
  });

  for (const whose of ['docker', 'podman'] as const satisfies readonly (keyof typeof PROFILE_FILES)[])
    test(`${whose}’s`, requires('profiles'), () => holds(box.seccomp(profileOf(whose)), profileOf(whose)));

  for (const [what, container] of Object.entries({ 'by default': box, 'without init': box.init(false) }))
    test(`with a report every answer is the same, and each refusal is told or counted: ${what}`, async () => {
      const all = everyCall(DEFAULT_PROFILE);
      const reporting = container.seccomp('default', { report: true });
      const { errors, result } = await callsReported(
        reporting,
        all.map(({ made }) => made),
      );
      const expected = all.map(({ meant }) => (meant === ALLOWED ? ENOSYS : meant & 0xffff));
      assert.deepEqual(errors, expected);
      // Not told: clone3, and what is not by a number of this architecture.
      const refused = all.filter(({ made, meant }) => meant !== ALLOWED && made[0] !== 435 && made[0] < 0x40000000);
      const more = Number(/^violations: (\d+) more/.exec(result.degraded.join())?.[1] ?? 0);
      assert.deepEqual(
        [result.violations.length, more],
        [Math.min(1000, refused.length), Math.max(0, refused.length - 1000)],
      );
      const told = refused.slice(0, 1000).map(({ made, meant }) => [made[0], meant & 0xffff]);
      const numbers = new Map(callsOf(machine));
      assert.deepEqual(
        result.violations.map(({ syscall, code }) => [
          numbers.get(syscall) ?? Number(syscall.replace('syscall_', '')),
          constants.errno[code as keyof typeof constants.errno],
        ]),
        told,
      );
    });

  test('a command that joins has it too', async () => {
    const first = box.spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(first, 'spawn');
    const joining = box.namespaces([{ user: first, pid: first, mount: first, network: first, ipc: first, uts: first }]);
    const { stdout } = await joining.run('grep', ['Seccomp:', '/proc/self/status']);
    assert.equal(stdout, 'Seccomp:\t2\n');
    first.kill('SIGKILL');
    await first.result;
  });

  test('set-user-id programs may gain privileges, and not lose the filter', async () => {
    for (const user of [0, 1000].slice(0, process.env.CARREL_TEST_LEG === 'root' ? 2 : 1)) {
      const { stdout } = await box
        .noNewPrivileges(false)
        .user(user)
        .run('grep', ['-E', '^(NoNewPrivs|Seccomp):', '/proc/self/status']);
      assert.equal(stdout, 'NoNewPrivs:\t0\nSeccomp:\t2\n');
    }
    await holds(box.noNewPrivileges(false), DEFAULT_PROFILE);
  });
});

suite('a profile of one’s own', () => {
  const refusing = (action: object): Container =>
    box.seccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], ...action }] });

  test('an error, or an end', async () => {
    const { stderr } = await refusing({ action: 'SCMP_ACT_ERRNO', errno: 'EXDEV' }).run('mkdir', ['/tmp/x']);
    assert.match(stderr, /Invalid cross-device link/);
    for (const action of ['SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_KILL', 'SCMP_ACT_TRAP'])
      assert.equal((await refusing({ action }).run('mkdir', ['/tmp/x'])).signal, 'SIGSYS');
    assert.equal((await refusing({ action: 'SCMP_ACT_LOG' }).run('mkdir', ['/tmp/x'])).exitCode, 0);
  });

  test('by arguments', async () => {
    const args = [{ index: 0, value: 0x7f, op: 'SCMP_CMP_EQ' as const }];
    const container = box.seccomp({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names: ['umask'], action: 'SCMP_ACT_ERRNO', args },
        { names: ['umask'], action: 'SCMP_ACT_KILL', args: [{ ...args[0], value: 0x3f }] },
      ],
    });
    assert.equal((await container.run('sh', ['-c', 'umask 077'])).signal, 'SIGSYS');
    assert.equal((await container.run('sh', ['-c', 'umask 022; umask 177; echo over'])).stdout, 'over\n');
  });

  test('one that refuses execve by its arguments is a StepError, and nothing is left', async () => {
    const args = [{ index: 1, value: 0, op: 'SCMP_CMP_NE' as const }];
    const container = box.seccomp({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['execve'], action: 'SCMP_ACT_ERRNO', args }],
    });
    await rejectsAtStep(() => container.run('true'), { op: 'exec', code: 'EPERM', hint: /seccomp/ });
  });
});

suite('the step by itself', () => {
  const allow = Uint8Array.of(6, 0, 0, 0, 0, 0, 0xff, 0x7f);
  const performed = (filter: Uint8Array, before: readonly ContainerStep[]): Promise<unknown> =>
    run(plan({ clone: ['user'], steps: [...before, seccomp({ filter }), exit()] }));

  test('loads what the kernel takes', async () => {
    await performed(allow, [noNewPrivileges()]);
    await performed(Buffer.concat(Array.from({ length: 4096 }, () => allow)), [noNewPrivileges()]);
  });

  test('is refused for anything else, with a hint', async () => {
    const hint = /classic BPF/;
    const wrong = [new Uint8Array(), allow.subarray(1), new Uint8Array(8), new Uint8Array(4097 * 8).fill(6)];
    // 65,537 instructions are one, in the 16 bits that the kernel counts them in.
    for (const filter of [...wrong, Buffer.concat(Array.from({ length: 65_537 }, () => allow))])
      await rejectsAtStep(() => performed(filter, [noNewPrivileges()]), { op: 'seccomp', code: 'EINVAL', hint });
  });

  test('needs no_new_privs, or CAP_SYS_ADMIN', async () => {
    await performed(allow, []);
    const without = setCapabilities({ bounding: [], effective: [], permitted: [] });
    await performed(allow, [without, noNewPrivileges()]);
    await rejectsAtStep(() => performed(allow, [without]), { op: 'seccomp', code: 'EACCES', hint: /noNewPrivileges/ });
  });
});

suite('programs of other architectures', requires('python3', 'x64'), () => {
  test('int 0x80 ends the process', async () => {
    const { signal } = await box.run('python3', ['-c', INT80]);
    assert.equal(signal, 'SIGSYS');
  });
});

/** getpid by the call gate of 32 bits: mov $20, %eax; int $0x80; ret */
const INT80 = `
import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex('b814000000cd80c3'))
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
`;
