// dns up ADDR            answers every question at ADDR:53 with one address, or none for AAAA
// dns echo ADDR          sends every datagram at ADDR:53 back, with QR set: what no server is faster than
// dns load ADDR NAMES SECONDS WINDOW RATE FRESH
//                        asks ADDR:53 for NAMES names again and again, or with FRESH each time for a new one, for
//                        SECONDS, WINDOW at a time, at most RATE a second (0: as fast as it goes), and prints: replies lost p50 p99,
//                        the last two in microseconds
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 32, SIZE = 512, IDS = 65536 };

static struct mmsghdr msgs[BATCH];
static struct iovec vecs[BATCH];
static struct sockaddr_in froms[BATCH];
static unsigned char bufs[BATCH][SIZE];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int sock(const char *addr, int serve)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(53)};
	inet_pton(AF_INET, addr, &sa.sin_addr);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	for (int i = 0; (serve ? bind : connect)(fd, (struct sockaddr *)&sa, sizeof sa); i++) { // lo comes up just now
		if (i == 5000)
			fail(addr);
		usleep(1000);
	}
	return fd;
}

// reply turns a question into its answer, and returns the length of that.
static int reply(unsigned char *b, int n, int echo)
{
	if (n < 17)
		return 0;
	b[2] |= 0x80;
	if (echo)
		return n;
	b[3] = 0x80;
	int end = 12;
	while (end < n && b[end])
		end += b[end] + 1;
	end += 5;
	if (end > n || end + 16 > SIZE)
		return 0;
	memset(b + 6, 0, 6);
	if (b[end - 3] == 1) { // A
		static const unsigned char rr[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 10, 0, 0, 7};
		b[7] = 1;
		memcpy(b + end, rr, sizeof rr);
		end += sizeof rr;
	}
	return end;
}

static void serve(const char *addr, int echo)
{
	int fd = sock(addr, 1);
	for (;;) {
		for (int i = 0; i < BATCH; i++) {
			vecs[i] = (struct iovec){bufs[i], SIZE};
			msgs[i].msg_hdr = (struct msghdr){.msg_name = &froms[i], .msg_namelen = sizeof froms[i], .msg_iov = &vecs[i], .msg_iovlen = 1};
		}
		int n = recvmmsg(fd, msgs, BATCH, MSG_WAITFORONE, 0);
		if (n < 0)
			continue;
		int out = 0;
		for (int i = 0; i < n; i++) {
			int len = reply(bufs[i], msgs[i].msg_len, echo);
			vecs[i].iov_len = len;
			if (len) {
				msgs[out].msg_hdr = msgs[i].msg_hdr;
				out++;
			}
		}
		for (int sent = 0; sent < out;) {
			int k = sendmmsg(fd, msgs + sent, out - sent, 0);
			sent += k > 0 ? k : 1;
		}
	}
}

static double sentAt[IDS]; // 0: no question with this ID waits
static unsigned short unused[IDS];
static float *took;

static int byValue(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;
	return (x > y) - (x < y);
}

// question writes the one for name n, with an ID.
static int question(unsigned char *b, int id, long n, int fresh)
{
	static const unsigned char head[] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, tail[] = "\5bench\4test\0\0\1\0\1";
	memcpy(b, head, sizeof head);
	b[0] = id >> 8, b[1] = id;
	int k = snprintf((char *)b + 13, 40, fresh ? "fresh%ldx%d" : "name%ld", n, (int)getpid() * fresh);
	b[12] = k;
	memcpy(b + 13 + k, tail, sizeof tail - 1);
	return 13 + k + sizeof tail - 1;
}

