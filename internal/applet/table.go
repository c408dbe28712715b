//go:build linux

package applet

// applets are all commands. It is not a map, and nothing in it is made at run time: each
// start of a command would pay for that.
var applets = [...]applet{
	{"printcontenv", "NAME", "Prints a variable of the container's environment.", printContenv},
	{"s6-applyuidgid", "[-z] [-k] [-u UID] [-g GID] [-G GID,...] [-U] PROGRAM...", "Runs a program as another user. Without -G root's groups are given up, unless -k is given.", applyuidgid},
	{"s6-echo", "[-n] [-s SEPARATOR] [--] WORD...", "Prints its words.", echo},
	{"s6-envdir", "[-I | -i] [-n] [-f] [-L] [-c CHARACTER] DIRECTORY PROGRAM...", "Runs a program with the variables of a directory.", readEnvdir},
	{"s6-envuidgid", "[-u | -g | -B] [-n] [-i | -D UID:GID:GIDLIST] ACCOUNT PROGRAM...", "Runs a program with the numbers of an account in UID, GID and GIDLIST.", envuidgid},
	{"s6-false", "", "Ends with code 1.", falsehood},
	{"s6-setuidgid", "USER | UID:GID PROGRAM...", "Runs a program as another user.", setuidgid},
	{"s6-sleep", "[-m] N", "Waits so many seconds, with -m milliseconds.", sleep},
	{"s6-true", "", "Ends with code 0.", truth},
	{"with-contenv", "PROGRAM [ARGUMENT...]", "Runs a program in the container's environment as it now is.", withContenv},
	{"with-contenv-legacy", "PROGRAM [ARGUMENT...]", "Is with-contenv.", withContenv},
}
