/** Real programs reach what is listed by name, and are told of no proxy. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { bind, Container, file } from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { fixtures, names } from '../support/outside.js';
import { type Capability, requires } from '../support/requires.js';
import { withDirectory } from '../support/temporary.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const NEIGHBOUR = ['203.0.113.5', '2001:db8::5'];
const HELLO = 'hello api.example.org\n';
const CA = '/run/ca.pem';

/** A program, what it may reach, and what it prints when it has been there. */
interface Client {
  readonly needs: Capability;
  readonly allow: readonly string[];
  readonly script: string;
  /** What the script reads. */
  readonly input?: string;
  readonly output: string;
}

const web = { allow: ['api.example.org:443', 'api.example.org:80'], output: HELLO } as const;

const CLIENTS: Readonly<Record<string, Client>> = {
  'curl, by TLS': { ...web, needs: 'curl', script: `curl -sS --cacert ${CA} https://api.example.org/` },
  'curl, by IPv4': { ...web, needs: 'curl', script: `curl -4 -sS --cacert ${CA} https://api.example.org/` },
  'curl, by IPv6': { ...web, needs: 'curl', script: `curl -6 -sS --cacert ${CA} https://api.example.org/` },
  'curl, without TLS': { ...web, needs: 'curl', script: 'curl -sS http://api.example.org/' },
  'git clone, by HTTPS': {
    needs: 'git',
    allow: ['git.example.com:443'],
    script: `git -c http.sslCAInfo=${CA} clone -q https://git.example.com/git/word && cat word/word.txt`,
    output: 'a word\n',
  },
  'git clone, by git’s own protocol': {
    needs: 'git',
    allow: ['git.example.com:9418'],
    script: 'git clone -q git://git.example.com/word && cat word/word.txt',
    output: 'a word\n',
  },
  'npm install': {
    needs: 'npm',
    allow: ['registry.example.com:443'],
    script: `export HOME=/tmp npm_config_update_notifier=false npm_config_cafile=${CA}
      npm install --silent --fetch-retries=0 --registry=https://registry.example.com/ word >&2
      node -p 'require("word")'`,
    output: 'a word\n',
  },
  'pip install': {
    needs: 'debian-venv',
    allow: ['pypi.example.com:443'],
    script: `export HOME=/tmp
      /usr/bin/python3 -m venv p && p/bin/pip install --quiet --disable-pip-version-check --retries 0 --cert ${CA} \
        --index-url https://pypi.example.com/simple word && p/bin/python -c 'import word; print(word.said)'`,
    output: 'a word\n',
  },
  'redis-cli': {
    needs: 'redis',
    allow: ['cache.example.com:6379'],
    script: 'redis-cli -h cache.example.com incr orders; redis-cli -h cache.example.com del orders',
    output: '1\n1\n',
  },
  'Python’s urllib': {
    ...web,
    needs: 'debian-python3',
    script: `SSL_CERT_FILE=${CA} /usr/bin/python3 -`,
    input: `import urllib.request as r; print(r.urlopen('https://api.example.org/').read().decode(), end='')`,
  },
  'Node’s fetch': {
    ...web,
    needs: 'shell',
    script: `NODE_EXTRA_CA_CERTS=${CA} node -`,
    input: `fetch('https://api.example.org/').then(async (answer) => process.stdout.write(await answer.text()))`,
  },
  'Java’s HttpClient': {
    ...web,
    needs: 'javac',
    script: 'cat > M.java; java M.java',
    input: `
      import java.net.URI; import java.net.http.*; import java.nio.file.*; import java.security.*;
      import java.security.cert.*; import javax.net.ssl.*;
      public class M { public static void main(String[] a) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509")
          .generateCertificate(Files.newInputStream(Path.of("${CA}"))));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        HttpClient client = HttpClient.newBuilder().sslContext(tls).build();
        System.out.print(client.send(HttpRequest.newBuilder(URI.create("https://api.example.org/")).build(),
          HttpResponse.BodyHandlers.ofString()).body()); } }`,
  },
  'Go, linked statically, with a resolver of its own': go('CGO_ENABLED=0'),
  'Go, with the C library’s resolver': go('GODEBUG=netdns=cgo'),
  Rust: {
    ...web,
    needs: 'rustc',
    script: 'cat > m.rs; /usr/bin/rustc m.rs && ./m',
    input: `use std::io::{Read, Write};
      fn main() {
        let mut stream = std::net::TcpStream::connect("api.example.org:80").unwrap();
        stream.write_all(b"GET / HTTP/1.0\\r\\nHost: api.example.org\\r\\n\\r\\n").unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        print!("{}", all.split("\\r\\n\\r\\n").last().unwrap()); }`,
  },
  PHP: { ...web, needs: 'php', script: 'php', input: '<?php echo file_get_contents("http://api.example.org/");' },
  Perl: {
    ...web,
    needs: 'perl',
    script: 'perl -MHTTP::Tiny -e \'print HTTP::Tiny->new->get("http://api.example.org/")->{content}\'',
  },
  Ruby: {
    ...web,
    needs: 'ruby',
    script: `ruby -rnet/http -e 'print Net::HTTP.get(URI("http://api.example.org/"))'`,
  },
};

