// getent hosts NAME, for images that have none: the first address that the C library finds, and the name; for an
// address its name.
#include <netdb.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME}, *found;
	char host[256], name[256];
	if (argc != 3)
		return 1;
	int err = getaddrinfo(argv[2], 0, &hints, &found);
	if (err) {
		fprintf(stderr, "%s: %s\n", argv[2], gai_strerror(err));
		return 2;
	}
	getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof host, 0, 0, NI_NUMERICHOST);
	if (!strcmp(host, argv[2]) && !getnameinfo(found->ai_addr, found->ai_addrlen, name, sizeof name, 0, 0, NI_NAMEREQD))
		printf("%s  %s\n", host, name);
	else
		printf("%s  %s\n", host, found->ai_canonname);
	return 0;
}
