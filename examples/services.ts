/**
 * Services for tests, each on its standard port in a container of its own, made of the programs that the machine has.
 *
 *     await using db = await startPostgres();
 *     const client = new pg.Client({ ...db.address(5432), user: 'test', database: 'postgres' });
 */

import { readdirSync } from 'node:fs';
import { bind, Container, file, type RunningContainer } from 'carrel';

/** Redis, on port 6379, without anything on a disk. */
export function startRedis(): Promise<RunningContainer> {
  return new Container()
    .publish(6379)
    .start('redis-server', ['--save', '', '--dir', '/tmp'], { ready: { port: 6379 } });
}

/**
 * PostgreSQL, on port 5432, with an empty cluster in memory: user `test`, no password.
 *
 * @param programs Where initdb and postgres are. Default: the newest of those that Debian has.
 */
export function startPostgres(programs: string = debianPrograms()): Promise<RunningContainer> {
  // initdb opens no port: the line is the server's own. The port alone would not do, because PostgreSQL accepts
  // connections a little earlier, and answers them "the database system is starting up".
  const script = `
    initdb --pgdata=/tmp/data --username=test --auth=trust --no-sync --no-instructions >/dev/null
    exec postgres -D /tmp/data -c fsync=off -c unix_socket_directories=/tmp`;
  return new Container()
    .user(1000) // it does not want to be root
    .env({ PATH: `${programs}:/usr/bin:/bin`, PGHOST: '/tmp', PGUSER: 'test', PGDATABASE: 'postgres' })
    .publish(5432)
    .start('sh', ['-ec', script], { ready: { line: 'ready to accept connections' } });
}

/** nginx, on port 80, which serves the files of a directory. */
export function startNginx(directory: string): Promise<RunningContainer> {
  return new Container()
    .mount(file('/tmp/nginx.conf', NGINX), bind(directory, '/tmp/www', { readonly: true }))
    .publish(80)
    .start('nginx', ['-c', '/tmp/nginx.conf', '-e', 'stderr'], { ready: { http: { port: 80 } } });
}

/** Root inside, so that it may take port 80: that is nobody on the host, or its caller. */
const NGINX = `
user root; daemon off; worker_processes 1; pid /tmp/nginx.pid;
events { }
http {
  access_log /dev/stdout;
  client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
  server { listen 80; root /tmp/www; }
}`;

/** Debian has one directory for each version. */
function debianPrograms(): string {
  const [newest] = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
  return `/usr/lib/postgresql/${newest}/bin`;
}
