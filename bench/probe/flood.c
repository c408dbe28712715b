/*
 * What the benchmark floods a syslog sink with, and what reads the sink's output.
 *
 *   flood PID WRITERS MESSAGES GAP STALL <OUTPUT
 *
 * WRITERS processes in the mount and pid namespaces of process PID each send MESSAGES messages of 200 bytes to
 * /dev/log, in the form of glibc's syslog(3) and by a send(2) that may block, GAP microseconds apart. OUTPUT, a pipe
 * that the sink prints to, is read from STALL milliseconds after the start on, until every message is there or owned
 * up to, or nothing moves any more.
 *
 * Each text carries its writer's number and its own, and must come whole and once. Prints one line:
 *
 *   NANOSECONDS WRITTEN DROPPED LONGEST
 *
 * from the first send to the last message read; how many messages came; how many the sink's own lines say that it
 * dropped ("dropped N message..."); and the longest send(2) in nanoseconds.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	MAX_WRITERS = 64,
	DATAGRAM = 200, /* bytes of a message, header included */
	TEXT = 150,	/* of those, the bytes of its text */
	NUMBERS = sizeof "bench 00 0000000" - 1,
	QUIET = 2000, /* milliseconds without output after which what is missing counts as lost */
	REST = 100,   /* the same when nothing is missing that the sink does not own up to */
};

/* What a writer leaves behind, in memory shared with the reader. */
struct writer {
	long long first;   /* when it began to send */
	long long longest; /* its longest send(2) */
};

static struct writer *writers;
static int nwriters, nmessages, gap;

static bool *seen; /* [writer][message] */
static long long written, dropped, last;

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void enter(const char *pid, const char *space, int flag)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/proc/%s/ns/%s", pid, space);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, flag))
		err(1, "cannot enter %s", path);
	close(fd);
}

static int dial(void)
{
	struct sockaddr_un log = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&log, sizeof log))
		err(1, "cannot connect to /dev/log");
	return fd;
}

/* fill makes a text of its numbers and a padding that no two texts next to each other share. */
static void fill(char *text, int writer, int message)
{
	char numbers[64];

	snprintf(numbers, sizeof numbers, "bench %02d %07d", writer, message);
	memcpy(text, numbers, NUMBERS);
	memset(text + NUMBERS, 'a' + message % 26, TEXT - NUMBERS);
}

/* flood is a writer's life. Its pid is that within the sink's namespace. */
static void flood(int self, int gate)
{
	struct writer *w = &writers[self];
	char datagram[DATAGRAM + 1];
	long long before, after;
	int fd = dial(), header;

	header = snprintf(datagram, sizeof datagram, "<30>Nov 23 13:30:05 prog[%d]: ", getpid());
	memset(datagram + header, '.', DATAGRAM - header);
	if (read(gate, &(char){0}, 1) != 0)
		errx(1, "no start");
	w->first = before = now();
	for (int i = 0; i < nmessages; i++) {
		fill(datagram + DATAGRAM - TEXT, self, i);
		if (gap) {
			usleep(gap);
			before = now();
		}
		if (send(fd, datagram, DATAGRAM, 0) != DATAGRAM)
			err(1, "cannot send message %d", i);
		after = now();
		if (after - before > w->longest)
			w->longest = after - before;
		before = after;
	}
	_exit(0);
}

/* launch starts the writers, which connect and then wait for the end of the pipe that it returns. */
static int launch(void)
{
	int gate[2];

	if (pipe2(gate, O_CLOEXEC))
		err(1, "cannot make a pipe");
	for (int i = 0; i < nwriters; i++) {
		pid_t pid = fork();
		if (pid < 0)
			err(1, "cannot fork");
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(gate[1]);
			flood(i, gate[0]);
		}
	}
	close(gate[0]);
	return gate[1];
}

/* finished says whether all writers have ended, and fails if one did so in error. */
static bool finished(void)
{
	static int ended;
	int status;

	while (ended < nwriters && waitpid(-1, &status, WNOHANG) > 0) {
		if (status != 0)
			errx(1, "a writer failed");
		ended++;
	}
	return ended == nwriters;
}

