/** A container has a new namespace of each kind that is asked for, and the host's of all others. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Container, type Namespace } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { LINKS } from '../support/namespaces.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const time = requires('time-namespaces');
/** All that the kernel has. */
const ALL = (Object.keys(LINKS) as Namespace[]).filter((name) => name !== 'time' || !time.skip);

async function inside(namespaces: readonly Namespace[], name: Namespace): Promise<string> {
  const { stdout } = await new Container({ namespaces }).run('readlink', [`/proc/self/ns/${LINKS[name]}`], {
    check: true,
  });
  return stdout.trim();
}

suite('a namespace that is asked for is new, one that is left out is the host’s', () => {
  for (const name of Object.keys(LINKS) as Namespace[]) {
    // Nobody else may make the other namespaces without a user namespace.
    const needs = name === 'user' ? requires('root') : name === 'time' ? time : {};
    test(name, needs, async () => {
      const host = readlinkSync(`/proc/self/ns/${LINKS[name]}`);
      assert.equal(
        await inside(
          ALL.filter((other) => other !== name),
          name,
        ),
        host,
      );
      assert.notEqual(await inside(ALL, name), host);
    });
  }
});

test('every default namespace differs between two containers', async () => {
  const links = Object.values(LINKS).filter((link) => link !== 'time');
  const paths = links.map((link) => `/proc/self/ns/${link}`);
  const [one, two] = [new Container().spawn('cat'), new Container().spawn('cat')];
  await Promise.all([one, two].map((child) => once(child, 'spawn')));
  for (const link of links) {
    assert.notEqual(readlinkSync(`/proc/${one.pid}/ns/${link}`), readlinkSync(`/proc/${two.pid}/ns/${link}`), link);
  }
  for (const child of [one, two]) child.stdin?.end();
  await Promise.all([one.result, two.result]);
  const { stdout } = await new Container().run('readlink', paths, { check: true });
  const host = paths.map((path) => readlinkSync(path));
  for (const target of stdout.trim().split('\n')) assert.ok(!host.includes(target), target);
});

test('the network has nothing but a loopback interface that is up', async () => {
  const { stdout } = await new Container().run('cat', ['/proc/net/dev', '/proc/net/fib_trie'], { check: true });
  const names = [...stdout.matchAll(/^\s*(\S+):/gm)]
    .map((match) => match[1])
    .filter((name) => name !== 'Main' && name !== 'Local');
  assert.deepEqual(names, ['lo']);
  assert.match(stdout, /127\.0\.0\.1/);
});
