/** Compilers, what they make, and the tools of who writes programs. */

import { file, until, type Works } from './work.js';

const C = `
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>
static _Thread_local int own;
static pthread_barrier_t barrier;
static void *run(void *x) { own = 1; pthread_barrier_wait(&barrier); return x; }
int main(void) {
  pthread_t thread;
  pthread_barrier_init(&barrier, NULL, 2);
  if (pthread_create(&thread, NULL, run, &thread) != 0) return 1;
  pthread_barrier_wait(&barrier);
  void *result;
  pthread_join(thread, &result);
  pid_t child = vfork();
  if (child == 0) _exit(5);
  int status;
  waitpid(child, &status, 0);
  printf("%d %d %d\\n", own, result == &thread, WEXITSTATUS(status));
}
`;

const RACE = `
#include <pthread.h>
static int shared;
static void *run(void *x) { shared++; return x; }
int main(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, run, NULL);
  shared++;
  pthread_join(thread, NULL);
}
`;

/** What the sanitizers find: they trace, map and look into /proc. */
const WRONG = `
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv) {
  char *block = malloc(8);
  if (argc > 1 && strcmp(argv[1], "leak") == 0) { block = NULL; return 0; }
  block[argc + 7] = 1;
  free(block);
}
`;

const GO = `
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) })
	go http.Serve(listener, nil)
	response, err := http.Get("http://" + listener.Addr().String() + "/served")
	if err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(response.Body)
	var group sync.WaitGroup
	results := make(chan int, 100)
	for i := 0; i < 100; i++ {
		group.Add(1)
		go func(i int) { defer group.Done(); results <- i }(i)
	}
	group.Wait()
	sum := 0
	for i := 0; i < 100; i++ {
		sum += <-results
	}
	output, _ := exec.Command("echo", "child").Output()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	fmt.Println(string(body), sum, string(output[:5]), <-signals)
}
`;

const JAVA = `
import java.net.*;
import java.net.http.*;
import java.nio.file.*;
import java.util.concurrent.*;
import com.sun.net.httpserver.HttpServer;

public class M {
  public static void main(String[] args) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext("/", exchange -> {
      exchange.sendResponseHeaders(200, 6);
      exchange.getResponseBody().write("served".getBytes());
      exchange.close();
    });
    server.start();
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    HttpClient client = HttpClient.newHttpClient();
    System.out.println(client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString()).body());
    server.stop(0);
    ExecutorService pool = Executors.newFixedThreadPool(8);
    int sum = 0;
    Callable<Integer> task = () -> 1;
    for (Future<Integer> one : pool.invokeAll(java.util.Collections.nCopies(100, task))) sum += one.get();
    pool.shutdown();
    System.out.println(sum);
    Process child = new ProcessBuilder("sh", "-c", "exit 3").start();
    System.out.println(child.waitFor());
    WatchService watcher = FileSystems.getDefault().newWatchService();
    Path directory = Files.createDirectory(Path.of("watched"));
    directory.register(watcher, StandardWatchEventKinds.ENTRY_CREATE);
    Files.writeString(directory.resolve("file"), "x");
    System.out.println(watcher.take().pollEvents().get(0).context());
    // Another process attaches to this one: it opens /proc, sends a signal, and talks on a socket.
    String pid = Long.toString(ProcessHandle.current().pid());
    String command = ProcessHandle.current().info().command().get().replaceAll("java$", "jcmd");
    Process attached = new ProcessBuilder(command, pid, "VM.command_line").redirectErrorStream(true).start();
    System.out.println(new String(attached.getInputStream().readAllBytes()).contains("java_command: M"));
    System.exit(0);
  }
}
`;

const RUST = `
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc;
use std::thread;

pub fn double(x: i32) -> i32 { 2 * x }

fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.accept().unwrap().0.write_all(b"served").unwrap());
    let mut text = String::new();
    TcpStream::connect(address).unwrap().read_to_string(&mut text).unwrap();
    let (sender, receiver) = mpsc::channel();
    for i in 0..9 {
        let sender = sender.clone();
        thread::spawn(move || sender.send(double(i)).unwrap());
    }
    drop(sender);
    let code = Command::new("sh").args(["-c", "exit 3"]).status().unwrap().code();
    println!("{} {} {:?}", text, receiver.iter().sum::<i32>(), code);
}

#[test]
fn doubles() { assert_eq!(double(2), 4); }
`;

const THREADED = `
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>
static int counted = 41;
static void *count(void *x) { counted++; return x; }
int main(int argc, char **argv) {
  pthread_t thread;
  if (argc > 1 && creat(argv[1], 0600) >= 0) for (;;) pause();
  pthread_create(&thread, 0, count, argv);
  pthread_join(thread, 0);
  return counted;
}
`;

