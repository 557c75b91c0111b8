/** A released build loads with any libc, is found by node-gyp-build, and is the same bytes everywhere. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type AddonOptions, ARCHITECTURES, type Architecture, buildAddon, isBuilt } from '../../scripts/addon.js';
import { type Capability, requires } from '../support/requires.js';
import '../support/temporary.js';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));

const MACHINES = {
  x64: { machine: 'Advanced Micro Devices X86-64', needs: ['x64-gcc'] },
  arm64: { machine: 'AArch64', needs: ['arm64-gcc'] },
} as const satisfies Record<Architecture, { machine: string; needs: readonly Capability[] }>;

/** What compilers call by themselves. glibc has them since 2.4, on arm64 since its first, and musl since 1.1. */
const IN_EVERY_LIBC = /^(__stack_chk_(fail|guard)|mem(cpy|move|set|cmp))$/;

for (const arch of ARCHITECTURES) {
  const { machine, needs } = MACHINES[arch];
  const addon = join(checkout, `prebuilds/linux-${arch}/carrel.node`);
  const launcher = join(checkout, `build/native/${arch}/launcher`);

  describe(`prebuilt for linux-${arch}`, requires('readelf', ...needs), () => {
    test('the addon needs no library and no version of a symbol: whatever libc the process has will do', () => {
      assert.match(readelf(addon, '--file-header'), new RegExp(`Machine:\\s+${machine}\n`));
      const dynamic = readelf(addon, '--dynamic');
      assert.match(dynamic, /\(SYMTAB\)/);
      assert.doesNotMatch(dynamic, /\((NEEDED|RPATH|RUNPATH|TEXTREL|VERNEED|VERSYM)\)/);
      assert.match(readelf(addon, '--version-info'), /No version information found/);
      assert.doesNotMatch(readFileSync(addon, 'latin1'), /GLIBC/);
    });

    test('it takes Node-API and what every libc has from the process, and gives what Node-API asks for', () => {
      const symbols = dynamicSymbols(addon);
      const taken = symbols.filter(({ defined }) => !defined).map(({ name }) => name);
      assert.ok(taken.includes('napi_create_function'));
      assert.deepEqual(
        taken.filter((name) => !name.startsWith('napi_') && !IN_EVERY_LIBC.test(name)),
        [],
      );
      const given = symbols.filter(({ defined }) => defined).map(({ name }) => name);
      assert.deepEqual(given.sort(), ['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
    });

    test('neither can be made to execute what it can write', () => {
      for (const file of [addon, launcher]) {
        const headers = readelf(file, '--program-headers');
        assert.match(headers, /GNU_STACK\s.*\sRW\s/);
        assert.doesNotMatch(headers, /\sRWE\s/);
      }
      assert.match(readelf(addon, '--program-headers'), /GNU_RELRO/);
      assert.match(readelf(addon, '--dynamic'), /NOW/);
    });

    test('the launcher is static, and the addon carries it', () => {
      const headers = readelf(launcher, '--program-headers');
      assert.match(headers, /Elf file type is EXEC/);
      assert.doesNotMatch(headers, /INTERP|DYNAMIC/);
      assert.ok(readFileSync(addon).includes(readFileSync(launcher)));
    });
  });

  describe(`building for linux-${arch}`, requires('make', 'python3', ...needs), () => {
    let elsewhere: AddonOptions;
    before(() => {
      const directory = mkdtempSync(join(tmpdir(), 'another-directory-'));
      const { PATH, CC } = process.env;
      const other = { TZ: 'Asia/Tokyo', LC_ALL: 'C.UTF-8', SOURCE_DATE_EPOCH: '1', CFLAGS: '-g', TMPDIR: directory };
      elsewhere = { arch, root: join(directory, 'checkout'), env: { PATH, ...(CC && { CC }), ...other } };
    });

    test('elsewhere and at another time gives the same bytes', () => {
      assert.ok(isBuilt({ arch, root: checkout }), 'what is here is not of these sources and tools: npm run prebuild');
      const sources = join(elsewhere.root, 'src-native');
      cpSync(join(checkout, 'src-native'), sources, {
        recursive: true,
        filter: (path) => path !== join(checkout, 'src-native/build'),
      });
      utimesSync(join(sources, 'wire.h'), 1, 1);
      const built = buildAddon(elsewhere);
      for (const [here, there] of [
        [launcher, built.launcher],
        [addon, built.addon],
      ] as const) {
        const bytes = readFileSync(there);
        assert.ok(bytes.length > 10_000);
        assert.ok(bytes.equals(readFileSync(here)), `${there} differs`);
        assert.ok(!bytes.includes('another-directory'));
      }
    });

    test('is done again for another source, flag or compiler, and where the outcome is another', () => {
      assert.ok(isBuilt(elsewhere));
      const sources = ['launcher/child.c', 'launcher/new.c', 'wire.h', 'addon/launcher.S', 'flags.gypi', 'binding.gyp'];
      const outcomes = [`prebuilds/linux-${arch}/carrel.node`, `build/native/${arch}/launcher`];
      for (const file of [...sources.map((path) => join('src-native', path)), ...outcomes]) {
        const path = join(elsewhere.root, file);
        const original = existsSync(path) ? readFileSync(path) : undefined;
        appendFileSync(path, '\n');
        assert.ok(!isBuilt(elsewhere), file);
        if (original === undefined) rmSync(path);
        else writeFileSync(path, original);
        assert.ok(isBuilt(elsewhere), file);
      }
      if (arch === process.arch) {
        const compiler = join(elsewhere.root, 'another-compiler');
        writeFileSync(compiler, '#!/bin/sh\necho another compiler\n', { mode: 0o755 });
        assert.ok(!isBuilt({ ...elsewhere, env: { ...elsewhere.env, CC: compiler } }));
      }
    });
  });

  for (const libc of ['glibc', 'musl']) {
    test(`node-gyp-build finds it on linux-${arch} with ${libc}`, requires(...needs), () => {
      const program = `process.stdout.write(require('node-gyp-build').path(${JSON.stringify(checkout)}))`;
      const env = { ...process.env, npm_config_arch: arch, npm_config_platform: 'linux', LIBC: libc };
      const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], { cwd: checkout, env, encoding: 'utf8' });
      assert.equal(stdout, addon, stderr);
    });
  }
}

function readelf(file: string, ...options: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('readelf', ['--wide', ...options, file], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

/** Number, value, size, type, binding, visibility, section, name. */
function dynamicSymbols(file: string): readonly { readonly name: string; readonly defined: boolean }[] {
  const lines = readelf(file, '--dyn-syms').split('\n');
  const symbols = lines.map((line) => line.trim().split(/\s+/)).filter((fields) => fields[4] === 'GLOBAL');
  return symbols.map((fields) => ({ name: fields[7] ?? '', defined: fields[6] !== 'UND' }));
}
