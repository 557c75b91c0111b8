/** A directory that a process serves, which never answers who wants to read a file there. */

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bind, Container, type ContainerProcess, type RunningContainer } from '#lib/index.js';
import { descendants } from './processes.js';
import { onceForLeg } from './temporary.js';
import { until } from './waiting.js';

/** Mounts, starts the command behind it, and serves it. fuse(4), include/uapi/linux/fuse.h */
const SERVER = `
import ctypes, os, struct, subprocess, sys, threading
at, command = sys.argv[1], sys.argv[2:]
device = os.open('/dev/fuse', os.O_RDWR)
options = f'fd={device},rootmode=40000,user_id=0,group_id=0,allow_other'
if ctypes.CDLL(None, use_errno=True).mount(b'f', at.encode(), b'fuse', 0, options.encode()):
    sys.exit(os.strerror(ctypes.get_errno()))
LOOKUP, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT, INTERRUPT = 1, 3, 14, 15, 18, 25, 26, 36
def attributes(node):
    mode = 0o40755 if node == 1 else 0o100644
    return struct.pack('<QQQQQQIIIIIIIIII', node, 4096, 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
def answer(operation, node):
    if operation == INIT:
        return struct.pack('<IIIIHHIIHHI7I', 7, 31, 65536, 0, 12, 10, 65536, 1, 0, 0, 0, *[0] * 7)
    if operation == LOOKUP:
        return struct.pack('<QQQQII', 2, 0, 1, 1, 0, 0) + attributes(2)
    if operation == GETATTR:
        return struct.pack('<QII', 1, 0, 0) + attributes(node)
    if operation == OPEN:
        return struct.pack('<QII', 1, 0, 0)
    if operation in (RELEASE, FLUSH):
        return b''
def serve():
    while True:
        request = os.read(device, 1 << 20)
        _, operation, unique, node = struct.unpack('<IIQQ', request[:24])
        reply = answer(operation, node)
        if reply is not None:
            os.write(device, struct.pack('<IiQ', 16 + len(reply), 0, unique) + reply)
        elif operation not in (READ, INTERRUPT):
            os.write(device, struct.pack('<IiQ', 16, -38, unique))
threading.Thread(target=serve, daemon=True).start()
status = subprocess.run(command).returncode
os._exit(status)
`;

const LONG_S = '30';

/** What stands before a command that has it on `directory`, in a mount namespace of its own; needs root. */
export function underFuse(directory: string): readonly string[] {
  const isolated = ['unshare', '--mount', '--propagation', 'private'];
  return ['timeout', '--signal=KILL', LONG_S, ...isolated, 'python3', '-c', SERVER, directory];
}

/**
 * In a container. Reading `file` is never answered, nor the end of `large`, what `slow` holds, what is written to
 * `new`, or a look at any other name. `dots` says `.` without an end. For `full` there is no room, which it tells when
 * that is closed. A line has it answer all that waits, by an error.
 */
