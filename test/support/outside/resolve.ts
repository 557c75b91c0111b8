/** What names are answered with inside a container. */

import type { Container, RunningContainer } from 'carrel';

/** By c-ares, which asks what /etc/resolv.conf names and knows nothing of /etc/hosts. */
const SCRIPT = `
  const { Resolver } = require('node:dns').promises;
  const resolver = new Resolver({ tries: 2 });
  (async () => {
    for (const [name, type] of JSON.parse(process.argv[1]))
      console.log(JSON.stringify(await resolver.resolve(name, type).catch(({ code }) => code)));
  })();`;

/** In order: the addresses, or the code of the error: ENOTFOUND is NXDOMAIN, ENODATA an answer without any. */
export async function resolve(
  box: Container | RunningContainer,
  questions: readonly (readonly [name: string, type: string])[],
): Promise<readonly (string | readonly string[])[]> {
  const { stdout } = await box.run('node', ['-e', SCRIPT, JSON.stringify(questions)], { check: true });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as string | readonly string[]);
}
