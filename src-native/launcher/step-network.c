// SPDX-License-Identifier: MIT
// Steps about interfaces, addresses and routes, and the sockets that Node is given of a network that nobody is in.
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include "ahead.h"
#include "interface.h"
#include "rtnetlink.h"
#include "step.h"

enum { IPV4_SIZE = 4, IPV6_SIZE = 16 };

struct outcome step_link_up(struct child *child, const struct step_link_up *step)
{
	struct interface_request request = {0};
	PASS(interface_named(plan_string(child->plan, step->name), step->name.length, &request));
	int fd = (int)TRY(socket, SYS_AF_INET, SYS_SOCK_DGRAM | O_CLOEXEC, 0);
	TRY(ioctl, fd, SIOCGIFFLAGS, &request);
	request.flags |= INTERFACE_UP;
	TRY(ioctl, fd, SIOCSIFFLAGS, &request);
	TRY(close, fd);
	return DONE;
}

// That of a socket which is made for it: /proc may be the container's, or none.
static struct outcome own_network(int *ret_fd)
{
	const int fd = (int)TRY(socket, SYS_AF_INET, SYS_SOCK_DGRAM | O_CLOEXEC, 0);
	const long network = sys_ioctl(fd, SIOCGSKNS, 0);
	sys_close(fd);
	*ret_fd = (int)network;
	return network < 0 ? REFUSED(ioctl, -network) : DONE;
}

struct outcome step_new_network(struct child *child, const struct step_new_network *step)
{
	int32_t *slots = child->page->slots;
	PASS(own_network(&slots[step->left]));
	ahead_forget(child, CLONE_NEWNET);
	TRY(unshare, CLONE_NEWNET);
	return own_network(&slots[step->slot]);
}

struct outcome step_add_veth(struct child *child, const struct step_add_veth *step)
{
	const struct plan *plan = child->plan;
	const struct ifinfomsg link = {.ifi_family = 0};
	const int network = child->page->slots[step->network];
	struct interface_request longest;
	struct rtnetlink message;
	PASS(interface_named(plan_string(plan, step->name), step->name.length, &longest));
	PASS(interface_named(plan_string(plan, step->peer), step->peer.length, &longest));
	rtnetlink_begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof(link));
	rtnetlink_put(&message, IFLA_IFNAME, plan_string(plan, step->name), step->name.length + 1);
	const size_t info = rtnetlink_open(&message, IFLA_LINKINFO);
	rtnetlink_put(&message, IFLA_INFO_KIND, "veth", sizeof("veth"));
	const size_t data = rtnetlink_open(&message, IFLA_INFO_DATA);
	const size_t peer = rtnetlink_open(&message, VETH_INFO_PEER);
	rtnetlink_skip(&message, sizeof(link));
	rtnetlink_put(&message, IFLA_IFNAME, plan_string(plan, step->peer), step->peer.length + 1);
	rtnetlink_put(&message, IFLA_NET_NS_FD, &network, sizeof(network));
	rtnetlink_close(&message, peer);
	rtnetlink_close(&message, data);
	rtnetlink_close(&message, info);
	return rtnetlink_send(&message);
}

// IPv4 or IPv6, by its size.
static struct outcome family_of(struct wire_bytes address, uint8_t *ret_family)
{
	*ret_family = address.length == IPV4_SIZE ? SYS_AF_INET : SYS_AF_INET6;
	return address.length == IPV4_SIZE || address.length == IPV6_SIZE ? DONE : REFUSED(write, SYS_EAFNOSUPPORT);
}

struct outcome step_add_address(struct child *child, const struct step_add_address *step)
{
	const struct plan *plan = child->plan;
	const void *value = plan_bytes(plan, step->address);
	struct ifaddrmsg address = {.ifa_prefixlen = (uint8_t)step->prefix, .ifa_flags = IFA_F_NODAD};
	struct rtnetlink message;
	int index;
	PASS(family_of(step->address, &address.ifa_family));
	PASS(rtnetlink_index(plan_string(plan, step->name), step->name.length, &index));
	address.ifa_index = (uint32_t)index;
	rtnetlink_begin(&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &address, sizeof(address));
	rtnetlink_put(&message, IFA_LOCAL, value, step->address.length);
	rtnetlink_put(&message, IFA_ADDRESS, value, step->address.length);
	return rtnetlink_send(&message);
}

