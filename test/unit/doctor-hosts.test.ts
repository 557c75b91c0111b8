/** What a person is told on hosts that this machine is not: those of `test/hosts`. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { doctorText } from '#lib/cli/doctor.js';
import type { DoctorReport, Finding, OptionFinding } from '#lib/doctor/findings.js';
import { dockerDefault, dockerOpen, dockerSeccomp } from '../hosts/docker.js';
import { gvisor } from '../hosts/gvisor.js';
import { kubernetes } from '../hosts/kubernetes.js';
import { linux515 } from '../hosts/linux-5.15.js';
import { noDelegation } from '../hosts/no-delegation.js';
import { noSysResource } from '../hosts/no-sys-resource.js';
import { ubuntu } from '../hosts/ubuntu-24.04.js';
import { type DescribedHost, reportThere } from '../support/observed.js';

const DEFAULT = 'the default container';
/** What landlock() lacks with the version that Linux 6.7 to 6.9 have. */
const LACKS_OF_4 = 'devices take ioctl(2) wherever they can be opened before Linux 6.10';

function finding({ findings }: DoctorReport, name: string): Finding {
  const found = findings.find((one) => one.name === name);
  assert.ok(found !== undefined, `no finding ${name}`);
  return found;
}

function option({ options }: DoctorReport, name: string): OptionFinding {
  const found = options.find((one) => one.option === name);
  assert.ok(found !== undefined, `no option ${name}`);
  return found;
}

function withVerdict({ options }: DoctorReport, verdict: OptionFinding['verdict']): readonly string[] {
  return options.filter((one) => one.verdict === verdict).map((one) => one.option);
}

describe('Ubuntu 24.04, an ordinary user', () => {
  const report = reportThere(ubuntu);

  test('user namespaces can be made, and nothing in them', () => {
    assert.equal(finding(report, 'user namespace').ok, true);
    assert.equal(finding(report, 'mount namespace').ok, false);
    assert.deepEqual(finding(report, 'mount namespace').refused, {
      step: 'propagation',
      syscall: 'mount_setattr',
      code: 'EPERM',
    });
  });

  test('the default container fails, with the setting to change', () => {
    const { verdict, detail, remedy } = option(report, DEFAULT);
    assert.equal(verdict, 'fails');
    assert.match(detail, /EPERM, operation not permitted/);
    assert.match(remedy ?? '', /kernel\.apparmor_restrict_unprivileged_userns/);
    assert.match(remedy ?? '', /carrel install-launcher .* profile .* CARREL_LAUNCHER/);
  });

  test('a bare command works, under Landlock too', () => {
    assert.deepEqual(withVerdict(report, 'works'), ['namespaces([])']);
    const { verdict, detail } = option(report, 'namespaces([]) with landlock()');
    assert.deepEqual([verdict, detail], ['weaker', `landlock: ${LACKS_OF_4}`]);
  });
});

describe('inside Docker, as it is by default', () => {
  const report = reportThere(dockerDefault);

  test('clone3 is filtered, so the launcher makes no process', () => {
    assert.equal(report.ok, false);
    assert.deepEqual(finding(report, 'launcher').refused, { syscall: 'clone3', code: 'ENOSYS' });
    assert.deepEqual(withVerdict(report, 'works'), []);
  });

  test('one remedy has all that is in the way, and not only what fails first', () => {
    const { detail, remedy } = finding(report, 'surroundings');
    assert.equal(detail, 'inside Docker, a filter of system calls, a /proc that is partly hidden');
    assert.equal(remedy, 'docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined');
  });

  test('the report says what fails once, and that all else fails as that does', () => {
    const text = doctorText(report, 80);
    assert.equal(text.match(/clone the container’s process/g)?.length, 1);
    assert.match(text, /\n✗ mount namespace +as launcher\n/);
    assert.match(text, /\n✗ fails +the default container, rootfs\(\),[\s\S]*see launcher above\n/);
    assert.deepEqual(
      text.split('\n').filter((line) => line.length > 80),
      [],
    );
  });
});

describe('inside Docker, without its filter', () => {
  const report = reportThere(dockerSeccomp);

  test('containers start, and are weaker: the outer /proc is shown, and some settings cannot be made', () => {
    assert.equal(report.ok, true);
    const { verdict, detail, remedy } = option(report, DEFAULT);
    assert.equal(verdict, 'weaker');
    assert.match(detail, /without a new \/proc: .* is bound instead/);
    assert.match(detail, /without the ban on user namespaces inside: \/proc\/sys around this process is read-only/);
    assert.match(remedy ?? '', /--security-opt systempaths=unconfined/);
  });

  test('what takes a new /proc, or settings, fails', () => {
    assert.match(option(report, "proc('new')").detail, /the kernel would refuse it/);
    assert.match(option(report, "sysctl('net.…')").detail, /EROFS/);
    assert.equal(option(report, 'mount(bind())').verdict, 'works');
  });

  test('the remedy is what is still in the way', () => {
    assert.equal(finding(report, 'surroundings').remedy, 'docker run --security-opt systempaths=unconfined');
  });
});

