/*
 * Calls syslog(3) in the ways in which programs do, then writes its process ID
 * to stdout and reads stdin to its end: syslogclient MODE.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

static void severities(void)
{
	openlog("sev", 0, LOG_LOCAL0);
	for (int severity = LOG_EMERG; severity <= LOG_DEBUG; severity++)
		syslog(severity, "severity %d", severity);
}

static void facilities(void)
{
	static const int all[] = {
		LOG_KERN, LOG_USER, LOG_MAIL, LOG_DAEMON, LOG_AUTH, LOG_SYSLOG, LOG_LPR, LOG_NEWS, LOG_UUCP,
		LOG_CRON, LOG_AUTHPRIV, LOG_FTP, LOG_LOCAL0, LOG_LOCAL1, LOG_LOCAL2, LOG_LOCAL3, LOG_LOCAL4,
		LOG_LOCAL5, LOG_LOCAL6, LOG_LOCAL7,
	};

	openlog("fac", LOG_NDELAY, LOG_USER);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		syslog(all[i] | LOG_INFO, "facility %d", all[i] >> 3);
}

/* mask sends what setlogmask(3) leaves. */
static void mask(void)
{
	openlog("mask", 0, LOG_USER);
	setlogmask(LOG_UPTO(LOG_ERR));
	syslog(LOG_WARNING, "masked");
	syslog(LOG_ERR, "not masked");
}

/* repeated sends a text of as many bytes; syslog(3) sees it as one argument. */
static void repeated(size_t bytes)
{
	char *text = malloc(bytes + 1);

	memset(text, 'x', bytes);
	text[bytes] = 0;
	openlog("long", 0, LOG_USER);
	syslog(LOG_INFO, "%s", text);
	syslog(LOG_INFO, "after it");
}

static void burst(int messages)
{
	openlog("burst", 0, LOG_USER);
	for (int i = 0; i < messages; i++)
		syslog(LOG_INFO, "message %d", i);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (!strcmp(mode, "pid")) {
		openlog("prog", LOG_PID, LOG_DAEMON);
		syslog(LOG_INFO, "%s %d", "hello", 42);
	} else if (!strcmp(mode, "unopened")) {
		syslog(LOG_NOTICE, "no openlog");
	} else if (!strcmp(mode, "null")) {
		openlog(NULL, LOG_PID, LOG_USER);
		syslog(LOG_NOTICE, "no ident");
	} else if (!strcmp(mode, "empty-ident")) {
		openlog("", LOG_PID, LOG_USER);
		syslog(LOG_NOTICE, "empty ident");
	} else if (!strcmp(mode, "odd-ident")) {
		openlog("my prog: x", LOG_PID, LOG_USER);
		syslog(LOG_NOTICE, "odd ident");
	} else if (!strcmp(mode, "severities")) {
		severities();
	} else if (!strcmp(mode, "facilities")) {
		facilities();
	} else if (!strcmp(mode, "mask")) {
		mask();
	} else if (!strcmp(mode, "control")) {
		openlog("prog", 0, LOG_USER);
		syslog(LOG_ERR, "line1\r\nline2\ttab\001\033[31mred\177\302\205\377end\n\nline4\n");
		syslog(LOG_ERR, "\n<8>[other] kern.emerg forged[98765]: line\r\n");
	} else if (!strcmp(mode, "long")) {
		repeated(argc > 2 ? (size_t)atol(argv[2]) : 20000);
	} else if (!strcmp(mode, "burst")) {
		burst(argc > 2 ? atoi(argv[2]) : 1000);
	} else if (!strcmp(mode, "empty")) {
		openlog("prog", LOG_PID, LOG_USER);
		syslog(LOG_INFO, "%s", "");
		syslog(LOG_INFO, "\n");
		syslog(LOG_INFO, "end");
	} else if (!strcmp(mode, "perror")) {
		openlog("prog", LOG_PERROR | LOG_PID, LOG_USER);
		syslog(LOG_WARNING, "on both");
	} else if (!strcmp(mode, "errno")) {
		openlog("prog", 0, LOG_USER);
		errno = ENOENT;
		syslog(LOG_ERR, "open: %m");
	} else {
		fprintf(stderr, "syslogclient: no such mode: %s\n", mode);
		return 2;
	}
	printf("%ld\n", (long)getpid());
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
