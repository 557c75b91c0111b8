/** What it costs a program in a container to open a file, without a policy of Landlock and with one, in turns. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { probeLandlock } from '#lib/host/landlock.js';
import { bind, Container, file } from '#lib/index.js';
import { POLICY } from './cases.js';
import type { Opened } from './results.js';
import { summarize } from './statistics.js';

const SOURCE = fileURLToPath(new URL('../../../test/bench/opens.c', import.meta.url));
/** Lines that opens.c prints a start; each is of many calls. */
const LINES = 5;
/** Landlock looks at each directory above a file. */
const PATHS = ['/file', '/a/b/c/d/e/f/g/file'] as const;

/** Compiles opens.c into `directory`, and starts it so many times in each container. */
export async function measureOpens(directory: string, rounds: number, skipped: string[]): Promise<readonly Opened[]> {
  const program = join(directory, 'opens');
  const { error, status, stderr } = spawnSync('gcc', ['-O2', '-static', '-o', program, SOURCE], { encoding: 'utf8' });
  if (error !== undefined) {
    skipped.push('files: no gcc');
    return [];
  }
  if (status !== 0) throw new Error(`gcc could not compile ${SOURCE}:\n${stderr}`);
  const box = new Container().mount(bind(program, '/opens'), ...PATHS.map((path) => file(path, 'x')));
  const contenders = [{ name: 'none', box, times: PATHS.map((): number[] => []) }];
  if (probeLandlock().version > 0)
    contenders.push({ name: 'landlock', box: box.landlock(POLICY), times: PATHS.map((): number[] => []) });
  else skipped.push('files: no Landlock');
  for (let round = 0; round < rounds; round += 1)
    for (const { box: container, times } of contenders) {
      const { stdout } = await container.run('/opens', [String(LINES), ...PATHS], { check: true });
      for (const line of stdout.trimEnd().split('\n'))
        for (const [index, text] of line.split(' ').entries()) times[index]?.push(Number(text));
    }
  return contenders.map(({ name, times: [shallow = [], deep = []] }) => ({
    name,
    shallowNs: summarize(shallow),
    deepNs: summarize(deep),
  }));
}
