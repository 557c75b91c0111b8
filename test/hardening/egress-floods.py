# What a hostile program floods the way out with: python3 - WAY COUNT.
import collections, os, resource, socket, struct, sys, time

resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
way, count = sys.argv[1], int(sys.argv[2])
SERVER = ('198.18.0.1', 53)


def question(name, id=0, kind=1):
    labels = b''.join(bytes([len(label)]) + label.encode() for label in name.split('.')) + b'\0'
    return struct.pack('>6H', id & 65535, 0x0100, 1, 0, 0, 0) + labels + struct.pack('>2H', kind, 1)


def processes(act, number=4):
    """The same in several processes, and what each has to say, in order."""
    pipes = []
    for index in range(number):
        read, write = os.pipe()
        if os.fork() == 0:
            os.close(read)
            os.write(write, f'{act(index)}\n'.encode())
            os._exit(0)
        os.close(write)
        pipes.append(read)
    for read in pipes:
        sys.stdout.write(os.read(read, 65536).decode())
    for _ in pipes:
        os.wait()


def udp():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.connect(SERVER)
    return made


def questions():
    def send(index):
        sock = udp()
        sent = 0
        for number in range(count):
            name = 'echo.example.org' if number % 2 == 0 else f'{index}.{number}.example.net'
            try:
                sock.send(question(name, number, 1 if number % 4 < 2 else 28))
                sent += 1
            except OSError:
                pass
        return f'sent {sent}'
    processes(send)


def ask(suffix):
    """Each name, some at a time; the codes of the answers. What is lost is asked for again."""
    sock = udp()
    sock.settimeout(1)
    codes = collections.Counter()
    window = 64
    for start in range(0, count, window):
        numbers = range(start, min(count, start + window))
        waiting = {number & 65535: question(f'n{number}.{suffix}', number) for number in numbers}
        for data in waiting.values():
            sock.send(data)
        while waiting:
            try:
                id, flags = struct.unpack('>2H', sock.recv(4096)[:4])
                if waiting.pop(id, None):
                    codes[flags & 15] += 1
            except socket.timeout:
                for data in waiting.values():
                    sock.send(data)
    for code, number in sorted(codes.items()):
        print(f'{number} of {code}')


def unlisted():
    ask('example.net')


def wildcards():
    ask('example.com')


def halves():
    """The length of a question, or half of it, and nothing more."""
    held = []
    try:
        for number in range(count):
            sock = socket.create_connection(SERVER, 5)
            sock.send(b'\0' if number % 2 else b'\0\x40half of it')
            held.append(sock)
    except OSError:
        pass
    print(f'held {len(held)}')
    sock = udp()
    sock.settimeout(30)
    sock.send(question('echo.example.org'))
    print('answered' if sock.recv(4096)[3] & 15 == 0 else 'refused')


def to(port):
    return socket.getaddrinfo('echo.example.org', port, socket.AF_INET, socket.SOCK_STREAM)[0][4]


def connections():
    """Held until all processes have theirs, or can get no more."""
    address = to(7)
    def hold(_):
        held = []
        for _ in range(count):
            try:
                held.append(socket.create_connection(address, 5))
            except OSError:
                break
        time.sleep(1)
        return f'held {len(held)}'
    processes(hold)


def hasty():
    """Ended as soon as they are begun, some by a reset."""
    address = to(7)
    for number in range(count):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if number % 3 == 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        if number % 2 == 0:
            sock.setblocking(False)
        try:
            sock.connect(address)
            sock.send(b'word')
        except OSError:
            pass
        sock.close()


def silent():
    address = to(19)
    held = [socket.create_connection(address) for _ in range(count)]
    time.sleep(3)
    print(len(held))


def pushing():
    """Written to until there is no room for a second."""
    address = to(11)
    sent = 0
    held = [socket.create_connection(address) for _ in range(count)]
    for sock in held:
        sock.setblocking(False)
    last = time.monotonic()
    while time.monotonic() - last < 1 and sent < 1 << 32:
        for sock in held:
            try:
                sent += sock.send(b'x' * 65536)
                last = time.monotonic()
            except BlockingIOError:
                pass
    print(sent)


globals()[way]()