function go(environment: string): Client {
  return {
    ...web,
    needs: 'go',
    script: `export GOCACHE=/tmp/cache GO111MODULE=off SSL_CERT_FILE=${CA} ${environment}
      cat > m.go; go build m.go; ./m`,
    input: `package main
      import ("io"; "net/http"; "os")
      func main() {
        answer, err := http.Get("https://api.example.org/")
        if err != nil { panic(err) }
        io.Copy(os.Stdout, answer.Body) }`,
  };
}

before(() => {
  for (const name of [
    'api.example.org',
    'git.example.com',
    'registry.example.com',
    'pypi.example.com',
    'cache.example.com',
  ])
    names.set(name, NEIGHBOUR);
});

suite('a client of the machine', () => {
  for (const [name, { needs, allow, script, input, output }] of Object.entries(CLIENTS)) {
    test(name, requires(needs), async () => {
      const box = new Container().cwd('/tmp').mount(bind(join(fixtures, 'ca.pem'), CA, { readonly: true }));
      const run = (container: Container) => container.run('sh', ['-ec', script], { ...(input && { input }) });
      const without = await run(box);
      assert.notEqual(without.stdout, output);
      const { stdout, stderr, exitCode } = await run(box.network({ allow }));
      assert.deepEqual([stdout, exitCode], [output, 0], stderr);
    });
  }
});

suite('a client of its own, without the machine’s C library', () => {
  test('busybox’s wget and nslookup', requires('busybox'), async () => {
    const box = new Container().rootfs(busyboxRoot()).network({ allow: ['api.example.org:80'] });
    const { stdout } = await box.run('wget', ['-q', '-O', '-', 'http://api.example.org/'], { check: true });
    assert.equal(stdout, HELLO);
    const asked = await box.run('nslookup', ['api.example.org'], { check: true });
    assert.match(asked.stdout, /Server:\s+198\.18\.0\.1\b[\s\S]*Address.*198\.1[89]\./);
    assert.equal((await box.run('nslookup', ['other.example.org'])).ok, false);
  });

  test('one of musl', requires('musl-gcc', 'busybox'), async () => {
    await withDirectory(async (directory) => {
      const [source, program] = [join(directory, 'm.c'), join(directory, 'm')];
      writeFileSync(source, MUSL);
      execFileSync('musl-gcc', ['-static', '-o', program, source]);
      const files = [file('/tmp/m', readFileSync(program), { mode: 0o755 })];
      const box = new Container().rootfs(busyboxRoot()).network({ allow: ['api.example.org:80', '*.example.com:80'] });
      for (const name of ['api.example.org', 'git.example.com']) {
        const { stdout } = await box.run('/tmp/m', [name], { files, check: true });
        assert.equal(stdout, `hello ${name}\n`.repeat(2));
      }
      assert.equal((await box.run('/tmp/m', ['other.example.org'], { files })).stdout, 'no such name\n');
    });
  });
});

/** By each address that a name has. */
const MUSL = `
  #include <netdb.h>
  #include <stdio.h>
  #include <string.h>
  #include <unistd.h>
  int main(int count, char **words) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int error = getaddrinfo(words[1], "80", &hints, &found);
    if (error != 0) {
      puts(error == EAI_NONAME ? "no such name" : gai_strerror(error));
      return 1;
    }
    for (; found != NULL; found = found->ai_next) {
      int socket_ = socket(found->ai_family, found->ai_socktype, 0);
      if (connect(socket_, found->ai_addr, found->ai_addrlen) < 0) return 2;
      dprintf(socket_, "GET / HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n", words[1]);
      char text[4096];
      ssize_t size = 0, more;
      while ((more = read(socket_, text + size, sizeof(text) - 1 - size)) > 0) size += more;
      text[size] = 0;
      char *body = strstr(text, "\\r\\n\\r\\n");
      printf("%s", body == NULL ? text : body + 4);
      close(socket_);
    }
    return 0;
  }`;