export const COMPILERS: Works = {
  gcc: {
    needs: ['gcc'],
    script: `${file('a.c', C)}
      gcc -pthread -O2 -flto -o a a.c
      ./a
      gcc -static -pthread -o b a.c
      ./b
      gcc -shared -fPIC -o liba.so a.c && gcc -g -pipe -S -o - a.c | grep -c cfi_startproc`,
    output: '0 1 5\n0 1 5\n2\n',
  },

  'gcc, with sanitizers': {
    needs: ['gcc', 'asan'],
    script: `${file('a.c', WRONG)}
      gcc -g -fsanitize=address,undefined -o a a.c
      ./a 2>&1 | grep -o 'heap-buffer-overflow on' || true
      ./a leak 2>&1 | grep -o '8 byte(s) leaked' || true
      ${file('b.c', RACE)}
      gcc -g -fsanitize=thread -o b b.c
      ./b 2>&1 | grep -o 'reported 1 warnings' || true`,
    output: 'heap-buffer-overflow on\n8 byte(s) leaked\nreported 1 warnings\n',
  },

  go: {
    needs: ['go'],
    script: `export GOCACHE=/tmp/cache GOFLAGS=-mod=mod GOPROXY=off GOPATH=/tmp/go
      mkdir a && cd a
      ${file('go.mod', 'module a\ngo 1.19')}
      ${file('main.go', GO)}
      ${file('main_test.go', 'package main\nimport "testing"\nfunc TestOne(t *testing.T) { t.Parallel() }')}
      go build -o a . && ./a
      go test -vet=off . | cut -f 1,2`,
    output: '/served 4950 child user defined signal 1\nok  \ta\n',
  },

  java: {
    needs: ['javac'],
    script: `${file('M.java', JAVA)} javac M.java && java -Xmx64m M
      mkdir classes && javac -d classes M.java && jar --create --file m.jar -C classes . && jar --list --file m.jar`,
    output: 'served\n100\n3\nfile\ntrue\nMETA-INF/\nMETA-INF/MANIFEST.MF\nM.class\n',
  },

  rust: {
    needs: ['cargo'],
    script: `mkdir -p a/src && cd a
      ${file('Cargo.toml', '[package]\nname = "a"\nversion = "1.0.0"\nedition = "2021"')}
      ${file('src/main.rs', RUST)}
      cargo build -q --offline && target/debug/a
      cargo test -q --offline | grep -o 'ok. 1 passed'`,
    output: 'served 72 Some(3)\nok. 1 passed\n',
  },

  git: {
    needs: ['git'],
    script: `export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
      git init -q -b main a && cd a
      for i in $(seq 9); do echo $i > f; git add f; git commit -qm $i; done
      git gc -q
      git fsck --no-progress
      git worktree add -q ../tree HEAD~3 && cat ../tree/f
      git bisect start HEAD HEAD~8 > ../log 2>&1 && git bisect run sh -c 'test $(cat f) -lt 5' >> ../log 2>&1
      git show -s --format=%s refs/bisect/bad
      git bisect reset > ../log 2>&1
      echo 0 > f && git stash -q && git stash pop -q && git diff | tail -1 && cd ..
      git daemon --base-path=/tmp --export-all --listen=127.0.0.1 --reuseaddr --pid-file=/tmp/pid --detach
      ${until('git ls-remote git://127.0.0.1/a')}
      git clone -q git://127.0.0.1/a clone && git -C clone log --oneline | wc -l
      kill $(cat pid)
      git clone -q --depth 1 --branch main file:///tmp/a shallow && git -C shallow rev-list --count HEAD`,
    output: '6\n5\n+0\n9\n1\n',
  },

  strace: {
    needs: ['strace', 'gcc'],
    capabilities: { add: ['CAP_SYS_PTRACE'] },
    script: `strace -f -o log sh -c 'echo x | cat'
      grep -c ' execve(' log
      strace -f --seccomp-bpf -e trace=execve -o log true
      grep -c ' execve(' log
      strace -c -o log true
      grep -c total log
      strace -e inject=mkdir,mkdirat:error=EROFS -o log mkdir x 2> /dev/null || grep -c INJECTED log
      sleep 100 & sleeping=$!
      strace -p $sleeping -o log 2> log2 & tracer=$!
      ${until('grep -q "^TracerPid:.[1-9]" /proc/$sleeping/status')}
      kill $sleeping
      wait $tracer || true
      grep -c 'killed by SIGTERM' log
      strace -k -e trace=write -o log echo y
      grep -c 'write(1, "y' log`,
    output: 'x\n2\n1\n1\n1\n1\ny\n1\n',
  },

  gdb: {
    needs: ['gdb', 'gcc'],
    capabilities: { add: ['CAP_SYS_PTRACE'] },
    script: `${file('a.c', THREADED)}
      gcc -g -pthread -o a a.c
      gdb -q -batch -ex 'set disable-randomization off' -ex 'break count' -ex run -ex 'print counted' \\
        -ex 'info threads' -ex 'watch counted' -ex continue -ex 'print counted' \\
        -ex 'delete' -ex continue ./a > log 2> err
      grep -oE '^\\$.*|exited with.*' log
      grep -c 'Thread 0x' log > /dev/null
      ./a waits & waiting=$!
      ${until('test -e waits')}
      gdb -q -batch -p $waiting -ex 'print counted' -ex 'set var counted = 7' -ex 'print counted' \\
        -ex 'generate-core-file core' > log 2> err
      grep -E '^\\$' log
      kill $waiting
      gdb -q -batch -ex 'print counted' ./a core 2> err | grep -E '^\\$'`,
    output: '$1 = 41\n$2 = 42\nexited with code 052]\n$1 = 41\n$2 = 7\n$1 = 7\n',
  },
};
