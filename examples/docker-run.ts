/**
 * A small `docker run`, as `node examples/docker-run.js [OPTION …] ROOTFS [COMMAND [ARGUMENT …]]`.
 *
 * ROOTFS is a directory with a root file system; what the container writes is gone when it ends.
 *   -i -t                  keep stdin open; a terminal
 *   -e NAME=VALUE          a variable
 *   -v SOURCE:TARGET[:ro]  a volume
 *   -w DIRECTORY, -u USER, --hostname NAME, --read-only, --init
 *   --network none|host    none by default
 *   --cap-add CAP, --cap-drop CAP, --ulimit NAME=SOFT[:HARD]
 */

import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { type BindMount, bind, CarrelError, Container, type DefinitionInput, overlay } from 'carrel';

const list = { type: 'string', multiple: true, default: [] as string[] } as const;
const options = {
  interactive: { type: 'boolean', short: 'i', default: false },
  tty: { type: 'boolean', short: 't', default: false },
  env: { ...list, short: 'e' },
  volume: { ...list, short: 'v' },
  workdir: { type: 'string', short: 'w' },
  user: { type: 'string', short: 'u' },
  hostname: { type: 'string' },
  'read-only': { type: 'boolean', default: false },
  init: { type: 'boolean', default: false },
  network: { type: 'string', default: 'none' },
  'cap-add': list,
  'cap-drop': list,
  ulimit: list,
} as const;

try {
  const all = process.argv.slice(2);
  // Options behind ROOTFS are the command's.
  const { tokens } = parseArgs({ args: all, options, strict: false, tokens: true, allowPositionals: true });
  const at = tokens.find(({ kind }) => kind === 'positional')?.index ?? all.length;
  const { values } = parseArgs({ args: all.slice(0, at), options });
  const [rootfs, file = 'sh', ...args] = all.slice(at);
  if (rootfs === undefined) throw new TypeError('which root file system?');

  // A definition is plain data: what is misspelt in it, or does not exist, is said by name.
  const box = new Container({
    rootfs: overlay({ lower: [rootfs] }),
    mounts: values.volume.map(volume),
    readonly: values['read-only'],
    env: Object.fromEntries(values.env.map((text) => text.split(/=(.*)/s).slice(0, 2))),
    cwd: values.workdir,
    user: values.user,
    hostname: values.hostname,
    network: values.network,
    capabilities: { add: values['cap-add'].map(capability), drop: values['cap-drop'].map(capability) },
    rlimits: Object.fromEntries(values.ulimit.map(limit)),
    // A command that is PID 1 itself, as Docker has it without --init.
    init: values.init,
  } as DefinitionInput);
  const child = values.tty
    ? box.spawn(file, args, { terminal: { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 } })
    : box.spawn(file, args, { stdio: [values.interactive ? 'inherit' : 'ignore', 'inherit', 'inherit'] });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const { exitCode, signal } = await (values.tty ? child.attach() : child.result);
  process.exitCode = exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]);
} catch (error) {
  // An argument, here or to Container, or a container that could not be made.
  if (!(error instanceof CarrelError || error instanceof TypeError || error instanceof RangeError)) throw error;
  console.error(`docker-run: ${error.message}`);
  process.exitCode = 125;
}

function capability(name: string): string {
  return name.startsWith('CAP_') ? name : `CAP_${name.toUpperCase()}`;
}

function volume(text: string): BindMount {
  const [source = '', target = '', mode] = text.split(':');
  return bind(source, target, { readonly: mode === 'ro' });
}

function limit(text: string): readonly [string, { readonly soft: number; readonly hard: number }] {
  const [name = '', soft = '', hard = soft] = text.split(/[=:]/);
  return [name, { soft: Number(soft), hard: Number(hard) }];
}
