/** The package can be imported on systems without containers or a build, and starting says why it does not. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSupported } from '#lib/index.js';
import '../support/temporary.js';

const SYSTEMS = [
  { platform: 'darwin', arch: 'arm64', reason: 'containers are a feature of Linux, and this is darwin' },
  { platform: 'win32', arch: 'x64', reason: 'containers are a feature of Linux, and this is win32' },
  { platform: 'freebsd', arch: 'x64', reason: 'containers are a feature of Linux, and this is freebsd' },
  { platform: 'linux', arch: 'riscv64', reason: 'no launcher is built for riscv64' },
] as const;

const PROGRAM = `
  import * as carrel from 'carrel';
  import 'carrel/plan';
  import 'carrel/steps';
  import { unshare } from 'carrel/syscalls';
  const box = new carrel.Container().hostname('box').mount(carrel.bind('/srv', '/tmp'));
  const refusals = {};
  for (const [name, act] of Object.entries({
    spawn: () => box.spawn('true'),
    run: () => box.run('true'),
    explain: () => box.explain('true'),
    syscalls: () => unshare(["uts"]),
  })) {
    try {
      await act();
      refusals[name] = 'none';
    } catch (error) {
      refusals[name] = error.code + ' ' + error.message;
    }
  }
  const [platform, supported, definition] = [process.platform, carrel.isSupported(), box.toJSON().hostname];
  console.log(JSON.stringify({ platform, supported, definition, refusals }));
`;

for (const { platform, arch, reason } of SYSTEMS) {
  test(`on ${platform} ${arch}: import works, starting is refused`, () => {
    const preload = join(tmpdir(), `${platform}-${arch}.mjs`);
    writeFileSync(
      preload,
      `for (const [name, value] of [['platform', '${platform}'], ['arch', '${arch}']])
         Object.defineProperty(process, name, { value });`,
    );
    const args = ['--import', preload, '--input-type=module', '--eval', PROGRAM];
    const { stdout, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      cwd: new URL('../../..', import.meta.url),
    });
    assert.equal(stderr, '');
    const {
      platform: seen,
      supported,
      definition,
      refusals,
    } = JSON.parse(stdout) as {
      platform: string;
      supported: boolean;
      definition: string;
      refusals: Record<string, string>;
    };
    assert.deepEqual([seen, supported, definition], [platform, false, 'box']);
    for (const name of ['spawn', 'run', 'explain']) {
      assert.equal(refusals[name], `ERR_UNSUPPORTED carrel cannot start containers here: ${reason}`, name);
    }
    assert.match(refusals.syscalls ?? '', /^ERR_UNSUPPORTED /);
  });
}

test('isSupported() is true where containers are started', () => {
  assert.equal(isSupported(), true);
});