describe('inside Docker, without its filter and masks', () => {
  const report = reportThere(dockerOpen);

  test('the default container works as on a machine', () => {
    assert.equal(option(report, DEFAULT).verdict, 'works');
    assert.equal(option(report, "proc('new')").verdict, 'works');
    assert.equal(finding(report, 'surroundings').remedy, undefined);
  });

  test('what is left are rights of the outer container, and its cgroups', () => {
    assert.deepEqual(withVerdict(report, 'weaker'), ['rlimits()', 'nice()', 'oomScoreAdj()']);
    assert.deepEqual(option(report, 'limits({ memory })').because, ['cgroups']);
    assert.match(option(report, 'apparmor()').detail, /no AppArmor/);
  });
});

describe('inside Kubernetes', () => {
  const report = reportThere(kubernetes);

  test('AppArmor forbids mounts', () => {
    const { verdict, detail, remedy } = option(report, DEFAULT);
    assert.equal(verdict, 'fails');
    assert.match(detail, /EACCES, permission denied \(move_mount/);
    assert.match(remedy ?? '', /a security module forbids mounts.*appArmorProfile: \{ type: Unconfined \}/);
  });

  test('the remedy is in the words of a pod', () => {
    assert.equal(
      finding(report, 'surroundings').remedy,
      'securityContext: { appArmorProfile: { type: Unconfined }, procMount: Unmasked } of the container, ' +
        'and hostUsers: false of the pod',
    );
  });

  test('a bare command works', () => {
    assert.ok(withVerdict(report, 'works').includes('namespaces([])'));
  });
});

describe('gVisor without openat2', () => {
  const report = reportThere(gvisor);

  test('nothing starts, since every container looks up paths', () => {
    assert.deepEqual(withVerdict(report, 'works'), []);
    assert.deepEqual(finding(report, 'paths').refused, { step: 'chdir', syscall: 'openat2', code: 'ENOSYS' });
    assert.match(finding(report, 'paths').remedy ?? '', /lacks openat2, or an outer sandbox filters it/);
  });

  test('it is said that it is gVisor, and what helps', () => {
    const { detail, remedy } = finding(report, 'surroundings');
    assert.equal(detail, 'inside gVisor');
    assert.match(remedy ?? '', /another runtime, such as runc/);
    assert.match(finding(report, 'platform').remedy ?? '', /Linux 5\.15 and later/);
  });
});

describe('a user without a delegated cgroup', () => {
  const report = reportThere(noDelegation);

  test('everything works but limits, each with what helps', () => {
    const fails = withVerdict(report, 'fails');
    assert.deepEqual(
      fails.filter((name) => !name.startsWith('limits(')),
      ['user({ additionalGids })'],
    );
    const { detail, remedy } = option(report, 'limits({ memory })');
    assert.match(detail, /the controller memory is missing.*EACCES, mkdir at \/sys\/fs\/cgroup\/user\.slice/);
    assert.match(remedy ?? '', /systemd-run --user --scope -p Delegate=yes/);
    assert.equal(option(report, DEFAULT).verdict, 'works');
  });

  test('the report says the remedy once', () => {
    assert.equal(doctorText(report).match(/systemd-run/g)?.length, 1);
  });
});

describe('Linux 5.15', () => {
  const report = reportThere(linux515);

  test('the default container works', () => {
    assert.equal(option(report, DEFAULT).verdict, 'works');
    assert.equal(report.ok, true);
  });

  test('what came later fails, with the release that has it', () => {
    assert.match(option(report, 'rootfs(overlay())').remedy ?? '', /before Linux 6\.6 memory has no extended attrib/);
    assert.match(option(report, 'landlock({ connectTcp, bindTcp })').detail, /before Linux 6\.7/);
    assert.match(option(report, 'landlock({ scope })').detail, /before Linux 6\.12/);
    assert.match(option(report, "sysctl('kernel.shm…')").remedy ?? '', /since Linux 6\.9/);
    assert.equal(option(report, "sysctl('net.…')").verdict, 'works');
  });
});

describe('root without CAP_SYS_RESOURCE', () => {
  const report = reportThere(noSysResource);

  test('all works, and two options are weaker', () => {
    assert.deepEqual(withVerdict(report, 'fails'), []);
    assert.deepEqual(withVerdict(report, 'weaker'), ['rlimits()', 'oomScoreAdj()']);
    assert.equal(option(report, 'rlimits()').detail, 'hard limits stay at the caller’s, or below (EPERM)');
    assert.match(option(report, 'rlimits()').remedy ?? '', /CAP_SYS_RESOURCE/);
  });
});

test('every host says where it is known from', () => {
  const all: readonly DescribedHost[] = [
    ...[ubuntu, dockerDefault, dockerSeccomp, dockerOpen, kubernetes, gvisor],
    ...[noDelegation, linux515, noSysResource],
  ];
  for (const { source } of all) assert.match(source, /^recorded by |\.ts$/);
});
