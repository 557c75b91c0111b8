/** Servers, each with a client in the same container; and a browser. */

import { file, until, type Work, type Works } from './work.js';

/** It is loaded when its script is over. */
const PAGE = `<!doctype html><title>page</title><p id="p">before</p><img src="/until-over"><script type="module">
const worker = new Worker(URL.createObjectURL(new Blob(['onmessage = ({ data }) => postMessage(2 * data)'])));
worker.onmessage = async ({ data }) => {
  const text = await (await fetch('/data.txt')).text();
  const canvas = document.createElement('canvas');
  canvas.getContext('2d').fillRect(0, 0, 9, 9);
  localStorage.kept = 'kept';
  p.textContent = [text.trim(), data, canvas.toDataURL().length > 99, localStorage.kept].join(' ');
  await fetch('/over');
};
worker.postMessage(21);
</script>`;

const PAGES = `
import http.server, threading
over = threading.Event()
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == '/': over.clear()
        if self.path == '/over': over.set()
        if self.path == '/until-over': over.wait()
        if 'over' not in self.path: return super().do_GET()
        self.send_response(204)
        self.end_headers()
server = http.server.ThreadingHTTPServer(('127.0.0.1', 8000), Handler)
open('listens', 'w')
server.serve_forever()
`;

const NGINX = `
daemon on; worker_processes 2; pid /tmp/nginx.pid; error_log /tmp/error.log notice;
events { worker_connections 64; }
http {
  access_log /tmp/access.log; sendfile on; tcp_nopush on;
  client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f;
  uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
  server {
    listen 127.0.0.1:8080; listen unix:/tmp/nginx.sock; root /tmp/www;
    location /proxied/ { proxy_pass http://unix:/tmp/nginx.sock:/; }
  }
}`;

export const SERVERS: Works = {
  redis: {
    needs: ['redis'],
    script: `redis-server --save '' --dir /tmp --unixsocket /tmp/s --appendonly yes --io-threads 2 > log & server=$!
      ${until('redis-cli -s s ping')}
      redis-cli -s s set a b
      redis-cli get a
      redis-cli eval 'return redis.call("incr", "n") + 1' 0
      redis-cli bgsave > log2
      ${until('test -s dump.rdb')}
      redis-cli bgrewriteaof > log2
      redis-cli info persistence | grep -c aof_last_write_status:ok
      redis-benchmark -q -n 1000 -c 20 -t set,get > log2
      redis-cli shutdown
      wait $server
      redis-check-rdb dump.rdb | grep -o 'looks OK'`,
    output: 'OK\nb\n2\n1\nlooks OK\n',
  },

  PostgreSQL: {
    needs: ['postgresql'],
    user: 1000,
    script: `PATH=$(echo /usr/lib/postgresql/*/bin | cut -d' ' -f1):$PATH
      initdb -D db -A trust > log 2>&1
      pg_ctl -w -D db -l log2 \\
        -o '-k /tmp -c max_parallel_workers_per_gather=2 -c min_parallel_table_scan_size=0' start > log
      psql -q -h 127.0.0.1 -d postgres -At << 'END'
        create table a (b int);
        insert into a select generate_series(1, 100000);
        analyze a;
        set parallel_setup_cost = 0;
        set parallel_tuple_cost = 0;
        select sum(b) from a;
        vacuum full a;
        checkpoint;
        create index concurrently on a (b);
        select pg_size_pretty(0::bigint);
END
      pg_dump -h /tmp postgres | grep -c '^[0-9]'
      pg_ctl -w -D db -m fast restart > log
      psql -h /tmp -d postgres -Atc 'select count(*) from a'
      pg_ctl -w -D db -m fast stop > log
      grep -cE 'PANIC|Operation not permitted|Function not implemented' log log2 || true`,
    output: '5000050000\n0 bytes\n100000\n100000\nlog:0\nlog2:0\n',
  },

  chromium: {
    needs: ['chromium', 'debian-python3'],
    script: `mkdir www
      ${file('www/index.html', PAGE)}
      echo fetched > www/data.txt
      ${file('server.py', PAGES)}
      (cd www && exec python3 ../server.py 2> ../log) & server=$!
      ${until('test -e www/listens')}
      chromium=$(command -v chromium-headless-shell || echo chromium --headless)
      $chromium --no-sandbox --dump-dom http://127.0.0.1:8000/ 2> log2 | grep -o '<p id="p">.*</p>'
      $chromium --no-sandbox --screenshot=/tmp/a.png --window-size=99,99 http://127.0.0.1:8000/ 2> log2
      head -c 4 a.png | tail -c 3
      $chromium --no-sandbox --print-to-pdf=/tmp/a.pdf http://127.0.0.1:8000/ 2> log2
      head -c 4 a.pdf
      kill $server`,
    output: '<p id="p">fetched 42 true kept</p>\nPNG%PDF',
  },
};

