/* A server on lwIP, a TCP stack that is not the kernel's: peer INTERFACE IPV4 IPV6 PORT
 *
 * The stack runs in this process; its line is a packet socket on INTERFACE, whose own kernel has no address there and
 * stays out of it. Not lwIP's tap device: Debian's overruns its buffers with frames over 592 octets, and /dev/net/tun
 * is often closed to ordinary users.
 *
 * The application echoes, answers an HTTP request and closes then, and closes at the end of file.
 * Prints "listening" when connections can come. A failed assertion of the stack ends the process, with its text.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/ip6_addr.h"
#include "lwip/netif.h"
#include "lwip/sys.h"
#include "lwip/tcp.h"
#include "lwip/tcpip.h"
#include "netif/ethernet.h"

enum { MTU = 1500, FRAME = 2048 };

static const char REPLY[] = "HTTP/1.0 200 OK\r\n\r\nhello";
static struct netif line;
static int wire;
static ip4_addr_t own4;
static ip6_addr_t own6;
static u16_t port;

static void give_up(const char *what) {
  perror(what);
  exit(1);
}

static int open_wire(const char *name) {
  struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  int made = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
  int yes = 1, room = 1 << 22; /* for the segments of some hundred connections that come while we are not running */
  where.sll_ifindex = (int)if_nametoindex(name);
  if (made < 0 || !where.sll_ifindex || bind(made, (struct sockaddr *)&where, sizeof where)) give_up(name);
  /* What the kernel itself sends there (router solicitations) did not come over the line. */
  if (setsockopt(made, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes)) give_up("PACKET_IGNORE_OUTGOING");
  if (setsockopt(made, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room)) give_up("SO_RCVBUFFORCE");
  return made;
}

static err_t transmit(struct netif *on, struct pbuf *p) {
  char frame[FRAME];
  u16_t size = pbuf_copy_partial(p, frame, sizeof frame, 0);
  (void)on;
  return send(wire, frame, size, 0) == size ? ERR_OK : ERR_IF;
}

static void receive(void *unused) {
  char frame[FRAME];
  ssize_t size;
  (void)unused;
  while ((size = recv(wire, frame, sizeof frame, 0)) >= 0) {
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)size, PBUF_RAM); /* one piece, as long as the frame */
    if (p == NULL) continue;                                      /* out of memory: the frame is lost, as on any line */
    pbuf_take(p, frame, (u16_t)size);
    LOCK_TCPIP_CORE(); /* not tcpip_input: its mailbox holds 128 frames, and more are lost */
    if (ethernet_input(p, &line) != ERR_OK) pbuf_free(p);
    UNLOCK_TCPIP_CORE();
  }
  give_up("receive");
}

static err_t attach(struct netif *n) {
  n->name[0] = 'p', n->name[1] = 'k';
  n->output = etharp_output;
  n->output_ip6 = ethip6_output;
  n->linkoutput = transmit;
  n->mtu = MTU;
  n->hwaddr_len = ETH_HWADDR_LEN;
  memcpy(n->hwaddr, "\2\0\0\0\0\7", ETH_HWADDR_LEN); /* not the interface's own: for its kernel it is another host's */
  n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP | NETIF_FLAG_MLD6;
  return ERR_OK;
}

static err_t finish(struct tcp_pcb *c) {
  tcp_recv(c, NULL);
  if (tcp_close(c) == ERR_OK) return ERR_OK;
  tcp_abort(c);
  return ERR_ABRT;
}

static err_t arrived(void *unused, struct tcp_pcb *c, struct pbuf *p, err_t error) {
  char text[FRAME];
  u16_t size;
  (void)unused, (void)error;
  if (p == NULL) return finish(c); /* the end of file */
  if (p->tot_len > sizeof text || tcp_sndbuf(c) < p->tot_len) return ERR_MEM; /* lwIP keeps it and offers it again */
  size = pbuf_copy_partial(p, text, sizeof text, 0);
  tcp_recved(c, size);
  pbuf_free(p);
  if (size >= 4 && memcmp(text, "GET ", 4) == 0) {
    tcp_write(c, REPLY, sizeof REPLY - 1, 0);
    return finish(c);
  }
  return tcp_write(c, text, size, TCP_WRITE_FLAG_COPY); /* leaves when this returns, with the ACK */
}

static err_t accepted(void *unused, struct tcp_pcb *c, err_t error) {
  (void)unused;
  if (c == NULL || error != ERR_OK) return ERR_VAL;
  tcp_recv(c, arrived);
  return ERR_OK;
}

/* Runs in lwIP's own thread, as its raw API demands. */
static void set_up(void *ready) {
  ip4_addr_t mask, none = {0};
  struct tcp_pcb *listener = tcp_new_ip_type(IPADDR_TYPE_ANY);
  s8_t slot;
  IP4_ADDR(&mask, 255, 255, 255, 0);
  netif_add(&line, &own4, &mask, &none, NULL, attach, ethernet_input);
  netif_set_default(&line);
  netif_create_ip6_linklocal_address(&line, 1);
  netif_add_ip6_address(&line, &own6, &slot);
  /* Nobody else is on this line: use the addresses at once, without looking for duplicates. */
  netif_ip6_addr_set_state(&line, 0, IP6_ADDR_PREFERRED);
  netif_ip6_addr_set_state(&line, slot, IP6_ADDR_PREFERRED);
  netif_set_up(&line);
  if (tcp_bind(listener, IP_ANY_TYPE, port) != ERR_OK) give_up("bind");
  tcp_accept(tcp_listen(listener), accepted);
  sys_sem_signal(ready);
}

int main(int count, char **words) {
  sys_sem_t ready;
  if (count != 5 || !ip4addr_aton(words[2], &own4) || !ip6addr_aton(words[3], &own6)) {
    fputs("usage: peer INTERFACE IPV4 IPV6 PORT\n", stderr);
    return 2;
  }
  port = (u16_t)atoi(words[4]);
  wire = open_wire(words[1]);
  sys_sem_new(&ready, 0);
  tcpip_init(set_up, &ready);
  sys_sem_wait(&ready);
  sys_thread_new("receive", receive, NULL, DEFAULT_THREAD_STACKSIZE, DEFAULT_THREAD_PRIO);
  puts("listening");
  fflush(stdout);
  for (;;) pause();
}
