/** Wherever Node is, a container without a root filesystem shows it, and nothing that happens to be beside it. */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost();

/** What a caller sees of its container by `ls -A` of directories, and by running Node by path and by name. */
interface Told {
  readonly listed: string;
  readonly version: readonly string[];
}

const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];

/** Puts Node at `node` of the caller's mounts, with `prepare` before that, and runs the caller by it. */
function prefixOf(node: string, prepare = ''): readonly string[] {
  const script = `${prepare}
    mkdir -p "$(dirname '${node}')"; : > '${node}'; mount --bind "$0" '${node}'; exec '${node}' "$@"`;
  return ['unshare', ...user, '--mount', '--propagation', 'private', 'sh', '-ec', script];
}

/** What there is of `directories` inside, and whether Node runs there as root, and as `user`. */
async function ask(prefix: readonly string[], directories: readonly string[], container = 'box'): Promise<Told> {
  const source = `const box = new Container();
    const list = 'for d; do ls -A "$d"; done 2>&1';
    const { stdout: listed } = await box.run('sh', ['-c', list, 'sh', ...${JSON.stringify(directories)}]);
    const version = [];
    for (const file of [process.execPath, 'node'])
      version.push((await ${container}.run(file, ['-p', 'process.execPath'], { check: true })).stdout.trim());
    console.log(JSON.stringify({ listed, version }));`;
  return askCaller<Told>(source, { prefix });
}

suite('Node itself', requires('user-namespaces'), () => {
  let home = '';
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'home-'));
    chmodSync(home, 0o755);
    mkdirSync(join(home, '.ssh'));
    writeFileSync(join(home, '.ssh/id_rsa'), 'secret');
  });
  afterEach(() => removeTree(home));

  test('in a home: nothing of the home is there but Node', async () => {
    const node = join(home, 'node');
    const told = await ask(prefixOf(node), [home, join(home, '.ssh')]);
    assert.equal(told.listed.replace(/^ls: .*\n/m, ''), 'node\n');
    assert.deepEqual(told.version, [node, node]);
  });

  test('in a project: nothing of the project is there but Node', async () => {
    const project = join(home, 'project');
    mkdirSync(join(project, 'tools'), { recursive: true });
    writeFileSync(join(project, '.env'), 'SECRET=1');
    writeFileSync(join(project, 'tools/deploy'), '');
    const node = join(project, 'tools/node');
    const told = await ask(prefixOf(node), [project, join(project, 'tools')]);
    assert.equal(told.listed, 'tools\nnode\n');
    assert.deepEqual(told.version, [node, node]);
  });

  test('in bin of a home without an installation: bin shows Node alone', async () => {
    mkdirSync(join(home, 'bin'));
    mkdirSync(join(home, 'lib'));
    writeFileSync(join(home, 'bin/deploy'), '');
    // A link of that name leads elsewhere: it is no installation.
    symlinkSync('../.ssh', join(home, 'lib/node_modules'));
    const told = await ask(prefixOf(join(home, 'bin/node')), [home, join(home, 'bin'), join(home, 'lib')]);
    assert.match(told.listed, /^bin\nnode\nls: .*lib.*\n$/);
  });

  test('at /: nothing of / is there but Node', async () => {
    const root = join(home, 'root');
    mkdirSync(root);
    const enter = `mount -t tmpfs none '${root}'; mkdir '${root}/.old' '${root}/secrets'
      for e in /*; do
        if [ -h "$e" ]; then cp -P "$e" '${root}/'
        elif [ -d "$e" ]; then mkdir "${root}$e"; mount --rbind "$e" "${root}$e"; fi
      done
      : > '${root}/node'; mount --bind "$0" '${root}/node'
      cd '${root}'; pivot_root . .old; cd "$OLDPWD"; exec /node "$@"`;
    const prefix = ['unshare', ...user, '--mount', '--propagation', 'private', 'sh', '-ec', enter];
    const told = await ask(prefix, ['/']);
    const listed = told.listed.trimEnd().split('\n');
    assert.ok(listed.includes('node') && listed.includes('usr'), told.listed);
    assert.deepEqual(
      listed.filter((name) => ['secrets', '.old', 'srv', 'boot', 'opt'].includes(name)),
      [],
    );
    assert.deepEqual(told.version, ['/node', '/node']);
  });

  test('below /tmp of a read-only container', async () => {
    const { version } = await ask(prefixOf('/tmp/tools/node', 'mount -t tmpfs none /tmp'), [], 'box.readonly()');
    assert.deepEqual(version, ['/tmp/tools/node', '/tmp/tools/node']);
  });

  test('its name leads to it, also where the host has another', async () => {
    const there = '/usr/local/bin/node';
    // /usr/local/bin comes first in the PATH of a container.
    const other = `mount -t tmpfs none /usr/local/bin
      printf '#!/bin/sh\\necho other\\n' > ${there}; chmod 755 ${there}`;
    const node = join(home, 'node');
    assert.deepEqual((await ask(prefixOf(node, other), [])).version, [node, node]);
    assert.deepEqual(
      (await ask(prefixOf('/usr/local/sbin/node', `mount -t tmpfs none /usr/local/sbin; ${other}`), [])).version,
      ['/usr/local/sbin/node', '/usr/local/sbin/node'],
    );
  });
});

suite('a Node installation', requires('user-namespaces'), () => {
  const prefix = '/root/.nvm/versions/node/v1';
  /** Where nvm has it, in a home that is closed to all but root. */
  const cli = `${prefix}/lib/node_modules/npm/bin/npm-cli.js`;
  const install = `mount -t tmpfs -o mode=700 none /root
    mkdir -p ${prefix}/bin ${prefix}/lib/node_modules/npm/bin ${prefix}/lib/other ${prefix}/share /root/.ssh
    echo secret > /root/.ssh/id_rsa; : > ${prefix}/bin/other
    printf '#!/usr/bin/env node\\nconsole.log("npm by", process.execPath)\\n' > ${cli}; chmod 755 ${cli}
    ln -s ../lib/node_modules/npm/bin/npm-cli.js ${prefix}/bin/npm; ln -s ../lib/other ${prefix}/bin/elsewhere`;

  test('shows node, the packages and their commands', async () => {
    const directories = ['/root', prefix, `${prefix}/bin`, `${prefix}/lib`, `${prefix}/lib/node_modules`];
    const told = await ask(prefixOf(`${prefix}/bin/node`, install), directories);
    assert.equal(told.listed, '.nvm\nbin\nlib\nnode\nnpm\nnode_modules\nnpm\n');
    assert.deepEqual(told.version, [`${prefix}/bin/node`, `${prefix}/bin/node`]);
  });

  test('runs for a user below root’s closed home, and npm runs too', requires('root'), async () => {
    const source = `const box = new Container().user(1000);
      const told = [];
      const commands = [[process.execPath, '-p', 'process.getuid()'], ['node', '-p', '1'], ['npm'], ['ls', '/root']];
      for (const [file, ...args] of commands)
        told.push(await box.run(file, args).then(({ stdout, exitCode }) => [stdout, exitCode]));
      console.log(JSON.stringify(told));`;
    const told = await askCaller<unknown>(source, { prefix: prefixOf(`${prefix}/bin/node`, install) });
    assert.deepEqual(told, [
      ['1000\n', 0],
      ['1\n', 0],
      [`npm by ${prefix}/bin/node\n`, 0],
      ['', 2],
    ]);
  });
});