const STALLING = `
import ctypes, os, struct, sys, threading
at = sys.argv[1]
os.mkdir(at)
device = os.open('/dev/fuse', os.O_RDWR)
options = f'fd={device},rootmode=40777,user_id=0,group_id=0,allow_other'
if ctypes.CDLL(None, use_errno=True).mount(b'f', at.encode(), b'fuse', 0, options.encode()):
    sys.exit(os.strerror(ctypes.get_errno()))
LOOKUP, FORGET, GETATTR, SETATTR, UNLINK, OPEN, READ, WRITE, RELEASE, FLUSH = 1, 2, 3, 4, 10, 14, 15, 16, 18, 25
INIT, OPENDIR, READDIR, RELEASEDIR, CREATE, INTERRUPT = 26, 27, 28, 29, 35, 36
SIZES = {1: 4096, 2: 4096, 3: 1 << 20}
NAMES = {b'file': 2, b'large': 3, b'dots': 4, b'slow': 5}
MADE = {b'new': 6, b'full': 7}
DIRECTORIES = (1, 4, 5)
READ_MOST = 1 << 17
PARALLEL_DIROPS = 1 << 18
waiting = []
def attributes(node):
    mode = 0o40777 if node in DIRECTORIES else 0o100666
    return struct.pack('<QQQQQQIIIIIIIIII', node, SIZES.get(node, 0), 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
def answer(operation, node, body):
    if operation == INIT:
        return struct.pack('<IIIIHHIIHHI7I', 7, 31, 65536, PARALLEL_DIROPS, 12, 10, 65536, 1, 0, 0, 0, *[0] * 7)
    opened = struct.pack('<QII', 1, 1, 0)
    if operation == LOOKUP and body[:-1] in NAMES:
        node = NAMES[body[:-1]]
        return struct.pack('<QQQQII', node, 0, 0, 0, 0, 0) + attributes(node)
    if operation == LOOKUP and body[:-1] in MADE:
        return -2
    if operation == CREATE:
        node = MADE[body[16:-1]]
        return struct.pack('<QQQQII', node, 0, 0, 0, 0, 0) + attributes(node) + opened
    if operation in (GETATTR, SETATTR):
        return struct.pack('<QII', 0, 0, 0) + attributes(node)
    if operation in (OPEN, OPENDIR):
        return opened
    if operation == WRITE and node == 7:
        return body[16:20] + bytes(4)
    if operation == FLUSH and node == 7:
        return -28
    if operation == READDIR and node == 4:
        return struct.pack('<QQII8s', 4, 1, 1, 4, b'.') * 16
    if operation == READDIR and node == 1:
        names = [(2, b'file'), (3, b'large')] if body[8] == 0 else []
        return b''.join(struct.pack('<QQII8s', inode, 9, len(name), 8, name) for inode, name in names)
    if operation == READ and node == 3:
        _, offset, size = struct.unpack('<QQI', body[:20])
        if offset < READ_MOST:
            return bytes(size)
    if operation in (RELEASE, RELEASEDIR, UNLINK, FLUSH):
        return b''
def reply(unique, data=b'', error=0):
    try:
        os.write(device, struct.pack('<IiQ', 16 + len(data), error, unique) + data)
    except OSError:
        pass  # who has asked was killed
def serve():
    while True:
        request = os.read(device, 1 << 20)
        _, operation, unique, node = struct.unpack('<IIQQ', request[:24])
        data = answer(operation, node, request[40:])
        if isinstance(data, int):
            reply(unique, error=data)
        elif data is not None:
            reply(unique, data)
        elif operation in (LOOKUP, READ, WRITE, READDIR):
            waiting.append(unique)
            print('waiting', flush=True)
        elif operation not in (FORGET, INTERRUPT):
            reply(unique, error=-38)
threading.Thread(target=serve, daemon=True).start()
print('ready', flush=True)
for _ in sys.stdin:
    while waiting:
        reply(waiting.pop(), error=-5)
    print('answered', flush=True)
os._exit(0)
`;

/** A container that may mount it, in no user namespace: FUSE serves nobody outside of the one that it is mounted in. */
export function fuseBox(): Container {
  return new Container()
    .namespaces(['mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'])
    .capabilities({ add: ['CAP_SYS_ADMIN'] })
    .mount(fuseDevice());
}

/** The device, which everybody may open, at its place; needs root. */
export function fuseDevice(): ReturnType<typeof bind> {
  const made = onceForLeg('fuse', (directory) => {
    execFileSync('mknod', ['--mode=666', join(directory, 'fuse'), 'c', '10', '229']);
  });
  return bind(join(made, 'fuse'), '/dev/fuse', { idmapped: false, nodev: false });
}

export interface Stalling {
  readonly child: ContainerProcess;
  /** Resolves once so many wait that were not answered, or more. */
  waiting(count: number): Promise<void>;
  /** Answers all that waits. */
  answer(): Promise<void>;
}

/** Starts it, on a directory that it makes in the container. */
export async function stallAt(directory: string, box: RunningContainer): Promise<Stalling> {
  const child = box.spawn('/usr/bin/python3', ['-c', STALLING, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
  const counts = { ready: 0, waiting: 0, answered: 0 };
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  lines.on('line', (line) => {
    counts[line as keyof typeof counts] += 1;
  });
  await until(() => counts.ready === 1);
  return {
    child,
    waiting: async (count) => void (await until(() => counts.waiting >= count)),
    async answer() {
      const { answered } = counts;
      child.stdin?.write('\n');
      await until(() => counts.answered === answered + 1);
      counts.waiting = 0;
    },
  };
}

/** How many servers were ended, and cannot be: each waits. */
export function serversLeft(): number {
  return descendants(process.pid).filter(({ comm, state }) => comm === 'carrel' && state === 'D').length;
}

/** Keeps what serves it from ending with the container: somebody outside has it too. */
export async function holdFrom(pid: number): Promise<() => void> {
  const source = `
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
pidfd = libc.syscall(434, ${pid}, 0)
for name in os.listdir('/proc/${pid}/fd'):
    if os.readlink('/proc/${pid}/fd/' + name) == '/dev/fuse':
        print(libc.syscall(438, pidfd, int(name), 0), flush=True)
sys.stdin.read()`;
  const child = spawn('/usr/bin/python3', ['-c', source], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [said] = await once(child.stdout, 'data');
  assert.ok(Number(said) > 2, String(said));
  return () => child.stdin.end();
}