// load asks, from begin until end, and returns how many replies came.
static long load(int fd, long names, double seconds, int window, double rate, int fresh, long *lost, long most)
{
	long sent = 0, got = 0, tookN = 0, waiting = 0, name = 0;
	int free = 0, freeEnd = 0, freeN = IDS;
	for (int i = 0; i < IDS; i++)
		unused[i] = i, sentAt[i] = 0;
	double begin = now(), end = begin + seconds, heard = begin;
	for (;;) {
		double t = now();
		int over = t >= end || (most && sent >= most);
		if (over && (!waiting || t - heard > 1))
			break;
		if (!over && t - heard > 2) { // what is lost makes room again
			for (int i = 0; i < IDS; i++)
				if (sentAt[i])
					sentAt[i] = 0, unused[freeEnd] = i, freeEnd = (freeEnd + 1) % IDS, freeN++, ++*lost;
			waiting = 0, heard = t;
		}
		long room = over ? 0 : window - waiting;
		if (rate && room > (t - begin) * rate - sent)
			room = (t - begin) * rate - sent;
		if (most && room > most - sent)
			room = most - sent;
		if (room > BATCH)
			room = BATCH;
		if (room > freeN)
			room = freeN;
		for (int i = 0; i < room; i++) {
			int id = unused[free];
			free = (free + 1) % IDS, freeN--;
			vecs[i] = (struct iovec){bufs[i], question(bufs[i], id, fresh ? ++name : name++ % names, fresh)};
			msgs[i].msg_hdr = (struct msghdr){.msg_iov = &vecs[i], .msg_iovlen = 1};
			sentAt[id] = t;
		}
		if (room > 0) {
			int k = sendmmsg(fd, msgs, room, 0);
			for (int i = k < 0 ? 0 : k; i < room; i++) { // nobody listens yet
				int id = bufs[i][0] << 8 | bufs[i][1];
				sentAt[id] = 0, unused[freeEnd] = id, freeEnd = (freeEnd + 1) % IDS, freeN++;
			}
			if (k > 0)
				sent += k, waiting += k;
			else
				usleep(1000);
		}
		for (int i = 0; i < BATCH; i++) {
			vecs[i] = (struct iovec){bufs[i], SIZE};
			msgs[i].msg_hdr = (struct msghdr){.msg_iov = &vecs[i], .msg_iovlen = 1};
		}
		int n = recvmmsg(fd, msgs, BATCH, MSG_DONTWAIT, 0);
		if (n <= 0) {
			struct pollfd p = {fd, POLLIN, 0};
			struct timespec wait = {0, rate ? 20000 : 2000000};
			if (waiting >= window || over || rate)
				ppoll(&p, 1, &wait, 0);
			continue;
		}
		heard = t = now();
		for (int i = 0; i < n; i++) {
			int id = bufs[i][0] << 8 | bufs[i][1];
			if (!sentAt[id] || (bufs[i][3] & 15))
				continue;
			if (took && tookN < 4000000)
				took[tookN++] = (t - sentAt[id]) * 1e6;
			sentAt[id] = 0, unused[freeEnd] = id, freeEnd = (freeEnd + 1) % IDS, freeN++;
			got++, waiting--;
		}
	}
	*lost += waiting;
	if (took && tookN) {
		qsort(took, tookN, sizeof *took, byValue);
		printf("%ld %ld %.0f %.0f\n", got, *lost, took[tookN / 2], took[tookN * 99 / 100]);
	} else if (took)
		printf("0 %ld 0 0\n", *lost);
	return got;
}

int main(int argc, char **argv)
{
	if (argc == 3)
		serve(argv[2], !strcmp(argv[1], "echo"));
	if (argc != 8)
		return 2;
	int fd = sock(argv[2], 0), fresh = atoi(argv[7]);
	long names = atol(argv[3]), lost = 0;
	double until = now() + 10;
	while (load(fd, 1, 0.2, 1, 0, 0, &lost, 1) == 0) // until somebody answers
		if (now() > until) {
			fputs("nobody answers\n", stderr);
			return 1;
		}
	for (int i = 0; i < 2 && !fresh; i++)
		load(fd, names, 10, 50, 0, 0, &lost, names);
	printf("primed\n");
	fflush(stdout);
	getchar();
	lost = 0;
	took = malloc(4000000 * sizeof *took);
	load(fd, names, atof(argv[4]), atoi(argv[5]), atof(argv[6]), fresh, &lost, 0);
	return 0;
}
