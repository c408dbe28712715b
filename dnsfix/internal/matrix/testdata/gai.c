/*
 * gai NAME [4|6]: one getaddrinfo(3), and what came of it in one line:
 * error name or "ok", microseconds, canonical name or "-", addresses.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static const char *error_name(int e)
{
	switch (e) {
	case 0: return "ok";
	case EAI_AGAIN: return "AGAIN";
	case EAI_FAIL: return "FAIL";
	case EAI_NONAME: return "NONAME";
#ifdef EAI_NODATA
	case EAI_NODATA: return "NODATA";
#endif
	case EAI_SYSTEM: return "SYSTEM";
	case EAI_MEMORY: return "MEMORY";
	}
	return gai_strerror(e);
}

int main(int argc, char **argv)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME}, *list = 0, *a;
	struct timespec from, to;
	char text[INET6_ADDRSTRLEN];

	if (argc < 2)
		return 2;
	if (argc > 2)
		hints.ai_family = strcmp(argv[2], "6") ? AF_INET : AF_INET6;
	clock_gettime(CLOCK_MONOTONIC, &from);
	int e = getaddrinfo(argv[1], "80", &hints, &list);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%s %lld %s", error_name(e),
		(to.tv_sec - from.tv_sec) * 1000000LL + (to.tv_nsec - from.tv_nsec) / 1000,
		!e && list->ai_canonname ? list->ai_canonname : "-");
	for (a = e ? 0 : list; a; a = a->ai_next) {
		const void *addr = a->ai_family == AF_INET
			? (void *)&((struct sockaddr_in *)a->ai_addr)->sin_addr
			: (void *)&((struct sockaddr_in6 *)a->ai_addr)->sin6_addr;
		printf(" %s", inet_ntop(a->ai_family, addr, text, sizeof text));
	}
	printf("\n");
	return 0;
}
