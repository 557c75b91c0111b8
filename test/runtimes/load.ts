/**
 * The addon loads on a runtime whose system calls reach a kernel that is not its own, as in user-mode emulation.
 *
 * No container is started: its mounts would be the real machine's. Copied beside an installed package, as session.ts.
 */

import { deepEqual, equal, ok } from 'node:assert/strict';
import { closeSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Container, isSupported } from 'carrel';

interface Addon {
  launcherMemfd(): number;
  pipe(): [number, number];
}

equal(isSupported(), true);
const find = createRequire(import.meta.url)('node-gyp-build') as (directory: string) => Addon;
const addon = find(fileURLToPath(new URL('node_modules/carrel', import.meta.url)));
const MACHINES: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

const image = addon.launcherMemfd();
const launcher = readFileSync(`/proc/self/fd/${image}`);
equal(launcher.toString('latin1', 0, 4), '\x7fELF');
equal(launcher.readUInt16LE(18), MACHINES[process.arch]);
const pipe = addon.pipe();
deepEqual(pipe.map(Number.isInteger), [true, true]);
for (const descriptor of [image, ...pipe]) closeSync(descriptor);
console.log(`ok the addon and its launcher are ${process.arch}`);

ok(new Container().explain('true').includes('exec true'));
console.log('ok explain()');
console.log('all parts held');
