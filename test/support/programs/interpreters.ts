/** Interpreters and shells, with what they install packages by. */

import { file, type Works } from './work.js';

const NODE = `
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes, scryptSync } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { cpSync, mkdirSync, watch, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import { setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';

const server = createServer((request, response) => response.end('hello ' + request.url)).listen(0, '127.0.0.1');
await once(server, 'listening');
console.log(await (await fetch('http://127.0.0.1:' + server.address().port + '/you')).text());
server.closeAllConnections();
server.close();

const udp = createSocket('udp6').bind(0, '::1');
await once(udp, 'listening');
udp.send('datagram', udp.address().port, '::1');
console.log(String((await once(udp, 'message'))[0]));
udp.close();

const code = "const { parentPort, workerData } = require('node:worker_threads');" +
  "Atomics.store(new Int32Array(workerData), 0, 7); parentPort.postMessage('thread')";
const shared = new SharedArrayBuffer(4);
const worker = new Worker(code, { eval: true, workerData: shared });
console.log((await once(worker, 'message'))[0], ...new Int32Array(shared));

mkdirSync('watched');
const watcher = watch('watched');
writeFileSync('watched/file', gzipSync(scryptSync(randomBytes(9), 'salt', 8)));
console.log((await once(watcher, 'change'))[1]);
watcher.close();
cpSync('watched', 'copied', { recursive: true });
const handle = await open('copied/file', 'r+');
await handle.datasync();
await handle.utimes(1, 1);
await handle.close();

setPriority(5);
console.log(execFileSync('nice', { encoding: 'utf8' }).trim());
const child = spawn(process.execPath, ['-e', 'process.send(process.argv.length); process.disconnect()'], {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true });
console.log((await once(child, 'message'))[0]);
const killed = spawn('sleep', ['100']);
killed.kill('SIGTERM');
console.log((await once(killed, 'exit'))[1]);
assert.ok(process.report.getReport().header.nodejsVersion === process.version);
`;

const PYTHON = `
import asyncio, concurrent.futures, ctypes, fcntl, mmap, multiprocessing, os, select, signal, socket, sqlite3
import ssl, subprocess, sys, tempfile, threading, time
from multiprocessing import shared_memory

def double(x): return 2 * x

async def served():
    async def answer(reader, writer):
        writer.write(b'hello ' + await reader.readline())
        writer.close()
    server = await asyncio.start_server(answer, '127.0.0.1', 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b'you\\n')
    print((await reader.read()).decode().strip())
    process = await asyncio.create_subprocess_exec('echo', 'child', stdout=asyncio.subprocess.PIPE)
    print((await process.communicate())[0].decode().strip())

if __name__ == '__main__':
    for method in multiprocessing.get_all_start_methods():
        with multiprocessing.get_context(method).Pool(2) as pool: print(method, pool.map(double, range(4)))
    with concurrent.futures.ThreadPoolExecutor() as executor: print(list(executor.map(double, range(3))))
    block = shared_memory.SharedMemory(create=True, size=64); block.buf[0] = 9
    same = shared_memory.SharedMemory(block.name); print(same.buf[0]); same.close(); block.close(); block.unlink()
    asyncio.run(served())
    database = sqlite3.connect('a.db'); database.execute('pragma journal_mode=wal')
    database.execute('create table a (b)'); database.execute('insert into a values (3)'); database.commit()
    print(database.execute('select sum(b) from a').fetchone()[0])
    left, right = socket.socketpair()
    socket.send_fds(left, [b'x'], [os.open('a.db', os.O_RDONLY)])
    message, descriptors, _, _ = socket.recv_fds(right, 1, 1); print(message, os.read(descriptors[0], 6))
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]); signal.setitimer(signal.ITIMER_REAL, 0.01)
    print(signal.sigwait([signal.SIGALRM]).name)
    child = subprocess.Popen(['true']); pidfd = os.pidfd_open(child.pid)
    print(select.select([pidfd], [], [])[0] == [pidfd])
    fd = os.memfd_create('x', os.MFD_ALLOW_SEALING); fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW)
    print(fcntl.fcntl(fd, fcntl.F_GET_SEALS)); mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)
    os.posix_fallocate(os.open('big', os.O_CREAT | os.O_RDWR), 0, 4096); print(os.path.getsize('big'))
    print(os.copy_file_range(os.open('a.db', os.O_RDONLY), os.open('b.db', os.O_CREAT | os.O_WRONLY), 100))
    master, slave = os.openpty(); os.write(master, b'typed\\n'); print(os.read(slave, 9))
    print(len(os.sched_getaffinity(0)) > 0, os.getpriority(os.PRIO_PROCESS, 0), sys.flags.optimize)
`;

/** Two packages, of Python alone and with an extension in C. */
const SETUP = `
from setuptools import Extension, setup
setup(name='counted', version='1.0', py_modules=['counted'], ext_modules=[Extension('_counted', ['counted.c'])],
      entry_points={'console_scripts': ['counted = counted:main']})
`;
const EXTENSION = `
#include <Python.h>
static PyObject *seven(PyObject *self, PyObject *none) { (void)self; (void)none; return PyLong_FromLong(7); }
static PyMethodDef methods[] = {{"seven", seven, METH_NOARGS, ""}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_counted", "", -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit__counted(void) { return PyModule_Create(&module); }
`;