/* dropline adds up what the sink says of itself. */
static void dropline(char *line, size_t length)
{
	char *at = memmem(line, length, "dropped ", 8), *unit;
	long long n;

	if (!at)
		return;
	n = strtoll(at + 8, &unit, 10); /* ends within the buffer: a newline stops it */
	if (strncmp(unit, " message", 8) == 0)
		dropped += n;
}

/* tally looks at one line, whose last TEXT bytes are a message if it is one; what stands before them is the sink's. */
static void tally(char *line, size_t length)
{
	char *text = line + length - TEXT, want[TEXT];
	int writer, message;

	if (length < TEXT || memcmp(text, "bench ", 6) != 0) {
		dropline(line, length);
		return;
	}
	writer = atoi(text + 6);
	message = atoi(text + 9);
	if (writer < 0 || writer >= nwriters || message < 0 || message >= nmessages)
		errx(1, "a message of nobody's: %.*s", NUMBERS, text);
	fill(want, writer, message);
	if (memcmp(want, text, TEXT) != 0)
		errx(1, "a message that is not as it was sent: %.*s", TEXT, text);
	if (seen[(size_t)writer * nmessages + message])
		errx(1, "a message that came twice: %.*s", NUMBERS, text);
	seen[(size_t)writer * nmessages + message] = true;
	written++;
}

/* drain reads what there is and returns false at the end of the output. */
static bool drain(void)
{
	static char buffer[1 << 17];
	static size_t held;
	long long had = written;
	char *line = buffer, *newline;
	ssize_t n = read(STDIN_FILENO, buffer + held, sizeof buffer - 1 - held);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	held += n;
	buffer[held] = '\0';
	while ((newline = memchr(line, '\n', buffer + held - line))) {
		tally(line, newline - line);
		line = newline + 1;
	}
	held -= line - buffer;
	if (held == sizeof buffer - 1)
		errx(1, "a line without an end");
	memmove(buffer, line, held);
	if (written > had)
		last = now();
	return true;
}

static void collect(void)
{
	struct pollfd output = {.fd = STDIN_FILENO, .events = POLLIN};
	long long total = (long long)nwriters * nmessages;
	int ready;

	while (written < total) {
		ready = poll(&output, 1, written + dropped < total ? QUIET : REST);
		if (ready < 0)
			err(1, "cannot poll");
		if (ready == 0 && finished())
			return;
		if (ready > 0 && !drain())
			errx(1, "the sink has closed its output after %lld messages", written);
	}
}

static void summary(void)
{
	long long first = writers[0].first, longest = 0;

	for (int i = 0; i < nwriters; i++) {
		if (writers[i].first < first)
			first = writers[i].first;
		if (writers[i].longest > longest)
			longest = writers[i].longest;
	}
	printf("%lld %lld %lld %lld\n", written ? last - first : 0, written, dropped, longest);
}

int main(int argc, char **argv)
{
	if (argc != 6)
		errx(100, "usage: flood PID WRITERS MESSAGES GAP STALL <OUTPUT");
	nwriters = atoi(argv[2]);
	nmessages = atoi(argv[3]);
	gap = atoi(argv[4]);
	if (nwriters < 1 || nwriters > MAX_WRITERS || nmessages < 1 || nmessages > 9999999)
		errx(100, "cannot send %s messages by %s writers", argv[3], argv[2]);
	writers = mmap(NULL, nwriters * sizeof *writers, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	seen = calloc(nwriters, nmessages);
	if (writers == MAP_FAILED || !seen)
		err(1, "cannot get memory");
	enter(argv[1], "pid", CLONE_NEWPID); /* which the children will be in */
	enter(argv[1], "mnt", CLONE_NEWNS);
	close(launch());
	usleep(atoi(argv[5]) * 1000);
	collect();
	while (!finished())
		usleep(1000);
	summary();
	return 0;
}
