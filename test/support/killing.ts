/**
 * Kills, by SIGKILL at random system calls of supervisor and child: `killing.js DIRECTORY WHOM SEED COUNT`, under
 * meddler.c.
 *
 * Whatever is not as it should be is an error. For WHOM "node" it is the whole of this that is killed.
 */

import assert from 'node:assert/strict';
import { CarrelError, Container } from '#lib/index.js';
import { makeSpares } from '#lib/launch/launcher.js';
import { hit, holdings, inTime, order, type Role } from './meddler.js';
import { generator } from './random.js';
import { until } from './waiting.js';

const [directory = '', whom = '', seed = '0', count = '1'] = process.argv.slice(2);
/** More than either makes, so that some are killed when the command runs or is over. */
const CALLS: Readonly<Record<Role, number>> = { supervisor: 110, child: 600 };
// The calls that are counted are those of one container, from its fork on.
makeSpares(false);
const box = new Container();
const random = generator(Number(seed));

assert.equal((await box.run('true')).exitCode, 0);
const descriptors = (): number => (JSON.parse(holdings()) as { descriptors: number }).descriptors;
const before = descriptors();
const seen: Record<string, number> = {};
let hits = 0;
for (let round = 0; round < Number(count); round += 1) {
  const role = random.pick<Role>(['supervisor', 'child']);
  const what = `kill ${whom} ${role} ${1 + random.below(CALLS[role])}`;
  order(directory, what);
  const end = await inTime(
    () => what,
    box.run('true').then(
      ({ exitCode, signal, reason }) => `${signal ?? exitCode} ${reason}`,
      (error: unknown) => {
        assert.ok(error instanceof CarrelError, `${what}: ${error}`);
        return error.code;
      },
    ),
  );
  if (hit(directory) !== undefined) hits += 1;
  seen[end] = (seen[end] ?? 0) + 1;
  assert.match(end, /^(0 exited|SIGKILL signaled|ERR_SUPERVISOR_LOST|ECONNRESET|ESRCH)$/, what);
  order(directory, 'none');
  const next = await inTime(() => `the next one after ${what}`, alive());
  assert.equal(next, 0);
}
// Node closes what a killed launcher held when it is told of its death.
await inTime(() => `${descriptors()} descriptors instead of ${before}`, restored());
console.log(JSON.stringify({ hits, seen }));

async function restored(): Promise<void> {
  await until(() => descriptors() === before);
}

/** A launcher that is dying may still take a request with it, which then ends with an error that says so. */
async function alive(): Promise<number | null> {
  for (;;) {
    try {
      return (await box.run('true')).exitCode;
    } catch (error) {
      if (whom !== 'launcher' || (error as CarrelError).code !== 'ERR_SUPERVISOR_LOST') throw error;
    }
  }
}
