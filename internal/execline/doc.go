// Package execline runs scripts of execline, the language of service directories
// made for s6, within one process: execline's own words change the process and go
// on with the rest of the line, and the first word that is none of them is the
// program that the process becomes. Blocks are run by children.
//
// What surprises: a script is one command line, there are no variables, and a
// ${NAME} that no word substitutes stays as it is. A block travels from word to
// word as arguments with one more leading space each, up to an empty one, as the
// commands of the real execline pass it on. Words and those commands can therefore
// stand in one line.
//
// The language: https://skarnet.org/software/execline/. Exit codes are those of the
// real one: 100 for a wrong call, 111 for a system call that failed, 126 and 127 for
// a program that cannot be run or is not there.
package execline
