/** What the neighbour serves: a certificate of its own authority, a git repository, a package each for npm and pip. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Made {
  readonly key: string;
  readonly cert: string;
  /** What npm is told of the package `word`. */
  readonly packument: string;
  /** What pip is told of it. PEP 503 */
  readonly index: string;
  readonly gitDaemon: string;
}

const NAMES = ['*.example.org', '*.example.com', 'example.com', 'host.docker.internal'];
const WHEEL = 'word-1.0.0-py3-none-any.whl';
const TARBALL = 'word-1.0.0.tgz';

/** Makes all of it below a directory. Certificates are valid for a day. */
export function makeFixtures(directory: string): Made {
  const { key, cert } = certificates(directory);
  const tarball = makeTarball(directory);
  const dist = { tarball: `https://registry.example.com/${TARBALL}` };
  const version = { name: 'word', version: '1.0.0', dist };
  return {
    key,
    cert,
    packument: JSON.stringify({ name: 'word', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } }),
    index: existsSync('/usr/bin/python3') ? `<a href="/${makeWheel(directory)}">${WHEEL}</a>` : tarball,
    gitDaemon: join(makeRepository(directory), 'git-daemon'),
  };
}

function certificates(directory: string): { readonly key: string; readonly cert: string } {
  const [key, ca] = [join(directory, 'key.pem'), join(directory, 'ca.pem')];
  const subject = `subjectAltName=${NAMES.map((name) => `DNS:${name}`).join(',')}`;
  const kind = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '1',
    '-subj',
    '/CN=neighbour',
  ];
  run('openssl', ['req', '-x509', ...kind, '-addext', subject, '-keyout', key, '-out', ca]);
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(ca, 'utf8') };
}

/** Served as files, which is HTTP's simple protocol, and by git's own. Gives where git's programs are. */
function makeRepository(directory: string): string {
  const [work, bare] = [join(directory, 'work'), join(directory, 'git/word')];
  mkdirSync(work);
  writeFileSync(join(work, 'word.txt'), 'a word\n');
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.org'];
  for (const args of [
    ['init', '--quiet', work],
    ['-C', work, 'add', '.'],
    ['-C', work, ...who, 'commit', '--quiet', '--message', 'a word'],
    ['clone', '--quiet', '--bare', work, bare],
    ['-C', bare, 'update-server-info'],
  ])
    run('git', args);
  return execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim();
}

function makeTarball(directory: string): string {
  mkdirSync(join(directory, 'package'));
  writeFileSync(join(directory, 'package/package.json'), JSON.stringify({ name: 'word', version: '1.0.0' }));
  writeFileSync(join(directory, 'package/index.js'), "module.exports = 'a word';\n");
  run('tar', ['--create', '--gzip', '--file', join(directory, TARBALL), '--directory', directory, 'package']);
  return TARBALL;
}

function makeWheel(directory: string): string {
  const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    info = 'word-1.0.0.dist-info/'
    wheel.writestr('word.py', 'said = "a word"')
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: word\\nVersion: 1.0.0\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    names = ['word.py'] + [info + name for name in ('METADATA', 'WHEEL', 'RECORD')]
    wheel.writestr(info + 'RECORD', ''.join(name + ',,\\n' for name in names))`;
  run('/usr/bin/python3', ['-c', script, join(directory, WHEEL)]);
  return WHEEL;
}

/** Without settings of the machine's or the user's. */
function run(program: string, args: readonly string[]): void {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
  execFileSync(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
}