export const INTERPRETERS: Works = {
  node: {
    needs: [],
    script: `${file('a.mjs', NODE)} node a.mjs`,
    output: 'hello /you\ndatagram\nthread 7\nfile\n5\n1\nSIGTERM\n',
  },

  npm: {
    needs: ['npm'],
    script: `mkdir dep
      ${file(
        'dep/package.json',
        '{ "name": "dep", "version": "1.0.0", "bin": "cli.js", "scripts": { "install": "echo 3 > built" } }',
      )}
      ${file(
        'dep/cli.js',
        `#!/usr/bin/env node
        console.log('dep', require('node:fs').readFileSync(__dirname + '/built', 'utf8').trim())`,
      )}
      tarball=$(cd dep && npm pack --silent)
      ${file(
        'package.json',
        '{ "name": "a", "version": "1.0.0", "scripts": { "pretest": "echo before", "test": "dep" } }',
      )}
      npm install --offline --no-audit --no-fund --silent ./dep/$tarball
      rm -r node_modules
      npm ci --offline --no-audit --no-fund --silent
      npm test --silent
      npx --offline dep
      npm ls --silent`,
    output: 'before\ndep 3\ndep 3\na@1.0.0 /tmp\n`-- dep@1.0.0\n\n',
  },

  python3: {
    needs: ['debian-python3'],
    script: `${file('a.py', PYTHON)} python3 a.py`,
    output: [
      'fork [0, 2, 4, 6]',
      'spawn [0, 2, 4, 6]',
      'forkserver [0, 2, 4, 6]',
      '[0, 2, 4]',
      '9',
      'hello you',
      'child',
      '3',
      "b'x' b'SQLite'",
      'SIGALRM',
      'True',
      '4',
      '4096',
      '100',
      "b'typed\\n'",
      'True 0 0\n',
    ].join('\n'),
  },

  'python3 with venv and pip': {
    needs: ['debian-venv'],
    script: `python3 -m venv environment
      . environment/bin/activate
      mkdir source
      ${file('source/setup.py', SETUP)}
      ${file('source/counted.py', 'import _counted\ndef main(): print("counted", _counted.seven())')}
      ${file('source/counted.c', EXTENSION)}
      (cd source && python setup.py -q sdist 2> /dev/null)
      pip install -q --no-index --no-build-isolation --disable-pip-version-check source/dist/counted-1.0.tar.gz 2> log
      counted
      python -c 'import counted, sys; print(sys.prefix, counted.__file__.startswith(sys.prefix))'
      pip list --disable-pip-version-check --format=freeze | grep counted
      pip uninstall -q -y counted 2>> log
      python -c 'import counted' 2> /dev/null || echo gone`,
    output: 'counted 7\n/tmp/environment True\ncounted==1.0\ngone\n',
  },

  bash: {
    needs: [],
    script: `${file(
      'a.sh',
      `coproc cat
      echo hello >&"\${COPROC[1]}"
      read -u "\${COPROC[0]}" word
      echo $word $(cat <(echo sub)) $(cat <<< here)
      set -m
      sleep 100 & kill $!
      wait $!
      echo $?
      trap 'echo trapped' USR1
      kill -USR1 $$
      (ulimit -n 50; ulimit -n; umask 077; umask)
      mkfifo fifo; echo through > fifo & cat fifo
      diff <(printf '1\\n2\\n') <(printf '1\\n3\\n') | grep -c '^[<>]'
      type -t compgen; printf '%(%Y)T\\n' 0
      timeout 0.1 sleep 100; echo $?`,
    )} bash a.sh 2> /dev/null`,
    output: 'hello sub here\n143\ntrapped\n50\n0077\nthrough\n2\nbuiltin\n1970\n124\n',
  },

  php: {
    needs: ['php'],
    script: `mkdir root
      ${file('root/index.php', '<?php echo "served ", $_SERVER["REQUEST_URI"], " ", getmypid() > 0;')}
      ${file(
        'a.php',
        `<?php
        $server = proc_open(['php', '-S', '127.0.0.1:8000', '-t', 'root'], [2 => ['file', 'log', 'w']], $pipes);
        for ($i = 0; $i < 100 && !($socket = @stream_socket_client('tcp://127.0.0.1:8000')); $i++) usleep(100000);
        echo file_get_contents('http://127.0.0.1:8000/you'), PHP_EOL;
        proc_terminate($server);
        $pid = pcntl_fork();
        if ($pid === 0) exit(3);
        pcntl_waitpid($pid, $status);
        echo pcntl_wexitstatus($status), PHP_EOL;
        pcntl_signal(SIGUSR1, fn () => print('signal' . PHP_EOL));
        posix_kill(getmypid(), SIGUSR1);
        pcntl_signal_dispatch();
        [$a, $b] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
        fwrite($a, 'pair'); echo fread($b, 4), PHP_EOL;
        $shared = shmop_open(ftok('a.php', 'a'), 'c', 0600, 16);
        shmop_write($shared, 'shared', 0); echo shmop_read($shared, 0, 6), PHP_EOL;
        file_put_contents('locked', 'x', LOCK_EX); echo strlen(random_bytes(9)), PHP_EOL;`,
      )} php a.php`,
    output: 'served /you 1\n3\nsignal\npair\nshared\n9\n',
  },

  busybox: {
    needs: ['busybox'],
    script: `mkdir www
      echo page > www/index.html
      busybox httpd -p 127.0.0.1:8000 -h www
      busybox wget -q -O - http://127.0.0.1:8000/
      busybox seq 9 | busybox sort -rn | busybox head -1
      busybox tar -czf a.tgz www && busybox tar -tzf a.tgz
      busybox find www -type f -exec busybox md5sum {} +
      busybox sh -c 'busybox sleep 100 & kill $!; wait $!; echo $?' 2> /dev/null
      busybox stat -c %a www/index.html`,
    output: 'page\n9\nwww/\nwww/index.html\n2adf521149526dde524f030851c7f903  www/index.html\n143\n644\n',
  },
};
