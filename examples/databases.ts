/**
 * Servers for tests, each in a container of its own: the same port in each of them, and nothing left when the test is
 * over.
 */

import { Container, type ContainerProcess } from 'carrel';

/** A server that runs, and a container beside it, in the same network. */
export interface Database extends AsyncDisposable {
  /** Runs a client program; gives what it prints. */
  ask(file: string, ...args: readonly string[]): Promise<string>;
}

/** Redis, on port 6379 of a network in which nobody else is. */
export async function startRedis(): Promise<Database> {
  const server = new Container().spawn('redis-server', ['--save', '', '--dir', '/tmp'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await said(server, 'stdout', 'Ready to accept connections');
  return beside(server, 0);
}

/** PostgreSQL, on port 5432, with an empty cluster in memory. It does not want to be root. */
export async function startPostgres(programs: string): Promise<Database> {
  const script = `
    initdb --pgdata=/tmp/data --username=test --auth=trust --no-sync --no-instructions >/dev/null
    exec postgres -D /tmp/data -c fsync=off -c unix_socket_directories=/tmp`;
  const server = new Container()
    .user(1000)
    .env({ PATH: `${programs}:/usr/bin:/bin` })
    .spawn('sh', ['-c', script], { stdio: ['ignore', 'ignore', 'pipe'] });
  await said(server, 'stderr', 'ready to accept connections');
  return beside(server, 1000);
}

/** Waits until the server has said that it is ready; fails where it ends before. */
async function said(server: ContainerProcess, where: 'stdout' | 'stderr', words: string): Promise<void> {
  let text = '';
  await new Promise<void>((resolve, reject) => {
    server[where]?.on('data', (chunk: Buffer) => {
      text += chunk;
      if (text.includes(words)) resolve();
    });
    server.on('error', reject);
    server.on('exit', () => reject(new Error(`the server has ended:\n${text}`)));
  });
}

/** `user`: who the server is, and the only one that there is where an ordinary user has started it. */
function beside(server: ContainerProcess, user: number): Database {
  // The user namespace as well: who joins a network needs the rights over it.
  const client = new Container()
    .user(user)
    .namespaces(['mount', 'pid', 'ipc', 'uts', { user: server, network: server }]);
  return {
    ask: async (file, ...args) => (await client.run(file, args, { check: true })).stdout.trim(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
