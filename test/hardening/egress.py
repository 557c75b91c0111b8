# What a hostile program tries to reach more than is listed: python3 - WAY ARGUMENT …, with a verdict for each.
import errno, os, socket, struct, subprocess, sys

PATIENCE = int(os.environ.get('PATIENCE', '20'))


def verdict(act):
    """What `act` gives, or the name of the error. `silent`: nothing came of it for a long time."""
    try:
        return act()
    except socket.timeout:
        return 'silent'
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))


def family(host):
    return socket.AF_INET6 if ':' in host else socket.AF_INET


def address(target):
    host, port = target.rsplit(':', 1)
    return host.strip('[]'), int(port)


def fresh(host, kind, protocol=0):
    made = socket.socket(family(host), kind, protocol)
    made.settimeout(PATIENCE)
    return made


def answer(sock):
    return 'reached' if sock.recv(4096) else 'closed'


def tcp(target):
    host, port = address(target)
    sock = fresh(host, socket.SOCK_STREAM)
    sock.connect((host, port))
    sock.send(b'word')
    return answer(sock)


def fast(target):
    """Data with the first packet. tcp(7), MSG_FASTOPEN"""
    host, port = address(target)
    host = socket.getaddrinfo(host, port)[0][4][0]
    sock = fresh(host, socket.SOCK_STREAM)
    sock.settimeout(None)  # it would not wait for the connection otherwise
    sock.sendto(b'word', socket.MSG_FASTOPEN, (host, port))
    return answer(sock)


def udp(target):
    host, port = address(target)
    sock = fresh(host, socket.SOCK_DGRAM)
    sock.connect((host, port))
    sock.send(b'word')
    return answer(sock)


def dns(target):
    """Asks another resolver for a name, past /etc/resolv.conf."""
    host, port = address(target)
    sock = fresh(host, socket.SOCK_DGRAM)
    sock.connect((host, port))
    sock.send(b'\0\1\1\0\0\1\0\0\0\0\0\0\6secret\7example\3net\0\0\1\0\1')
    return answer(sock)


def quic(target):
    """A long header of version 1, as large as a first packet has to be. RFC 9000, 14.1"""
    host, port = address(target)
    sock = fresh(host, socket.SOCK_DGRAM)
    sock.connect((host, port))
    sock.send((b'\xc0\0\0\0\1\x08' + b'x' * 8).ljust(1200, b'\0'))
    return answer(sock)


def ping(target):
    """icmp(7), "Datagram sockets" of ping_group_range"""
    host, _ = address(target)
    six = family(host) == socket.AF_INET6
    sock = fresh(host, socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP)
    sock.settimeout(1)
    sock.connect((host, 0))
    sock.send(bytes([128 if six else 8, 0, 0, 0, 0, 0, 0, 1]))
    return answer(sock)


def raw(target):
    """A packet to an address by way of the interface, whatever routes say. packet(7); wants CAP_NET_RAW"""
    host, port = address(target)
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    datagram = struct.pack('>4H', 4000, port, 12, 0) + b'word'
    header = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(datagram), 1, 0, 64, 17, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'eth0')
    sock.sendto(header + socket.inet_aton('198.18.255.1') + socket.inet_aton(host) + datagram, (host, 0))
    return 'sent'


def beside(port):
    """The other end of the link, by its own address, at a port: everybody on the link is asked who is there."""
    index = socket.if_nametoindex('eth0')
    ask = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6)
    ask.settimeout(2)
    try:
        ask.sendto(bytes([128, 0, 0, 0, 0, 0, 0, 1]), ('ff02::1', 0, 0, index))
        found = [ask.recvfrom(4096)[1][0] for _ in range(2)]
    except OSError:
        return 'nobody'
    for host in found:
        sock = fresh(host, socket.SOCK_STREAM)
        there = (host.split('%')[0], int(port), 0, index)
        said = verdict(lambda: (sock.connect(there), sock.send(b'word'), answer(sock))[-1])
        if said == 'reached':
            return said
    return 'refused'


def first(port):
    """Takes a port on all addresses, by TCP and UDP, as often as one likes: it is the program's own."""
    for host in ('0.0.0.0', '::'):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            for _ in range(4):
                sock = socket.socket(family(host), kind)
                if host == '::':
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                sock.bind((host, int(port)))
                if kind == socket.SOCK_STREAM:
                    sock.listen()
                kept.append(sock)
    return 'bound'


def ip(words):
    """ip(8), whether it likes it or not"""
    done = subprocess.run(['/usr/sbin/ip', *words.split()], capture_output=True, text=True)
    return 'done' if done.returncode == 0 else 'refused'


# rtnetlink(7), linux/if_link.h, linux/if_addr.h
NEWLINK, GETLINK, GETADDR, NEWADDR = 16, 18, 22, 20
REQUEST, ACK, DUMP, CREATE, EXCL = 1, 4, 0x300, 0x400, 0x200
IFNAME, LINK, LINKINFO, LINK_NETNSID, TARGET_NETNSID, IFA_TARGET_NETNSID = 3, 5, 18, 37, 46, 10


def attribute(kind, data):
    return struct.pack('=HH', 4 + len(data), kind) + data.ljust((len(data) + 3) & ~3, b'\0')


def netlink(kind, flags, body):
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    sock.settimeout(PATIENCE)
    sock.setsockopt(270, 12, 1)  # SOL_NETLINK, NETLINK_GET_STRICT_CHK: all that is asked counts
    sock.send(struct.pack('=IHHII', 16 + len(body), kind, REQUEST | flags, 1, 0) + body)
    reply = sock.recv(65536)
    _, kind, _, _, _ = struct.unpack('=IHHII', reply[:16])
    code = struct.unpack('=i', reply[16:20])[0] if kind in (2, 3) else 0  # NLMSG_ERROR, NLMSG_DONE
    return errno.errorcode[-code] if code < 0 else 'done'


def other(number):
    """The namespace behind the link, by the number that it has in this one. since Linux 4.20"""
    nsid = struct.pack('=i', int(number))
    link = lambda index=0: struct.pack('=BBHiII', 0, 0, 0, index, 0, 0)
    name = lambda kind: attribute(IFNAME, b'mine\0') + attribute(LINKINFO, attribute(1, kind))
    tries = [
        (GETLINK, DUMP, link() + attribute(TARGET_NETNSID, nsid)),
        (GETLINK, ACK, link(1) + attribute(TARGET_NETNSID, nsid)),
        (GETADDR, DUMP, struct.pack('=BBBBi', 0, 0, 0, 0, 0) + attribute(IFA_TARGET_NETNSID, nsid)),
        (NEWLINK, ACK | CREATE | EXCL, link() + attribute(TARGET_NETNSID, nsid) + name(b'dummy')),
        (NEWLINK, ACK, struct.pack('=BBHiII', 0, 0, 0, 1, 0, 1) + attribute(TARGET_NETNSID, nsid)),
        (NEWLINK, ACK | CREATE | EXCL, link() + attribute(LINK_NETNSID, nsid) + attribute(LINK, struct.pack('=I', 2))
         + name(b'macvlan')),
        (NEWLINK, ACK | CREATE | EXCL, link() + attribute(LINK_NETNSID, nsid) + name(b'veth')),
    ]
    return ','.join(sorted({verdict(lambda: netlink(*each)) for each in tries}))


kept = []
for line in sys.stdin.read().split('\n') if sys.argv[1:] == ['-'] else sys.argv[1:]:
    if line:
        way, argument = line.split(' ', 1)
        print(f'{line}: {verdict(lambda: globals()[way](argument))}', flush=True)
