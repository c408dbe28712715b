//go:build linux

package applet

// applets are all commands. It is not a map, and nothing in it is made at run time: each
// start of a command would pay for that.
var applets = [...]applet{
	{"printcontenv", "NAME", "Prints a variable of the container's environment.", printContenv},
	{"s6-applyuidgid", "[-z] [-k] [-u UID] [-g GID] [-G GID,...] [-U] PROGRAM...", "Runs a program as another user. Without -G root's groups are given up, unless -k is given.", applyuidgid},
	{"s6-basename", "[-n] FILE [SUFFIX]", "Prints the last part of a path.", basename},
	{"s6-cat", "", "Copies standard input to standard output.", cat},
	{"s6-chmod", "MODE FILE", "Changes the mode of a file.", chmod},
	{"s6-chown", "[-U] [-u UID] [-g GID] FILE...", "Changes the owner of files, with -U to UID and GID of the environment.", chown},
	{"s6-dirname", "[-n] FILE", "Prints a path without its last part.", dirname},
	{"s6-echo", "[-n] [-s SEPARATOR] [--] WORD...", "Prints its words.", echo},
	{"s6-envdir", "[-I | -i] [-n] [-f] [-L] [-c CHARACTER] DIRECTORY PROGRAM...", "Runs a program with the variables of a directory.", readEnvdir},
	{"s6-envuidgid", "[-u | -g | -B] [-n] [-i | -D UID:GID:GIDLIST] ACCOUNT PROGRAM...", "Runs a program with the numbers of an account in UID, GID and GIDLIST.", envuidgid},
	{"s6-false", "", "Ends with code 1.", falsehood},
	{"s6-format-filter", "FORMAT [ARGUMENT...]", "Writes each line of its input through a format: %s is the line, %1 an argument.", formatFilter},
	{"s6-ls", "[-0] [-a | -A] [-x NAME] DIRECTORY", "Lists a directory.", ls},
	{"s6-mkdir", "[-p] [-v] [-m MODE] DIRECTORY...", "Makes directories.", mkdir},
	{"s6-notifyoncheck", "[-d] [-3 FD] [-s MS] [-T MS] [-t MS] [-w MS] [-n N] [-c TEXT] PROGRAM...", "Runs a program, and says that it is ready once ./data/check, or the execline TEXT, ends with 0.", notifyOnCheck},
	{"s6-permafailon", "SECONDS COUNT CAUSE,... PROGRAM...", "Ends with 125 if the service died that often of these causes lately, else runs a program.", permafailon},
	{"s6-rc", "[-v N] [-t MS] [-n] [-u | -d | -D] [-a] list | listall | change | start | stop [NAME...]", "Lists, starts and stops the services of s6-rc, with what they require and what requires them.", rc},
	{"s6-rmrf", "FILE...", "Removes files and directories with all that is in them.", rmrf},
	{"s6-setuidgid", "USER | UID:GID PROGRAM...", "Runs a program as another user.", setuidgid},
	{"s6-sleep", "[-m] N", "Waits so many seconds, with -m milliseconds.", sleep},
	{"s6-softlimit", "[-a | -c | -d | -f | -l | -m | -o | -p | -r | -s | -t LIMIT]... PROGRAM...", "Runs a program with soft limits.", softlimit},
	{"s6-sort", "[-b] [-c] [-f] [-n] [-r] [-u] [-0]", "Sorts the lines of its input.", sortLines},
	{"s6-svc", "[-wu | -wU | -wd | -wD | -wr | -wR] [-T MS] [-abqhkti12pcyroduDUxOQPCKl] [-s SIGNAL] SERVICEDIR...", "Controls services: -u up, -d down, -r restart, -t SIGTERM and so on.", svc},
	{"s6-svdt", "[-s | -S] [-n COUNT] SERVICEDIR", "Prints how a service died.", svdt},
	{"s6-svdt-clear", "SERVICEDIR", "Forgets how a service died.", svdtClear},
	{"s6-svok", "SERVICEDIR", "Ends with 0 if the service is supervised, else with 1.", svok},
	{"s6-svscanctl", "[-t | -h | -a | -n | -N | -q | -b | -z]... SCANDIR", "Tells the container: -t to stop, -a and -h to read its services again.", svscanctl},
	{"s6-svstat", "[-uwNrpgest | -o FIELD,...] [-n] SERVICEDIR", "Prints how a service is.", svstat},
	{"s6-svwait", "[-u | -U | -d | -D | -r | -R] [-a | -o] [-t MS] SERVICEDIR...", "Waits until services are up, ready, down or restarted.", svwait},
	{"s6-tai64n", "", "Puts a TAI64N label before each line of its input.", stamp},
	{"s6-tai64nlocal", "[-g]", "Makes TAI64N labels times, with -g in UTC.", stampLocal},
	{"s6-true", "", "Ends with code 0.", truth},
	{"with-contenv", "PROGRAM [ARGUMENT...]", "Runs a program in the container's environment as it now is.", withContenv},
	{"with-contenv-legacy", "PROGRAM [ARGUMENT...]", "Is with-contenv.", withContenv},
}