// Routes of one table, also those that say that an address is local: what the kernel itself has noted comes before.
static struct outcome route_to(const struct plan *plan, struct wire_bytes destination, uint64_t prefix, uint64_t type,
	struct wire_bytes name, struct rtnetlink *message)
{
	const uint16_t kind = message->message.head.nlmsg_type;
	struct rtmsg route = {
		.rtm_dst_len = (uint8_t)prefix,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = type == RTN_LOCAL ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
		.rtm_type = (uint8_t)type,
	};
	int index;
	PASS(family_of(destination, &route.rtm_family));
	PASS(rtnetlink_index(plan_string(plan, name), name.length, &index));
	const uint16_t flags = kind == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_EXCL : 0;
	rtnetlink_begin(message, kind, flags, &route, sizeof(route));
	rtnetlink_put(message, RTA_DST, plan_bytes(plan, destination), destination.length);
	rtnetlink_put(message, RTA_OIF, &index, sizeof(index));
	return DONE;
}

struct outcome step_add_route(struct child *child, const struct step_add_route *step)
{
	struct rtnetlink message = {.message.head.nlmsg_type = RTM_NEWROUTE};
	PASS(route_to(child->plan, step->destination, step->prefix, step->type, step->name, &message));
	if (step->gateway.length)
		rtnetlink_put(&message, RTA_GATEWAY, plan_bytes(child->plan, step->gateway), step->gateway.length);
	return rtnetlink_send(&message);
}

struct outcome step_remove_route(struct child *child, const struct step_remove_route *step)
{
	struct rtnetlink message = {.message.head.nlmsg_type = RTM_DELROUTE};
	PASS(route_to(child->plan, step->destination, step->prefix, step->type, step->name, &message));
	return rtnetlink_send(&message);
}

static struct outcome bind_any(int fd, uint64_t family, uint64_t port)
{
	const uint16_t ordered = __builtin_bswap16((uint16_t)port);
	const struct sockaddr_in any = {.sin_family = SYS_AF_INET, .sin_port = ordered};
	const struct sockaddr_in6 any6 = {.sin6_family = SYS_AF_INET6, .sin6_port = ordered};
	if (family == SYS_AF_INET)
		TRY(bind, fd, &any, sizeof(any));
	else
		TRY(bind, fd, &any6, sizeof(any6));
	return DONE;
}

struct outcome step_listen_tcp(struct child *child, const struct step_listen_tcp *step)
{
	const int type = SYS_SOCK_STREAM | SYS_SOCK_NONBLOCK | O_CLOEXEC;
	const int size = (int)step->buffer_bytes;
	const int fd = (int)TRY(socket, (int)step->family, type, 0);
	child->page->slots[step->slot] = fd;
	// Those that it accepts have the same.
	if (size > 0) {
		TRY(setsockopt, fd, SYS_SOL_SOCKET, SYS_SO_RCVBUF, &size, sizeof(size));
		TRY(setsockopt, fd, SYS_SOL_SOCKET, SYS_SO_SNDBUF, &size, sizeof(size));
	}
	if (step->family == SYS_AF_INET6) {
		const int both = 0;
		TRY(setsockopt, fd, SYS_IPPROTO_IPV6, SYS_IPV6_V6ONLY, &both, sizeof(both));
	}
	PASS(bind_any(fd, step->family, step->port));
	TRY(listen, fd, (int)step->backlog);
	return DONE;
}

struct outcome step_bind_udp(struct child *child, const struct step_bind_udp *step)
{
	struct sockaddr_in address = {.sin_family = SYS_AF_INET, .sin_port = __builtin_bswap16((uint16_t)step->port)};
	if (step->address.length != IPV4_SIZE)
		return REFUSED(bind, SYS_EAFNOSUPPORT);
	memcpy(&address.sin_addr, plan_bytes(child->plan, step->address), IPV4_SIZE);
	const int fd = (int)TRY(socket, SYS_AF_INET, SYS_SOCK_DGRAM | SYS_SOCK_NONBLOCK | O_CLOEXEC, 0);
	child->page->slots[step->slot] = fd;
	TRY(bind, fd, &address, sizeof(address));
	return DONE;
}
