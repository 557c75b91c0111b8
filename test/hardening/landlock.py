# What a program under Landlock tries against its policy. `landlock.py files DIRECTORY PID`, `ports PORT` or
# `signals PID`; each try says `name: done`, or `name: ERROR`.
#
# DIRECTORY has `secret`, which the policy does not name, and `allowed`, which it does. PID is another process of the
# same user, which has `secret` open as descriptor 9. Calls that Python lacks are made by their numbers.
import ctypes
import errno
import fcntl
import os
import platform
import signal
import socket
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
X64 = platform.machine() == 'x86_64'
CALLS = {
    'ptrace': 101 if X64 else 117,
    'sendmmsg': 307 if X64 else 269,
    'process_vm_readv': 310 if X64 else 270,
    'io_uring_setup': 425,
    'open_tree': 428,
    'move_mount': 429,
    'fsopen': 430,
    'fsconfig': 431,
    'fsmount': 432,
    'pidfd_getfd': 438,
    'landlock_create_ruleset': 444,
    'landlock_add_rule': 445,
    'landlock_restrict_self': 446,
}


def call(name, *args):
    types = {bytes: ctypes.c_char_p, int: ctypes.c_long}
    words = [types.get(type(one), lambda same: same)(one) for one in args]
    result = libc.syscall(ctypes.c_long(CALLS[name]), *words)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


reset = lambda: None


def attempt(name, tried):
    reset()
    try:
        tried()
        print(f'{name}: done', flush=True)
    except OSError as error:
        print(f'{name}: {errno.errorcode.get(error.errno, error.errno)}', flush=True)


# In a process of its own: what it does to itself is gone with it.
def apart(name, tried):
    pid = os.fork()
    if pid == 0:
        attempt(name, tried)
        os._exit(0)
    os.waitpid(pid, 0)


def read(path, **place):
    with open(os.open(path, os.O_RDONLY, **place), 'rb') as file:
        file.read()


# Undoes what an attempt has done, where it could.
def restore(directory, text):
    secret, inside = f'{directory}/secret', f'{directory}/allowed'
    for undo in [
        lambda: os.rename(f'{directory}/elsewhere', inside),
        lambda: os.path.exists(f'{inside}/moved') and os.rename(f'{inside}/moved', secret),
        lambda: os.unlink(f'{inside}/own'),
        lambda: os.unlink(f'{inside}/hard'),
        lambda: open(secret, 'wb').write(text),
    ]:
        try:
            undo()
        except OSError:
            pass


def files(directory, pid):
    global reset
    reset = lambda: restore(directory, b'secret\n')
    secret = f'{directory}/secret'
    inside = f'{directory}/allowed'
    attempt('allowed', lambda: read(f'{inside}/file'))
    attempt('path', lambda: read(secret))
    attempt('dots', lambda: read(f'{inside}/../secret'))
    attempt('write', lambda: os.open(secret, os.O_WRONLY))
    attempt('truncate', lambda: os.truncate(secret, 0))
    attempt('open and truncate', lambda: os.open(secret, os.O_RDONLY | os.O_TRUNC))
    attempt('list', lambda: os.listdir(directory))
    attempt('remove', lambda: os.unlink(secret))
    attempt('a link that was there', lambda: read(f'{inside}/link'))

    def own_link():
        os.symlink(secret, f'{inside}/own')
        read(f'{inside}/own')

    attempt('a link of its own', own_link)
    attempt('root', lambda: read(f'/proc/self/root{secret}'))

    def by_cwd():
        os.chdir(directory)
        read('secret')

    attempt('cwd', by_cwd)
    place = os.open(directory, os.O_PATH)
    attempt('a directory by O_PATH', lambda: read('secret', dir_fd=place))
    held = os.open(secret, os.O_PATH)
    attempt('a file by O_PATH', lambda: read(f'/proc/self/fd/{held}'))
    attempt('an inherited directory', lambda: read('secret', dir_fd=3))
    attempt('a hard link', lambda: os.link(secret, f'{inside}/hard'))
    attempt('a move inside', lambda: os.rename(secret, f'{inside}/moved'))
    attempt('a move of the policy', lambda: os.rename(inside, f'{directory}/elsewhere'))
    attempt('a device', lambda: os.mknod(f'{inside}/device', 0o60600, os.makedev(7, 99)))
    attempt('another’s descriptor', lambda: read(f'/proc/{pid}/fd/9'))
    attempt('another’s root', lambda: read(f'/proc/{pid}/root{secret}'))
    attempt('another’s cwd', lambda: read(f'/proc/{pid}/cwd/secret'))
    attempt('another’s memory', lambda: read(f'/proc/{pid}/mem'))
    attempt('pidfd_getfd', lambda: call('pidfd_getfd', os.pidfd_open(pid), 9, 0))
    attempt('ptrace', lambda: call('ptrace', 0x4206, pid, 0, 0))
    attempt('process_vm_readv', lambda: vm_read(pid))
    apart('a policy of its own', lambda: (own_policy(), read(secret)))
    for name, tried in MOUNTS.items():
        apart(name, lambda: (become_root(), tried(directory)))


def vm_read(pid):
    buffer = ctypes.create_string_buffer(8)
    local = struct.pack('QQ', ctypes.addressof(buffer), 8)
    call('process_vm_readv', pid, local, 1, struct.pack('QQ', 4096, 8), 1, 0)


