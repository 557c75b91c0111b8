/**
 * Builds the addon, which carries the launcher, for one architecture: by prebuildify over node-gyp, from
 * src-native/binding.gyp. Where nothing has changed, nothing is built: a stamp beside the launcher is the digest of all
 * that went in and of what came out.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/** What the tools for a foreign architecture begin with. */
const TRIPLES = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' } as const;

export type Architecture = keyof typeof TRIPLES;
export const ARCHITECTURES = Object.keys(TRIPLES) as readonly Architecture[];

export interface AddonOptions {
  readonly arch: Architecture;
  /** The directory that has `src-native`, and gets `prebuilds` and `build/native`. */
  readonly root: string;
  /** Warnings are errors. Builds also where nothing has changed, to the same bytes. */
  readonly werror?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

export interface Addon {
  /** What is published. */
  readonly addon: string;
  /** What the addon carries, for tests that look at it or run it alone. */
  readonly launcher: string;
}

const require = createRequire(import.meta.url);

export function buildAddon(options: AddonOptions): Addon {
  const { arch, root, werror = false } = options;
  const built = filesOf(arch, root);
  if (!werror && isBuilt(options)) return built;
  const inputs = digestOfInputs(options);
  rmSync(stampOf(built), { force: true });
  runPrebuildify(options);
  mkdirSync(dirname(built.launcher), { recursive: true });
  copyFileSync(join(root, 'src-native/build/Release/launcher'), built.launcher);
  writeFileSync(stampOf(built), `${inputs} ${digestOfOutputs(built)}`);
  return built;
}

/** Whether what there is was made of these sources by these tools, and has not changed since. */
export function isBuilt(options: AddonOptions): boolean {
  const built = filesOf(options.arch, options.root);
  const files = [...Object.values(built), stampOf(built)];
  if (!files.every((file) => existsSync(file))) return false;
  return readFileSync(stampOf(built), 'utf8') === `${digestOfInputs(options)} ${digestOfOutputs(built)}`;
}

/** What cannot be built now is not left from some other time. */
export function removeAddon(arch: Architecture, root: string): void {
  for (const file of Object.values(filesOf(arch, root))) rmSync(dirname(file), { recursive: true, force: true });
}

export function compilerOf(arch: Architecture, env: NodeJS.ProcessEnv = process.env): string {
  return arch === process.arch ? (env.CC ?? 'gcc') : `${TRIPLES[arch]}-gcc`;
}

function filesOf(arch: Architecture, root: string): Addon {
  return {
    addon: join(root, `prebuilds/linux-${arch}/carrel.node`),
    launcher: join(root, `build/native/${arch}/launcher`),
  };
}

function runPrebuildify({ arch, root, werror, env = process.env }: AddonOptions): void {
  const options = {
    name: 'carrel',
    arch,
    // The version of headers that are fetched. Any will do: Node-API is the same in all.
    target: `node@${process.versions.node}`,
    cwd: join(root, 'src-native'),
    out: root,
    // By default it is in /tmp, and another user's who was there first.
    cache: join(root, 'build/native'),
    'node-gyp': require.resolve('node-gyp/bin/node-gyp.js'),
    'strip-bin': arch === process.arch ? 'strip' : `${TRIPLES[arch]}-strip`,
  };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const { error, status, signal } = spawnSync(
    process.execPath,
    [require.resolve('prebuildify/bin.js'), '--napi', '--strip', ...args],
    {
      // make says on standard output what it does. Compilers and node-gyp complain on standard error.
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...env,
        CC: wholePath(compilerOf(arch, env), env),
        // All flags are in flags.gypi: others would make other bytes.
        ...{ LINK: undefined, CFLAGS: undefined, CPPFLAGS: undefined, LDFLAGS: undefined },
        GYP_DEFINES: `werror=${werror ? 1 : 0}`,
        JOBS: `${availableParallelism()}`,
        npm_config_loglevel: env.npm_config_loglevel ?? 'error',
        npm_config_nodedir: env.npm_config_nodedir ?? prefixOfHeaders(),
      },
    },
  );
  if (error) throw error;
  if (status !== 0) throw new Error(`prebuildify for ${arch}: ${signal ?? `exit code ${status}`}`);
}

/** prebuildify looks for programs beside Node first, and PATH may have another of the same name before that. */
function wholePath(command: string, { PATH = '' }: NodeJS.ProcessEnv): string {
  const [name = '', ...args] = command.split(' ');
  const found = PATH.split(':')
    .map((directory) => join(directory, name))
    .find((file) => existsSync(file));
  return [found ?? name, ...args].join(' ');
}

/** Where the headers are that came with this Node, or a distribution's. Without either node-gyp fetches them. */
function prefixOfHeaders(): string | undefined {
  return [join(process.execPath, '../..'), '/usr'].find((prefix) =>
    ['node_api.h', 'common.gypi'].every((file) => existsSync(join(prefix, 'include/node', file))),
  );
}

/** All of the sources and flags, and the versions of the tools. */
function digestOfInputs({ arch, root, env = process.env }: AddonOptions): string {
  const hash = createHash('sha256');
  const compiler = compilerOf(arch, env);
  for (const asked of ['--version', '-nostdlib -Wl,--version']) {
    const options = { shell: true, encoding: 'utf8', env: { ...env, LC_ALL: 'C' } } as const;
    const { status, stdout, stderr } = spawnSync(`${compiler} ${asked}`, options);
    if (status !== 0) throw new Error(`${compiler}: ${stderr}`);
    hash.update(`${compiler}\n${stdout}`);
  }
  for (const tool of ['prebuildify', 'node-gyp']) hash.update(readFileSync(require.resolve(`${tool}/package.json`)));
  const sources = join(root, 'src-native');
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((path) => !path.startsWith('build/') && /\.(c|h|S|gypi?)$/.test(path)).sort()) {
    hash.update(`${file}\n`).update(readFileSync(join(sources, file)));
  }
  return hash.digest('hex');
}

function digestOfOutputs({ addon, launcher }: Addon): string {
  return createHash('sha256').update(readFileSync(addon)).update(readFileSync(launcher)).digest('hex');
}

function stampOf({ launcher }: Addon): string {
  return join(dirname(launcher), 'stamp');
}
