// Package s6 reads what s6-overlay and the images built on it leave in a file
// system: the S6_ variables, the boot scripts of cont-init.d and cont-finish.d,
// the service directories of services.d, the files that hold a container's exit
// code. It gives values to the supervisor and to the stages of the boot.
//
// Reading starts nothing. It has one effect, the one that s6-overlay v1 and v2
// have: as root, a script that is not executable is made so, unless only a look is asked
// for. Trees are not trusted to be sane: no FIFO, loop of links, endless or broken file
// holds up the reader, and each becomes an error that names the file and what is allowed.
package s6