# All rights to everything: another layer can only narrow what the first allows.
def own_policy():
    ruleset = call('landlock_create_ruleset', struct.pack('Q', 0x1fff), 8, 0)
    root = os.open('/', os.O_PATH)
    call('landlock_add_rule', ruleset, 1, struct.pack('=Qi', 0x1fff, root), 0)
    call('landlock_restrict_self', ruleset, 0)


NEWUSER, NEWNS = 0x10000000, 0x00020000


# Of a user namespace, with every capability there.
def become_root():
    if libc.unshare(NEWUSER | NEWNS) < 0:
        raise OSError(ctypes.get_errno(), 'unshare')


def mount(source, target, kind, flags):
    if libc.mount(source.encode(), target.encode(), kind and kind.encode(), flags, None) < 0:
        raise OSError(ctypes.get_errno(), 'mount')


def bind(directory):
    mount(directory, f'{directory}/allowed', None, 4096)
    read(f'{directory}/allowed/secret')


def detached(directory):
    tree = call('open_tree', -100, directory.encode(), 0x80001)
    read('secret', dir_fd=tree)


def attached(directory):
    tree = call('open_tree', -100, directory.encode(), 0x80001)
    call('move_mount', tree, b'', -100, f'{directory}/allowed'.encode(), 4)
    read(f'{directory}/allowed/secret')


# A file system of its own that shows another one's files.
def overlay(directory):
    context = call('fsopen', b'overlay', 0)
    call('fsconfig', context, 1, b'lowerdir', f'{directory}:/etc'.encode(), 0)
    call('fsconfig', context, 6, 0, 0, 0)
    read('secret', dir_fd=call('fsmount', context, 0, 0))


def chroot(directory):
    os.chroot(directory)
    read('/secret')


MOUNTS = {
    'a bind mount': bind,
    'a detached tree': detached,
    'an attached tree': attached,
    'an overlay': overlay,
    'chroot': chroot,
}


def stream(family=socket.AF_INET, protocol=0):
    return socket.socket(family, socket.SOCK_STREAM, protocol)


# The upper half of an argument, which the kernel does not look at.
def raw_socket(family, protocol):
    number = 41 if X64 else 198
    high = 1 << 32
    words = [number, family | high, 1 | high, protocol | high]
    result = libc.syscall(*map(ctypes.c_long, words))
    if result < 0:
        raise OSError(ctypes.get_errno(), 'socket')
    return socket.socket(fileno=result)


FASTOPEN = 0x20000000


def send_many(port):
    address = struct.pack('=H', socket.AF_INET) + struct.pack('!H', port) + socket.inet_aton('127.0.0.1') + bytes(8)
    place = ctypes.create_string_buffer(address, 16)
    text = ctypes.create_string_buffer(b'x', 1)
    vector = ctypes.create_string_buffer(struct.pack('QQ', ctypes.addressof(text), 1), 16)
    header = struct.pack('QIxxxxQQQQIxxxx', ctypes.addressof(place), 16, ctypes.addressof(vector), 1, 0, 0, 0)
    message = ctypes.create_string_buffer(header + bytes(8))
    one = stream()
    call('sendmmsg', one.fileno(), message, 1, FASTOPEN)


def connect_fast(port):
    one = stream()
    one.setsockopt(socket.IPPROTO_TCP, 30, 1)
    one.connect(('127.0.0.1', port))
    one.send(b'x')


def ports(port):
    here = ('127.0.0.1', port)
    attempt('connect', lambda: stream().connect(here))
    attempt('connect by IPv6', lambda: stream(socket.AF_INET6).connect(('::ffff:127.0.0.1', port)))
    attempt('multipath', lambda: stream(protocol=262).connect(here))
    attempt('multipath, with upper bits', lambda: raw_socket(socket.AF_INET, 262).connect(here))
    attempt('SMC', lambda: stream(protocol=256).connect(here))
    attempt('a socket of SMC', lambda: stream(43).connect(here))
    attempt('sendto', lambda: stream().sendto(b'x', FASTOPEN, here))
    attempt('sendmsg', lambda: stream().sendmsg([b'x'], [], FASTOPEN, here))
    attempt('sendmmsg', lambda: send_many(port))
    attempt('fast open by an option', lambda: connect_fast(port))
    attempt('io_uring', lambda: call('io_uring_setup', 8, ctypes.create_string_buffer(120)))
    attempt('bind', lambda: stream().bind(('127.0.0.1', port + 1 if port < 65535 else 1025)))
    attempt('bind, multipath', lambda: stream(protocol=262).bind(('127.0.0.1', 0)))


def asynchronous(pid):
    one, other = socket.socketpair()
    fcntl.fcntl(one, fcntl.F_SETOWN, pid)
    fcntl.fcntl(one, 10, signal.SIGTERM)
    fcntl.fcntl(one, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    other.send(b'x')


def signals(pid):
    attempt('kill', lambda: os.kill(pid, signal.SIGTERM))
    attempt('a group', lambda: os.kill(-os.getpgid(pid), signal.SIGTERM))
    attempt('pidfd', lambda: signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGTERM))
    attempt('tgkill', lambda: tgkill(pid))
    # Nobody tells whether it arrived.
    attempt('O_ASYNC', lambda: asynchronous(pid))


def tgkill(pid):
    if libc.syscall(ctypes.c_long(234 if X64 else 131), ctypes.c_long(pid), ctypes.c_long(pid), ctypes.c_long(15)) < 0:
        raise OSError(ctypes.get_errno(), 'tgkill')


what, *rest = sys.argv[1:]
if what == 'files':
    files(rest[0], int(rest[1]))
else:
    {'ports': ports, 'signals': signals}[what](int(rest[0]))
