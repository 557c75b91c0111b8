/** Toolchains of the host compile and run programs in a container without a root filesystem. */

import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { SETTINGS } from '#lib/host/settings.js';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { type Capability, requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container().cwd('/tmp');
const TIMEOUT_MS = 300_000;

/** What a toolchain is asked to do: `input` is a program on the standard input of `script`. */
interface Toolchain {
  readonly needs: Capability;
  readonly script: string;
  readonly input: string;
  readonly output: string;
  /** It is large: it is tried with CARREL_SOAK only. */
  readonly soak?: true;
}

const TOOLCHAINS: Readonly<Record<string, Toolchain>> = {
  Java: {
    needs: 'javac',
    // What it reads of /etc: security settings, the list of virtual machines, certificates.
    input: `public class M { public static void main(String[] a) throws Exception {
      javax.net.ssl.SSLContext.getDefault();
      System.out.println(java.security.SecureRandom.getInstanceStrong() != null ? 6 * 7 : 0);
      System.out.println(java.net.InetAddress.getLocalHost().getHostAddress()); } }`,
    script: 'cat > M.java; javac M.java && java M',
    output: '42\n127.0.0.1\n',
  },
  PHP: {
    needs: 'php',
    // Extensions of Debian's own, and what only its settings say.
    input: '<?php echo extension_loaded("posix") && extension_loaded("tokenizer"), ini_get("memory_limit"), 6 * 7;',
    script: 'php',
    output: '1-142',
  },
  Ruby: { needs: 'ruby', input: 'require "json"; puts JSON.generate([6 * 7])', script: 'ruby', output: '[42]\n' },
  Perl: {
    needs: 'perl',
    input: 'use Net::Config; use Digest::SHA; print ref(\\%NetConfig), 6 * 7',
    script: 'perl',
    output: 'HASH42',
  },
  Python: {
    needs: 'debian-python3',
    input: 'import sitecustomize, ssl, json; print(json.dumps(6 * 7))',
    script: '/usr/bin/python3',
    output: '42\n',
  },
  Node: { needs: 'shell', input: 'console.log(6 * 7)', script: 'node', output: '42\n' },
  Tcl: {
    needs: 'tcl',
    input: 'puts [clock format 0 -timezone :Europe/Paris -format "%H [expr {6 * 7}]"]',
    script: 'tclsh',
    output: '01 42\n',
  },
  Lua: { needs: 'lua', input: 'print(6 * 7)', script: 'lua5.4 -', output: '42\n' },
  Go: {
    needs: 'go',
    input: 'package main; func main() { println(6 * 7) }',
    script: 'cat > m.go; GOCACHE=/tmp/cache GO111MODULE=off go run m.go 2>&1',
    output: '42\n',
  },
  Erlang: {
    needs: 'erlang',
    input: '-module(m).\n-export([main/0]).\nmain() -> io:format("~p~n", [6 * 7]).\n',
    script: 'cat > m.erl; erlc m.erl && erl -noshell -s m main -s init stop',
    output: '42\n',
  },
  Rust: {
    needs: 'rustc',
    input: 'fn main() { println!("{}", 6 * 7); }',
    script: 'cat > m.rs; rustc m.rs && ./m',
    output: '42\n',
  },
  Haskell: {
    needs: 'ghc',
    input: 'import Data.Map\nmain = print (fromList [(6, 42)] ! 6)\n',
    script: 'cat > m.hs; ghc -v0 m.hs && ./m',
    output: '42\n',
    soak: true,
  },
  OCaml: {
    needs: 'ocaml',
    input: 'let () = print_int (6 * 7)',
    script: 'cat > m.ml; ocamlc m.ml -o m && ./m',
    output: '42',
    soak: true,
  },
  R: {
    needs: 'r',
    input: 'cat(6 * 7, nchar(Sys.timezone()) > 0, R.home("lib") != "")',
    script: 'cat > m.R; Rscript m.R',
    output: '42 TRUE TRUE',
    soak: true,
  },
  LaTeX: {
    needs: 'latex',
    input: '\\documentclass{article}\\begin{document}$6 \\times 7 = 42$\\end{document}',
    script: 'cat > m.tex; pdflatex -interaction=batchmode m.tex >/dev/null; head -c 4 m.pdf',
    output: '%PDF',
    soak: true,
  },
  Maven: {
    needs: 'maven',
    input: `<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>a</artifactId>
      <version>42</version><packaging>pom</packaging></project>`,
    script: 'cat > pom.xml; mvn --batch-mode --offline validate | grep -o "BUILD SUCCESS"',
    output: 'BUILD SUCCESS\n',
    soak: true,
  },
  Scala: {
    needs: 'scala',
    input: 'object M extends App { println(6 * 7) }',
    script: 'cat > M.scala; scalac M.scala && scala M',
    output: '42\n',
    soak: true,
  },
  Kotlin: {
    needs: 'kotlin',
    input: 'fun main() { println(6 * 7) }',
    script: 'cat > m.kt; kotlinc m.kt -include-runtime -d m.jar 2>/dev/null && java -jar m.jar',
    output: '42\n',
    soak: true,
  },
};

suite('a toolchain compiles and runs a program', { timeout: 20 * TIMEOUT_MS }, () => {
  for (const [name, { needs, script, input, output, soak }] of Object.entries(TOOLCHAINS)) {
    test(name, requires(soak && requires('soak').skip ? 'soak' : needs), async () => {
      const result = await box.run('sh', ['-c', script], { input, timeout: TIMEOUT_MS });
      assert.deepEqual([result.stdout, result.exitCode], [output, 0], result.stderr);
    });
  }
});

/** What is not shown although programs have links to it, because of what administrators write there. */
const WITHHELD = {
  '/etc/R/Renviron.site': 'variables of the site, tokens among them',
  '/etc/R/Rprofile.site': 'addresses of the site, passwords among them',
  '/etc/environment': 'variables of all users, passwords of proxies among them',
  '/etc/maven/settings.xml': 'passwords for repositories',
  '/etc/ssl/private': 'keys',
} as const;

suite('the table of settings', () => {
  test('names each path once, in order, below /etc or /var/lib, with a reason', () => {
    const paths = SETTINGS.map(([path]) => path);
    assert.deepEqual(
      paths,
      [...new Set(paths)].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
    );
    for (const [path, reason] of SETTINGS) {
      assert.match(path, /^(\/etc|\/var\/lib)\/[^/]/);
      assert.ok(reason.length > 10, path);
    }
  });

  test('no link below /usr is dead that leads somewhere on the host', async () => {
    const links = linksBelow('/usr');
    const dead = 'while read -r path; do test -e "$path" || echo "$path"; done';
    const { stdout } = await box.run('sh', ['-c', dead], { input: links.join('\n').concat('\n'), check: true });
    const withheld = (path: string): boolean =>
      Object.keys(WITHHELD).some((prefix) => isBelow(realpathSync(path), prefix));
    assert.deepEqual(
      stdout.split('\n').filter((path) => path !== '' && !withheld(path)),
      [],
    );
    assert.ok(links.length > 100);
  });

  test('what may hold a secret is not there', async () => {
    const list = 'for path; do ls -d "$path" 2>/dev/null; done; true';
    const secret = [...Object.keys(WITHHELD), '/etc/shadow', '/etc/machine-id', '/etc/ssh', '/var/lib/dpkg'];
    assert.equal((await box.run('sh', ['-c', list, 'sh', ...secret])).stdout, '');
  });

  test('what is not root’s, or not for everyone to read, is not shown', requires('user-namespaces'), async () => {
    const etc = `mount -t tmpfs -o mode=755 none /etc
      mkdir -p /etc/perl /etc/groff /etc/texmf /etc/php/8.2/cli /etc/php/8.3/cli; chmod 700 /etc/groff
      : > /etc/rpc; : > /etc/services; chmod 600 /etc/rpc; mkfifo /etc/magic; ln -s /nowhere /etc/localtime
      if [ "$(id -u)" = 0 ] && chown 1000 /etc/texmf 2>/dev/null; then :; else rmdir /etc/texmf; fi; exec "$0" "$@"`;
    const source = `const box = new Container();
      const { stdout } = await box.run('sh', ['-c', 'cd /etc; ls; ls php'], { check: true });
      console.log(JSON.stringify(stdout.split('\\n').slice(0, -1)));`;
    const own = ['group', 'hosts', 'nsswitch.conf', 'passwd'];
    const shown = ['localtime', 'perl', 'php', 'services'];
    assert.deepEqual(
      await askCaller(source, { prefix: withMounts(etc) }),
      [...own, ...shown].sort().concat('8.2', '8.3'),
    );
  });

  test('a package that comes or goes while Node runs counts within a second', requires('user-namespaces'), async () => {
    const etc = 'mount -t tmpfs -o mode=755 none /etc; mkdir /etc/perl; exec "$0" "$@"';
    const source = `const { mkdirSync, rmdirSync } = await import('node:fs');
      const { setTimeout: sleep } = await import('node:timers/promises');
      const box = new Container();
      const told = [];
      const script = 'ls -d /etc/p*/* /etc/perl 2>/dev/null; true';
      const list = async () => told.push((await box.run('sh', ['-c', script])).stdout);
      await list();
      mkdirSync('/etc/php/8.2/cli', { recursive: true });
      rmdirSync('/etc/perl');
      await sleep(1100);
      await list();
      rmdirSync('/etc/php/8.2/cli');
      await sleep(1100);
      await list();
      console.log(JSON.stringify(told));`;
    const told = ['/etc/perl\n', '/etc/php/8.2\n', ''];
    assert.deepEqual(await askCaller(source, { prefix: withMounts(etc) }), told);
  });

  test('what is shown cannot be changed', async () => {
    const shown = 'cut -d " " -f 5,6 /proc/self/mountinfo | grep -E "^(/etc|/var/lib)/"';
    const lines = (await box.run('sh', ['-c', shown], { check: true })).stdout.trimEnd().split('\n');
    assert.ok(lines.length > 5);
    for (const line of lines) assert.match(line, / ro,nosuid,nodev(,|$)/);
  });
});

/** With mounts of one's own, which `script` changes before it executes `"$0" "$@"`. */
function withMounts(script: string): readonly string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  return ['unshare', ...user, '--mount', '--propagation', 'private', 'sh', '-ec', script];
}

/** The links below a directory that lead somewhere, to a file or a directory. */
function linksBelow(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return isReadable(path) ? linksBelow(path) : [];
    return entry.isSymbolicLink() && leadsSomewhere(path) ? [path] : [];
  });
}

function isReadable(path: string): boolean {
  const { mode } = lstatSync(path);
  return (mode & 0o5) === 0o5;
}

function leadsSomewhere(path: string): boolean {
  try {
    // To /dev/null where it is switched off; /proc, /sys and /run are not the container's.
    return statSync(path) !== undefined && !/^\/(dev|proc|sys|run)\//.test(readlinkSync(path)) && isOfHost(path);
  } catch {
    return false;
  }
}

/** Whether it leads to what packages bring: not into a home, or to what was installed elsewhere. */
function isOfHost(path: string): boolean {
  return /^\/(usr|bin|sbin|lib\w*|etc|var)\//.test(realpathSync(path));
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}
