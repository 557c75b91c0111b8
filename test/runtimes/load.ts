/**
 * The addon loads on a runtime whose system calls reach a kernel that is not its own, as in user-mode emulation.
 *
 * No container is started: its mounts would be the real machine's. Copied beside an installed package, as session.ts.
 */

import { deepEqual, equal, ok } from 'node:assert/strict';
import { closeSync, readFileSync } from 'node:fs';
import { Container } from 'carrel';

interface Native {
  launcherMemfd(): number;
  pipe(): [number, number];
}

const path = new URL('node_modules/carrel/dist/launch/native.js', import.meta.url);
const { native } = (await import(path.href)) as { native(): Native };
const MACHINES: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

const image = native().launcherMemfd();
const launcher = readFileSync(`/proc/self/fd/${image}`);
equal(launcher.toString('latin1', 0, 4), '\x7fELF');
equal(launcher.readUInt16LE(18), MACHINES[process.arch]);
const pipe = native().pipe();
deepEqual(pipe.map(Number.isInteger), [true, true]);
for (const descriptor of [image, ...pipe]) closeSync(descriptor);
console.log(`ok the addon and its launcher are ${process.arch}`);

ok(new Container().explain('true').includes('exec true'));
console.log('ok explain()');
console.log('all parts held');