/**
 * The server of OpenSSH. Root's has a part without rights, in another root directory; any other user's lets that user
 * in.
 */
export function sshd(name: 'root' | 'user'): Work {
  const isRoot = name === 'root';
  return {
    needs: ['sshd'],
    user: isRoot ? 0 : 1000,
    script: `${isRoot ? 'echo sshd:x:100:65534::/run/sshd:/bin/false >> /etc/passwd; mkdir /run/sshd' : ''}
      ssh-keygen -q -t ed25519 -N '' -f host
      ssh-keygen -q -t ed25519 -N '' -f key
      cp key.pub authorized
      ${file(
        'config',
        `ListenAddress 127.0.0.1:2222
        HostKey /tmp/host
        AuthorizedKeysFile /tmp/authorized
        PidFile /tmp/sshd.pid
        PasswordAuthentication no
        StrictModes no
        Subsystem sftp internal-sftp`,
      )}
      $(command -v sshd) -f /tmp/config -E /tmp/log
      ${until('test -s sshd.pid')}
      options="-i key -o UserKnownHostsFile=/tmp/known -o StrictHostKeyChecking=accept-new -o LogLevel=ERROR"
      ssh -p 2222 $options ${name}@127.0.0.1 'id -un; exit 3' || echo $?
      ssh -p 2222 -tt $options ${name}@127.0.0.1 'tty | cut -c 1-9; stty size' < /dev/null | tr -d '\\r'
      ssh -p 2222 -f -N -M -S /tmp/control $options ${name}@127.0.0.1
      ssh -O check -S /tmp/control ${name}@127.0.0.1 2>&1 | cut -d' ' -f 1,2
      ssh -O exit -S /tmp/control ${name}@127.0.0.1 2> /dev/null
      echo get /tmp/key.pub copied | sftp -q -P 2222 $options ${name}@127.0.0.1 > /dev/null
      cmp key.pub copied && echo same
      kill $(cat sshd.pid)
      grep -cE 'Operation not permitted|Function not implemented' log || true`,
    output: `${name}\n3\n/dev/pts/\n0 0\nMaster running\nsame\n0\n`,
  };
}

/** Root's workers are somebody else. */
export function nginx(name: 'root' | 'user'): Work {
  return {
    needs: ['nginx', 'debian-python3'],
    user: name === 'root' ? 0 : 1000,
    script: `mkdir www
      echo page > www/index.html
      ${file('nginx.conf', NGINX)}
      ${file('get.py', 'import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read().decode(), end="")')}
      nginx -e error.log -c /tmp/nginx.conf
      python3 get.py http://127.0.0.1:8080/
      python3 get.py http://127.0.0.1:8080/proxied/
      echo changed > www/index.html
      nginx -e error.log -c /tmp/nginx.conf -s reload
      python3 get.py http://127.0.0.1:8080/
      python3 -c 'print("x" * 3000000, end="")' > www/large
      python3 get.py http://127.0.0.1:8080/large | wc -c
      nginx -e error.log -c /tmp/nginx.conf -s quit
      ${until('test ! -e nginx.pid')}
      grep -cE '\\[(alert|crit|emerg|error)\\]' error.log || true`,
    output: 'page\npage\nchanged\n3000000\n0\n',
  };
}
