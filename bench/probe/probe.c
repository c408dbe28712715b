/*
 * What the benchmark runs before, under and around an init. Static and tiny, so
 * that its own start weighs little and the same in every row.
 *
 *   probe stage FIFO PROGRAM [ARG...]   first process of new pid and mount namespaces: gives them their own
 *                                       /proc, /run and /dev, stamps "start" and becomes PROGRAM
 *   probe stamp FIFO NAME exit          stamps NAME and exits
 *   probe stamp FIFO NAME pause         stamps NAME and waits for a signal
 *   probe stamp FIFO NAME stubborn      stamps NAME and ignores SIGTERM
 *   probe orphans FIFO COUNT            orphans COUNT processes that are still alive, and stamps when all are gone
 *
 * A stamp is one line "NAME NANOSECONDS" of CLOCK_MONOTONIC, one atomic write to FIFO.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct timespec now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t;
}

static void stamp(const char *fifo, const char *name, struct timespec t)
{
	char line[256];
	int fd = open(fifo, O_WRONLY | O_CLOEXEC);
	int n = snprintf(line, sizeof line, "%s %lld\n", name, t.tv_sec * 1000000000LL + t.tv_nsec);

	if (fd < 0 || write(fd, line, n) != n)
		err(1, "cannot stamp %s", fifo);
	close(fd);
}

/* devices fills an empty /dev as container engines do. Nobody's /dev/log is there. */
static int devices(void)
{
	mode_t device = S_IFCHR | 0666;

	umask(0);
	if (mknod("/dev/null", device, makedev(1, 3)) || mknod("/dev/zero", device, makedev(1, 5)) ||
	    mknod("/dev/urandom", device, makedev(1, 9)) || symlink("/proc/self/fd", "/dev/fd") ||
	    symlink("fd/0", "/dev/stdin") || symlink("fd/1", "/dev/stdout") || symlink("fd/2", "/dev/stderr"))
		return -1;
	umask(022);
	return 0;
}

/* stage leaves /proc/sys read-only, again as engines do: no sink gets a longer socket queue than the next one. */
static int stage(const char *fifo, char **argv)
{
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("proc", "/proc", "proc", 0, NULL) ||
	    mount("/proc/sys", "/proc/sys", NULL, MS_BIND, NULL) ||
	    mount(NULL, "/proc/sys", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=755") || mount("tmpfs", "/dev", "tmpfs", 0, "mode=755") || devices())
		err(1, "cannot give the namespaces their own /proc, /run and /dev");
	stamp(fifo, "start", now());
	execvp(argv[0], argv);
	err(127, "cannot run %s", argv[0]);
}

static int leave_stamp(const char *fifo, const char *name, const char *then, struct timespec t)
{
	if (strcmp(then, "stubborn") == 0)
		signal(SIGTERM, SIG_IGN);
	stamp(fifo, name, t);
	while (strcmp(then, "exit") != 0)
		pause();
	return 0;
}

/* others counts the processes of this pid namespace beside PID 1 and the caller. */
static int others(void)
{
	int n = -2;
	struct dirent *e;
	DIR *proc = opendir("/proc");

	if (!proc)
		err(1, "cannot open /proc");
	while ((e = readdir(proc)))
		n += isdigit((unsigned char)e->d_name[0]) != 0;
	closedir(proc);
	return n;
}

/* orphan starts a process whose parent ends at once, and which lives for half a millisecond more. */
static void orphan(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "cannot fork");
	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			usleep(500);
		_exit(pid < 0);
	}
	if (waitpid(pid, &(int){0}, 0) != pid)
		err(1, "cannot wait for %d: the init took it", pid);
}

static void orphans(const char *fifo, int count)
{
	stamp(fifo, "ready", now());
	usleep(100000); /* in which the harness reads the init's CPU clock */
	stamp(fifo, "first", now());
	for (int i = 0; i < count; i++)
		orphan();
	while (others() > 0)
		usleep(1000);
	stamp(fifo, "last", now());
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	struct timespec born = now();

	if (argc > 3 && strcmp(argv[1], "stage") == 0)
		return stage(argv[2], argv + 3);
	if (argc == 5 && strcmp(argv[1], "stamp") == 0)
		return leave_stamp(argv[2], argv[3], argv[4], born);
	if (argc == 4 && strcmp(argv[1], "orphans") == 0)
		orphans(argv[2], atoi(argv[3]));
	errx(100, "usage: probe stage|stamp|orphans FIFO ...");
}
