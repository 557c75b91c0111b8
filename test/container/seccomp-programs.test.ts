/** Real programs do their work under the default filter. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { type Capability, requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const isRoot = process.env.CARREL_TEST_LEG === 'root';
const box = new Container().env({ HOME: '/tmp' }).cwd('/tmp');

interface Work {
  readonly needs: readonly Capability[];
  /** For sh; it ends with `over`. */
  readonly script: string;
  readonly container?: Container;
}

const PROGRAMS: Readonly<Record<string, Work>> = {
  node: {
    needs: [],
    script: `cat > a.mjs <<'END'
      import { execFileSync } from 'node:child_process';
      import { mkdtempSync, watch, writeFileSync } from 'node:fs';
      import { createServer, connect } from 'node:net';
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      import { randomBytes, scryptSync } from 'node:crypto';
      const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const [data] = await once(connect(server.address().port, '127.0.0.1'), 'data');
      server.close();
      const worker = new Worker("require('node:worker_threads').parentPort.postMessage(2)", { eval: true });
      const [two] = await once(worker, 'message');
      const watcher = watch(mkdtempSync('/tmp/w-'));
      watcher.close();
      writeFileSync('b', scryptSync(randomBytes(9), 'salt', 8));
      console.log(String(data), two, execFileSync('echo', ['child'], { encoding: 'utf8' }).trim());
END
    test "$(node a.mjs)" = 'hello 2 child'`,
  },
  npm: {
    needs: ['npm'],
    script: `mkdir -p dep && echo '{"name":"dep","version":"1.0.0"}' > dep/package.json
      cat > package.json <<'END'
        { "name": "a", "version": "1.0.0", "dependencies": { "dep": "file:./dep" },
          "scripts": { "test": "echo tested" } }
END
      npm install --offline --no-audit --no-fund --loglevel=error && npm test --silent | grep -q tested`,
  },
  python3: {
    needs: ['python3'],
    script: `cat > a.py <<'END'
import asyncio, ctypes, mmap, multiprocessing, os, socket, sqlite3, subprocess, tempfile, threading
def double(x): return 2 * x
async def answer():
    process = await asyncio.create_subprocess_exec('echo', 'child', stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0]
if __name__ == '__main__':
    with multiprocessing.Pool(2) as pool: assert pool.map(double, range(4)) == [0, 2, 4, 6]
    thread = threading.Thread(target=print); thread.start(); thread.join()
    assert asyncio.run(answer()) == b'child\\n'
    assert subprocess.run(['true']).returncode == 0
    sqlite3.connect('a.db').execute('create table a (b)').connection.commit()
    a, b = socket.socketpair(); a.send(b'x'); assert b.recv(1) == b'x'
    mmap.mmap(-1, 4096); os.memfd_create('x'); ctypes.CDLL(None)
END
      python3 a.py > out`,
  },
  bash: {
    needs: [],
    script: `cat > a.sh <<'END'
        coproc cat
        echo hello >&"\${COPROC[1]}"
        read -u "\${COPROC[0]}" word
        echo $word $(cat <(echo sub))
END
      test "$(bash a.sh)" = 'hello sub'`,
  },
  git: {
    needs: ['git'],
    script: `git init -q . && git config user.email a@b && git config user.name a && echo 1 > f && git add . &&
      git commit -qm one && git gc -q && git clone -q . /tmp/clone && test "$(cat /tmp/clone/f)" = 1`,
  },
  gcc: {
    needs: ['gcc'],
    script: `echo '#include <pthread.h>
      static void *run(void *x) { return x; }
      int main(void) { pthread_t t; return pthread_create(&t, 0, run, 0) || pthread_join(t, 0); }' > a.c &&
      gcc -pthread -O2 -o a a.c && ./a`,
  },
  strace: {
    needs: ['strace'],
    script: `strace -f -o log sh -c 'echo x | cat' > out && grep -q execve log`,
    container: box.capabilities({ add: ['CAP_SYS_PTRACE'] }),
  },
  gdb: {
    needs: ['gdb', 'gcc'],
    script: `echo 'int main(void) { return 7; }' > a.c && gcc -g -o a a.c &&
      gdb -q -batch -ex 'break main' -ex run -ex bt -ex continue ./a > out 2> err; grep -q 'exited with code 07' out`,
    container: box.capabilities({ add: ['CAP_SYS_PTRACE'] }),
  },
  redis: {
    needs: ['redis'],
    script: `redis-server --save '' --dir /tmp --unixsocket /tmp/s --port 6379 > log & server=$!
      for i in $(seq 100); do redis-cli -p 6379 ping 2> /dev/null | grep -q PONG && break; sleep 0.1; done
      redis-cli -s /tmp/s set a b > /dev/null && test "$(redis-cli get a)" = b && redis-cli bgsave > /dev/null &&
      redis-cli shutdown nosave; wait $server`,
  },
  ...(isRoot
    ? {
        PostgreSQL: {
          needs: ['postgresql'],
          script: `bin=$(echo /usr/lib/postgresql/*/bin | cut -d' ' -f1)
            $bin/initdb -D /tmp/db -A trust > log 2>&1 &&
            $bin/pg_ctl -w -D /tmp/db -l /tmp/log2 -o '-k /tmp' start > log &&
            query='create table a (b int); insert into a select generate_series(1, 1000); select sum(b) from a' &&
            test "$(psql -h /tmp -d postgres -Atc "$query" | tail -1)" = 500500 &&
            $bin/pg_ctl -w -D /tmp/db -m fast stop > log`,
          container: box.user(1000),
        },
      }
    : {}),
};

suite('programs', () => {
  for (const [name, { needs, script, container = box }] of Object.entries(PROGRAMS))
    test(name, requires(...needs), async () => {
      const started = `{ ${script}\n} && echo over`;
      const { stdout, stderr } = await container.run('sh', ['-c', started], { timeout: 120_000 });
      assert.match(stdout, /over\n$/, `${stdout}${stderr}`);
    });

  test('busybox', requires('busybox'), async () => {
    const script = 'mkdir /tmp/a && seq 9 | sort -rn | head -1 > /tmp/a/b && tar -cf - /tmp/a | tar -tf -';
    const { stdout } = await new Container().rootfs(busyboxRoot()).run('sh', ['-c', script], { check: true });
    assert.match(stdout, /tmp\/a\/b/);
  });
});
